//! Files that are being written, and what a crash has left of such.
//!
//! A draft has a unique name, and a lock while it is being written. A draft without a lock was left behind.

use super::directory::Directory;
use crate::lock::unlock;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const BEGIN: &str = ".postkontor-";
const END: &str = ".part";

/// A file that is being written. It is removed unless it gets a final name.
pub(super) struct Draft {
    folder: Rc<Directory>,
    pub(super) file: File,
    /// Empty as soon as it has its final name.
    name: String,
}

impl Draft {
    /// Begins a file in a folder.
    pub(super) fn new(folder: &Rc<Directory>) -> io::Result<Draft> {
        // The name holds the time and the process: only an attacker can take it before, and not a hundred times.
        for _ in 0..100 {
            let name = unused();
            let file = match folder.create(&name) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            let draft = Draft { folder: folder.clone(), file, name };
            match draft.file.try_lock() {
                // Who removes leftovers may have met the file before it had its lock.
                Ok(()) if folder.is_name_of(&draft.name, &draft.file)? => return Ok(draft),
                Ok(()) | Err(TryLockError::WouldBlock) => (),
                // Some network file systems have no locks; nothing is taken for a leftover there.
                Err(TryLockError::Error(_)) => return Ok(draft),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Gives the file its name, which nothing has so far; it is not removed any more.
    pub(super) fn publish(&mut self, name: &str) -> io::Result<()> {
        self.folder.rename(&self.name, name)?;
        self.name.clear();
        // Windows lets no other handle read what is locked, and the file stays open as long as its message is read. A file system without
        // locks has none to end.
        let _ = unlock(&self.file);
        Ok(())
    }

    /// Takes the name back: the file is a draft again.
    pub(super) fn withdraw(&mut self, name: &str) -> io::Result<()> {
        // As with a new one: without a lock it would count as left behind, where there are locks.
        let _ = self.file.try_lock();
        let draft = unused();
        self.folder.rename(name, &draft)?;
        self.name = draft;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            // A draft that cannot be removed is known by its name.
            let _ = self.folder.remove(&self.name);
        }
    }
}

fn unused() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (process, number) = (std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    format!("{BEGIN}{:x}-{process:x}-{number:x}{END}", now.as_nanos())
}

/// Whether a name is one that only drafts have.
pub(super) fn is_draft(name: &str) -> bool {
    let middle = name.strip_prefix(BEGIN).and_then(|name| name.strip_suffix(END));
    middle.is_some_and(|middle| {
        let mut numbers = middle.split('-');
        numbers.by_ref().take(3).filter(|number| u128::from_str_radix(number, 16).is_ok()).count() == 3 && numbers.next().is_none()
    })
}

/// Removes a draft that is no longer being written.
pub(super) fn clear(folder: &Directory, name: &str) {
    // The lock is held until the file is gone, so that no other process begins to write it. A draft that cannot be removed does no harm.
    if let Ok(file) = folder.open_file(name)
        && file.try_lock().is_ok()
        && folder.is_name_of(name, &file).unwrap_or(false)
    {
        let _ = folder.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_drafts_are_names_of_drafts() {
        assert!(is_draft(&unused()));
        for name in [
            "0001.part",
            "4711.pdf.part",
            "2024.Rechnung.xlsx.part",
            ".postkontor-.part",
            ".postkontor-1-2.part",
            ".postkontor-1-2-3-4.part",
            ".postkontor-1-2-x.part",
            "postkontor-1-2-3.part",
        ] {
            assert!(!is_draft(name), "{name}");
        }
    }
}
