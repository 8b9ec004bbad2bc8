//! A file gets another name.

use crate::error::is_in_use;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// Gives a new file the name of an old one, which is gone then.
pub(crate) fn over(new: &Path, old: &Path) -> Result<()> {
    past_scanners(|| system::replace(new, old))
}

mod system {
    #[cfg(windows)]
    pub(super) use crate::windows::replace;
    #[cfg(not(windows))]
    pub(super) use std::fs::rename as replace;
}

/// Does what a scanner may keep Windows from doing: each new file is opened by one for a moment, and cannot get another name as long.
pub(crate) fn past_scanners(mut work: impl FnMut() -> Result<()>) -> Result<()> {
    /// In milliseconds; together no longer than a call may take to notice that it is to end.
    const PAUSES: [u64; 5] = [5, 15, 30, 50, 100];
    for pause in PAUSES {
        match work() {
            Err(error) if is_held(&error) => sleep(Duration::from_millis(pause)),
            done => return done,
        }
    }
    work()
}

fn is_held(error: &Error) -> bool {
    cfg!(windows) && (error.kind() == ErrorKind::PermissionDenied || is_in_use(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_is_tried_again() {
        let tries = |kind: ErrorKind, failures: u32| {
            let mut count = 0;
            let done = past_scanners(|| {
                count += 1;
                if count <= failures { Err(kind.into()) } else { Ok(()) }
            });
            (count, done.is_ok())
        };
        assert_eq!(tries(ErrorKind::NotFound, 9), (1, false));
        assert_eq!(tries(ErrorKind::PermissionDenied, 2), if cfg!(windows) { (3, true) } else { (1, false) });
        assert_eq!(tries(ErrorKind::PermissionDenied, 9), if cfg!(windows) { (6, false) } else { (1, false) });
    }

    /// A file that is opened for itself alone, as scanners do for a moment, gets its name as soon as it is free.
    #[cfg(windows)]
    #[test]
    fn a_file_that_a_scanner_looks_at_takes_its_place_afterwards() {
        use std::os::windows::fs::OpenOptionsExt;
        let folder = std::env::temp_dir().join(format!("postkontor-rename-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let (new, old) = (folder.join("new"), folder.join("old"));
        std::fs::write(&new, "new").unwrap();
        std::fs::write(&old, "old").unwrap();
        let scanner = std::fs::OpenOptions::new().read(true).share_mode(0).open(&new).unwrap();
        let mut scanner = Some(scanner);
        past_scanners(|| {
            let renamed = std::fs::rename(&new, &old);
            scanner = None;
            renamed
        })
        .unwrap();
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "new");
        // A program that keeps the old file for itself is an error.
        std::fs::write(&new, "newer").unwrap();
        let _keeper = std::fs::OpenOptions::new().read(true).share_mode(0).open(&old).unwrap();
        assert!(is_held(&over(&new, &old).unwrap_err()));
        drop(_keeper);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
