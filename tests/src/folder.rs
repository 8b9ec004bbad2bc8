//! Temporary folders that vanish with their owner.

use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A temporary folder, removed when dropped.
///
/// Its path is short, because unix sockets inside it may not exceed about a hundred characters.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes a new empty folder in the system's temporary folder.
    pub fn new() -> io::Result<Folder> {
        Folder::within(&std::env::temp_dir())
    }

    /// Makes one in another folder, which is made where it is not there yet.
    pub fn within(parent: &Path) -> io::Result<Folder> {
        std::fs::create_dir_all(parent)?;
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("pk{}-{number}", process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => {
                    only_mine(&path)?;
                    return Ok(Folder(path));
                }
                // Left behind by a process of the same number that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Leaves it to someone else to remove it.
    pub fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        // A folder that cannot be removed is litter, not a failure.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Takes away other users' right to write, which on some machines the group has by default: nothing is loaded from a place that
/// others may write.
pub fn only_mine(path: &Path) -> io::Result<()> {
    without(path, 0o022)
}

/// Takes away every right of other users, as it should be for settings in which a password stands.
pub fn private(path: &Path) -> io::Result<()> {
    without(path, 0o077)
}

fn without(path: &Path, rights: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path)?.permissions().mode();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & !rights))?;
    }
    #[cfg(not(unix))]
    let _ = (path, rights);
    Ok(())
}
