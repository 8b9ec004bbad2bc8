//! The bytes of one message while it comes in: in memory while it is small, else in a file.

use super::local;
use postkontor_plugin::Error;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Up to this size a message stays in memory until it is complete.
const MEMORY: usize = 1024 * 1024;

/// Where the file of a message is to lie: first under the temporary name, when it is complete under the final one.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) number: String,
    pub(super) temporary: PathBuf,
    pub(super) path: PathBuf,
}

pub(super) struct Spool {
    place: Place,
    memory: Vec<u8>,
    /// The file, as soon as there is one.
    file: Option<File>,
    /// The message has become too large for memory and goes into the file.
    spilled: bool,
    hash: Sha256,
    size: u64,
}

impl Spool {
    /// A spool whose file, if it comes to one, goes away with it.
    pub(super) fn new() -> Spool {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = format!("postkontor-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let temporary = std::env::temp_dir().join(&number);
        Spool::at(Place { number, path: temporary.clone(), temporary }, None)
    }

    /// A spool that becomes a file of the caller's; until then it goes away with it.
    pub(super) fn of((place, file): (Place, File)) -> Spool {
        Spool::at(place, Some(file))
    }

    fn at(place: Place, file: Option<File>) -> Spool {
        Spool { place, memory: Vec::new(), file, spilled: false, hash: Sha256::new(), size: 0 }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of what has come so far, in hexadecimal digits.
    pub(super) fn sha256(&self) -> String {
        use std::fmt::Write;
        self.hash.clone().finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        self.hash.update(data);
        self.size += data.len() as u64;
        if !self.spilled && self.memory.len() + data.len() <= MEMORY {
            self.memory.extend_from_slice(data);
            return Ok(());
        }
        self.spill()?;
        self.append(data)
    }

    /// The first bytes of the message, at most so many.
    pub(super) fn bytes(&self, limit: usize) -> Result<Vec<u8>, Error> {
        let Some(mut file) = self.file.as_ref().filter(|_| self.spilled) else {
            return Ok(self.memory[..self.memory.len().min(limit)].to_vec());
        };
        let mut bytes = Vec::with_capacity(limit.min(usize::try_from(self.size).unwrap_or(limit)));
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(limit as u64).read_to_end(&mut bytes));
        read.map_err(|error| local(&error, &self.place.temporary))?;
        Ok(bytes)
    }

    /// Completes the caller's file: it gets its final name. Returns its number.
    pub(super) fn keep(mut self) -> Result<String, Error> {
        self.spill()?;
        std::fs::rename(&self.place.temporary, &self.place.path).map_err(|error| local(&error, &self.place.path))?;
        // From here on the file is the caller's.
        self.file = None;
        Ok(std::mem::take(&mut self.place.number))
    }

    /// Moves what is in memory to the file.
    fn spill(&mut self) -> Result<(), Error> {
        if self.spilled {
            return Ok(());
        }
        if self.file.is_none() {
            let file = File::options().read(true).write(true).create_new(true).open(&self.place.temporary);
            self.file = Some(file.map_err(|error| local(&error, &self.place.temporary))?);
        }
        self.spilled = true;
        let memory = std::mem::take(&mut self.memory);
        self.append(&memory)
    }

    fn append(&mut self, data: &[u8]) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(data).map_err(|error| local(&error, &self.place.temporary))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Half a message, or one that nobody wants to keep. If it cannot be removed, its name tells what it is.
            let _ = std::fs::remove_file(&self.place.temporary);
        }
    }
}
