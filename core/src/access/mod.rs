//! Who may read or change a file of Windows, by its access control list.
//!
//! Unix shows that in a mode of three digits. Windows keeps a list of users and groups with their rights; `descriptor` reads it.

#[cfg(any(windows, test))]
mod descriptor;

#[cfg(windows)]
use descriptor::{Descriptor, READ, Sid};
#[cfg(windows)]
pub(crate) use descriptor::{FILE, FOLDER, FOLDER_ABOVE, ROOT};
use std::fs::File;
use std::path::Path;

/// Who beside the owner, the administrators, the system and this user has one of the rights; nothing where there is no such.
#[cfg(windows)]
pub(crate) fn stranger(path: &Path, rights: u32) -> std::io::Result<Option<String>> {
    let bytes = crate::windows::descriptor(path)?;
    let Some(found) = Descriptor::read(&bytes) else { return Err(std::io::Error::other("its access control list is damaged")) };
    Ok(found.stranger(crate::windows::user().and_then(|user| Sid::read(&user)).as_ref(), rights))
}

/// Makes a new file one of this user alone. On Unix that is what it was made as; on Windows it has got the rights that its folder gives.
pub fn keep_from_others(file: &File) -> std::io::Result<()> {
    #[cfg(windows)]
    if let Some(user) = crate::windows::user() {
        return crate::windows::set_rights(file, &mut descriptor::private(&user));
    }
    #[cfg(unix)]
    let _ = file;
    Ok(())
}

/// Whether others than its owner may read a file: everybody on Windows but administrators, group and others on Unix. What cannot be
/// asked counts as kept.
pub fn is_readable_by_others(path: &Path) -> bool {
    #[cfg(windows)]
    {
        stranger(path, READ).is_ok_and(|stranger| stranger.is_some())
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o044 != 0)
    }
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;
    use crate::whole_file::replace;

    #[test]
    fn no_other_may_read_a_file_of_ones_own_whatever_its_folder_gives() {
        let path = std::env::temp_dir().join(format!("postkontor-access-{}", std::process::id()));
        for content in ["first", "second"] {
            replace(&path, content.as_bytes(), path.metadata().ok().as_ref()).unwrap();
            assert!(!is_readable_by_others(&path), "{content}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        std::fs::remove_file(path).unwrap();
    }
}
