//! A private folder for mail on its way, and the files in it.
//!
//! Nothing in it outlives the bridge. Where the process was killed, the next bridge clears away what was left: the folder's lock is free then.

use crate::token::token;
use postkontor_core::{Error, Status};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const PREFIX: &str = "postkontor-bridge-";
const LOCK: &str = "lock";

/// The folder. It goes away with this.
pub(crate) struct Scratch {
    folder: PathBuf,
    /// Held as long as the folder is in use.
    _lock: File,
    next: AtomicU64,
}

/// A file, or a folder, of the folder. It goes away with this.
pub(crate) struct Draft {
    path: PathBuf,
}

impl Scratch {
    /// Makes the folder, within one for things that pass.
    pub(crate) fn open(within: &Path) -> Result<Scratch, Error> {
        clear(within);
        let folder = within.join(format!("{PREFIX}{}", token()));
        let locked = || {
            create_folder(&folder)?;
            // It gets its name when it is locked: another bridge that is clearing up takes it for free else.
            let unnamed = folder.join("new");
            let lock = create_file(&unnamed)?;
            lock.lock()?;
            fs::rename(unnamed, folder.join(LOCK))?;
            Ok(lock)
        };
        let lock = locked().map_err(|error| unusable(within, &error))?;
        Ok(Scratch { folder, _lock: lock, next: AtomicU64::new(0) })
    }

    /// A new file that no other user may read.
    pub(crate) fn file(&self) -> io::Result<(Draft, File)> {
        let draft = self.draft();
        let file = create_file(&draft.path)?;
        Ok((draft, file))
    }

    /// A new folder that no other user may look into.
    pub(crate) fn folder(&self) -> Result<Draft, Error> {
        let draft = self.draft();
        create_folder(&draft.path).map_err(|error| unusable(&self.folder, &error))?;
        Ok(draft)
    }

    fn draft(&self) -> Draft {
        Draft { path: self.folder.join(self.next.fetch_add(1, Ordering::Relaxed).to_string()) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is cleared away by the next bridge.
        drop(fs::remove_dir_all(&self.folder));
    }
}

impl Draft {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What stays is removed with the folder.
        drop(fs::remove_file(&self.path).or_else(|_| fs::remove_dir_all(&self.path)));
    }
}

/// Removes the folders of bridges that were killed.
fn clear(within: &Path) {
    for entry in fs::read_dir(within).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(lock) = File::options().write(true).open(entry.path().join(LOCK)) else { continue };
        if !matches!(lock.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_))) {
            // That of another user stays.
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

fn unusable(folder: &Path, error: &io::Error) -> Error {
    Error::new(Status::Local, "bridge.folder_unusable").usable().arg("folder", folder.display().to_string()).detail(error.to_string())
}

fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn create_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_a_killed_bridge_left_is_cleared_away_and_nothing_else() {
        let within = std::env::temp_dir().join(format!("postkontor-scratch-{}", std::process::id()));
        fs::create_dir(&within).unwrap();
        let killed = Scratch::open(&within).unwrap();
        let (draft, mut file) = killed.file().unwrap();
        file.write_all(b"a mail").unwrap();
        let left = killed.folder.clone();
        let Scratch { folder: _, _lock: lock, .. } = &killed;
        lock.unlock().unwrap();
        let alive = Scratch::open(&within).unwrap();
        assert!(!left.exists(), "the lock was free");
        let (kept, _file) = alive.file().unwrap();
        let other = Scratch::open(&within).unwrap();
        assert!(kept.path().exists() && other.folder().unwrap().path().parent() == Some(&*other.folder));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(kept.path()), mode(&alive.folder)), (0o600, 0o700));
        }
        drop((draft, killed, kept, alive, other));
        assert_eq!(fs::read_dir(&within).unwrap().count(), 0, "nothing outlives a bridge");
        fs::remove_dir(&within).unwrap();
    }
}
