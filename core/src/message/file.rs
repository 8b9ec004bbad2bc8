//! Files that go out with a message, read in blocks.

use super::base64;
use super::findings::Findings;
use crate::error::is_in_use;
use postkontor_plugin::{At, Error, Input, Retry, Stage, Status};
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::SystemTime;

/// Full base64 lines, 57 KiB of them.
const BLOCK: usize = base64::LINE_BYTES * 1024;

/// A file as it was when the message was composed.
#[derive(Clone, Debug)]
pub(super) struct File {
    path: PathBuf,
    /// Where it is named, and in what.
    pointer: String,
    of: Input,
    pub(super) size: u64,
    modified: Option<SystemTime>,
}

/// Why a file cannot go out.
pub(super) enum Unreadable {
    Missing,
    /// A folder, a device, a pipe.
    NoFile,
    /// Another program keeps it for itself.
    InUse,
    Failed(std::io::Error),
}

impl Unreadable {
    fn code(&self) -> &'static str {
        match self {
            Unreadable::Missing => "message.file_missing",
            Unreadable::NoFile => "message.file_not_regular",
            Unreadable::InUse => "message.file_in_use",
            Unreadable::Failed(_) => "message.file_unreadable",
        }
    }

    /// Notes why a file cannot go out.
    pub(super) fn note(&self, path: &str, pointer: &str, findings: &mut Findings<'_>) {
        match self {
            Unreadable::Failed(error) => findings.add_local(pointer, self.code(), &[("file", path), ("reason", &error.to_string())]),
            _ => findings.add_local(pointer, self.code(), &[("file", path)]),
        }
    }

    fn from(error: std::io::Error) -> Unreadable {
        match error.kind() {
            std::io::ErrorKind::NotFound => Unreadable::Missing,
            _ if is_in_use(&error) => Unreadable::InUse,
            _ => Unreadable::Failed(error),
        }
    }
}

impl File {
    /// Looks at a file and makes sure that it can be opened.
    pub(super) fn find(path: &str, of: Input, pointer: &str) -> Result<File, Unreadable> {
        let path = PathBuf::from(path);
        // Asked before opening, which would wait at a pipe.
        let metadata = fs::metadata(&path).map_err(Unreadable::from)?;
        if !metadata.is_file() {
            return Err(Unreadable::NoFile);
        }
        fs::File::open(&path).map_err(Unreadable::from)?;
        Ok(File { path, pointer: pointer.to_owned(), of, size: metadata.len(), modified: metadata.modified().ok() })
    }

    /// Opens the file for reading from `start` on.
    pub(super) fn open(&self, start: u64) -> Result<Opened, Error> {
        let mut file = fs::File::open(&self.path).map_err(|error| self.failed(&error))?;
        self.check(&file)?;
        if start > 0 {
            file.seek(SeekFrom::Start(start)).map_err(|error| self.failed(&error))?;
        }
        Ok(Opened { file, left: self.size - start, block: vec![0; BLOCK], filled: 0, consumed: 0 })
    }

    /// Fails unless the file is what it was when the message was composed.
    fn check(&self, file: &fs::File) -> Result<(), Error> {
        let metadata = file.metadata().map_err(|error| self.failed(&error))?;
        if metadata.len() != self.size || metadata.modified().ok() != self.modified {
            return Err(self.changed());
        }
        Ok(())
    }

    fn changed(&self) -> Error {
        self.error("message.file_changed")
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        if is_in_use(error) {
            return self.error("message.file_in_use").detail(error.to_string()).retry(Retry::Later);
        }
        self.error("message.file_unreadable").detail(error.to_string())
    }

    fn error(&self, code: &str) -> Error {
        let path = self.path.to_string_lossy();
        let mut error = Error::new(Status::Local, code).stage(Stage::Content).arg("file", &*path);
        let mut at = At::new(self.of, &self.pointer, code);
        at.args.insert("file".to_owned(), (&*path).into());
        error.at.push(at);
        error
    }
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Opened {
    file: fs::File,
    /// Bytes that are still to be read from the file.
    left: u64,
    block: Vec<u8>,
    filled: usize,
    consumed: usize,
}

impl Opened {
    /// The bytes that come next, a full block where the file has that many; empty at its end.
    pub(super) fn block(&mut self, source: &File) -> Result<&[u8], Error> {
        if self.consumed == self.filled && self.left > 0 {
            (self.filled, self.consumed) = (0, 0);
            let wanted = usize::try_from(self.left).unwrap_or(BLOCK).min(BLOCK);
            while self.filled < wanted {
                match self.file.read(&mut self.block[self.filled..wanted]) {
                    Ok(0) => return Err(source.changed()),
                    Ok(count) => self.filled += count,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => (),
                    Err(error) => return Err(source.failed(&error)),
                }
            }
            self.left -= wanted as u64;
            if self.left == 0 {
                // Before its last bytes are given away: a message that may be wrong stays incomplete.
                source.check(&self.file)?;
            }
        }
        Ok(&self.block[self.consumed..self.filled])
    }

    /// Marks bytes of the block as done.
    pub(super) fn consume(&mut self, count: usize) {
        self.consumed += count;
    }
}
