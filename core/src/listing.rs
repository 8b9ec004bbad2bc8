//! The names in a folder.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// The names of what lies in a folder, in no order.
///
/// The standard library's way of reading a folder panics where the system reports an error at its end, when the folder is closed, as network
/// file systems may.
#[cfg(unix)]
pub(crate) fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    use rustix::fs::{Dir, Mode, OFlags};
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let open = rustix::fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::new(open)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    Ok(names)
}

/// The names of what lies in a folder, in no order.
#[cfg(not(unix))]
pub(crate) fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_standard_library_finds_is_found() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = names(&folder).unwrap();
        let mut expected: Vec<OsString> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        assert!(names(&folder.join("lib.rs")).is_err() && names(&folder.join("missing")).is_err());
    }
}
