//! The log file: appended to by any number of threads and processes, put aside when it is full.
//!
//! Each line is one write at the end of the file. A writer that finds another file under the name opens that: the old one was put
//! aside. Links are not followed, because a user who may write in the folder could lead the lines elsewhere. A new file is readable for
//! its owner only.

use crate::lock::unlock;
use crate::texts;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A log file.
pub(crate) struct LogFile {
    path: PathBuf,
    max_bytes: u64,
    keep: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    file: Option<File>,
    /// The last line could not be written, and the program knows.
    is_failing: bool,
}

impl LogFile {
    /// A file that is opened with the first line.
    pub(crate) fn new(path: PathBuf, max_bytes: u64, keep: u32) -> LogFile {
        LogFile { path, max_bytes, keep, state: Mutex::default() }
    }

    /// Appends a line. The error is a sentence for the log's other reader; it comes once until a line succeeds again.
    pub(crate) fn write(&self, line: &str) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match self.append(&mut state.file, line) {
            Ok(()) => state.is_failing = false,
            Err(error) => {
                state.file = None;
                if !std::mem::replace(&mut state.is_failing, true) {
                    return Err(format!("the log file {} cannot be written: {error}", texts::path(&self.path)));
                }
            }
        }
        Ok(())
    }

    fn append(&self, held: &mut Option<File>, line: &str) -> io::Result<()> {
        let file = self.current(held)?;
        let size = file.metadata()?.len();
        let is_full = size > 0 && size + line.len() as u64 > self.max_bytes;
        let put_aside = if is_full { self.put_aside(held) } else { Ok(()) };
        // A file that cannot be put aside grows: a line too many is better than none.
        self.current(held)?.write_all(line.as_bytes())?;
        put_aside
    }

    /// The file that has the name now.
    fn current<'f>(&self, held: &'f mut Option<File>) -> io::Result<&'f mut File> {
        let is_current = held.as_ref().is_some_and(|file| self.is_named(file));
        if !is_current {
            *held = None;
        }
        match held {
            Some(file) => Ok(file),
            None => Ok(held.insert(open(&self.path)?)),
        }
    }

    /// Whether the file still has the name.
    fn is_named(&self, file: &File) -> bool {
        platform::is_at(file, &self.path).unwrap_or(false)
    }

    /// Gives the full file the next name. One process at a time does it, and no other waits for it.
    fn put_aside(&self, held: &mut Option<File>) -> io::Result<()> {
        let lock = open(&self.numbered("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let done = self.rename_full(held);
        // A process that another thread is about to start may hold the lock's descriptor, too, so closing ours would not end it.
        unlock(&lock)?;
        done
    }

    fn rename_full(&self, held: &mut Option<File>) -> io::Result<()> {
        // Another process may have done it between the look at the size and the lock.
        if !held.as_ref().is_some_and(|file| self.is_named(file)) {
            return Ok(());
        }
        *held = None;
        if self.keep == 0 {
            return std::fs::remove_file(&self.path);
        }
        for number in (1..self.keep).rev() {
            move_on(&self.numbered(number), &self.numbered(number + 1))?;
        }
        move_on(&self.path, &self.numbered(1))
    }

    fn numbered(&self, ending: impl std::fmt::Display) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{ending}"));
        name.into()
    }
}

/// Renames a file that may not be there. What had the name before is gone.
fn move_on(from: &Path, to: &Path) -> io::Result<()> {
    // Where a scanner has it, the next line tries again; no call waits for that.
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Opens a file to append to it, without following a link; makes it where it is missing.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A pipe without a reader must not hold up a mail.
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        // FILE_FLAG_OPEN_REPARSE_POINT: the link itself, which is then no regular file.
        options.custom_flags(0x0020_0000);
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if platform::has_other_names(&file)? {
        return Err(io::Error::other("it has another name (a hard link)"));
    }
    Ok(file)
}

#[cfg(unix)]
mod platform {
    use super::{File, Path, io};
    use std::os::unix::fs::MetadataExt;

    /// Whether a path leads to the file.
    pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
        let (own, named) = (file.metadata()?, std::fs::symlink_metadata(path)?);
        Ok((own.dev(), own.ino()) == (named.dev(), named.ino()))
    }

    pub(super) fn has_other_names(file: &File) -> io::Result<bool> {
        Ok(file.metadata()?.nlink() > 1)
    }
}

#[cfg(windows)]
mod platform {
    use super::{File, Path, io};
    use crate::windows::Identity;

    /// Whether a path leads to the file. The time of its making would not tell: a file that takes the name of one that was just put aside gets
    /// that one's ("file system tunneling").
    pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
        Identity::of(file)?.is_at(path)
    }

    pub(super) fn has_other_names(file: &File) -> io::Result<bool> {
        Ok(Identity::of(file)?.names > 1)
    }
}

#[cfg(test)]
mod tests;
