//! The end of a lock on a file.

use std::fs::File;
use std::io::Result;

/// Ends the lock that this process has on a file.
///
/// On Windows there may be two at a time, so the standard library ends it twice, and knows by which number Windows says that there was
/// only one (158, ERROR_NOT_LOCKED). Wine says 33 (ERROR_LOCK_VIOLATION) then.
pub(crate) fn unlock(file: &File) -> Result<()> {
    const NOT_LOCKED_BY_WINE: i32 = 33;
    file.unlock().or_else(|error| if cfg!(windows) && error.raw_os_error() == Some(NOT_LOCKED_BY_WINE) { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_has_ended_is_free_for_others_and_can_be_taken_again() {
        let path = std::env::temp_dir().join(format!("postkontor-lock-{}", std::process::id()));
        let files = [(); 2].map(|()| File::options().append(true).create(true).open(&path).unwrap());
        for _ in 0..2 {
            files[0].try_lock().unwrap();
            assert!(files[1].try_lock().is_err());
            unlock(&files[0]).unwrap();
            files[1].try_lock().unwrap();
            unlock(&files[1]).unwrap();
        }
        drop(files);
        std::fs::remove_file(path).unwrap();
    }
}
