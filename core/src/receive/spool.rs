//! The bytes of one message while it comes in: where it is to be saved in a file, else in memory.

use super::directory::local;
use super::draft::Draft;
use crate::opened::Opened;
use postkontor_plugin::Error;
use sha2::{Digest, Sha256};
use std::io::{Seek, Write};
use std::path::PathBuf;

/// A larger message is not held in memory: unless it is saved, its summary holds the headers and what its beginning shows.
const WHOLE: u64 = 32 * 1024 * 1024;
const HEAD: usize = 1024 * 1024;

/// Up to this size a message that is to be saved stays in memory until it is complete.
const MEMORY: usize = 1024 * 1024;

pub(super) struct Spool {
    memory: Vec<u8>,
    /// The most that is held in memory.
    limit: usize,
    /// The folder and the file in it, until that is complete.
    file: Option<(PathBuf, Draft)>,
    /// The message has become too large for memory: it goes into the file, or only its beginning is kept.
    spilled: bool,
    /// `None` where no digest is wanted.
    hash: Option<Sha256>,
    size: u64,
}

impl Spool {
    /// A spool for a message that is not saved. `expected` is the size that the server states.
    pub(super) fn new(expected: u64, digest: bool) -> Spool {
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        // Of a message that is too large to be handed over whole no more is held than will be handed over.
        let limit = if expected as u64 > WHOLE { HEAD } else { WHOLE as usize };
        let memory = Vec::with_capacity(expected.min(MEMORY));
        Spool { memory, limit, file: None, spilled: false, hash: digest.then(Sha256::new), size: 0 }
    }

    /// A spool that becomes a file of the caller's; until then it goes away with it.
    pub(super) fn of(folder: PathBuf, file: Draft) -> Spool {
        Spool { memory: Vec::new(), limit: MEMORY, file: Some((folder, file)), spilled: false, hash: Some(Sha256::new()), size: 0 }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of what has come so far, in hexadecimal digits.
    pub(super) fn sha256(&self) -> Option<String> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let hash = self.hash.clone()?.finalize();
        Some(hash.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect())
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        if let Some(hash) = &mut self.hash {
            hash.update(data);
        }
        self.size += data.len() as u64;
        if !self.spilled && self.memory.len() + data.len() <= self.limit {
            self.memory.extend_from_slice(data);
            return Ok(());
        }
        self.spill(data)?;
        self.append(data)
    }

    /// Whether the message can be handed over whole.
    pub(super) fn is_whole(&self) -> bool {
        self.file.is_some() || !self.spilled
    }

    /// The message, or its beginning if that is all that can be handed over. What lies in memory is not there any more afterwards,
    /// unless it still has to be saved. What lies in a file is read from there.
    pub(super) fn message(&mut self) -> Result<Opened, Error> {
        let Some((folder, draft)) = &mut self.file else { return Ok(Opened::new(std::mem::take(&mut self.memory))) };
        if !self.spilled {
            return Ok(Opened::new(self.memory.clone()));
        }
        let file = draft.file.try_clone();
        let opened = file.and_then(|mut file| file.rewind().and_then(|()| Opened::of_file(file)));
        opened.map_err(|error| local(&error, folder))
    }

    /// The file with all of the message, where it is to be saved.
    pub(super) fn complete(mut self) -> Result<Option<Draft>, Error> {
        self.spill(&[])?;
        Ok(self.file.map(|(_, draft)| draft))
    }

    /// Moves what is in memory to the file; where there is none, fills the beginning up from `data`, of which the rest is let go.
    fn spill(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.spilled {
            return Ok(());
        }
        self.spilled = true;
        if self.file.is_some() {
            let memory = std::mem::take(&mut self.memory);
            return self.append(&memory);
        }
        let free = HEAD.saturating_sub(self.memory.len()).min(data.len());
        self.memory.extend_from_slice(&data[..free]);
        self.memory.truncate(HEAD);
        self.memory.shrink_to_fit();
        Ok(())
    }

    fn append(&mut self, data: &[u8]) -> Result<(), Error> {
        let Some((folder, draft)) = &mut self.file else { return Ok(()) };
        draft.file.write_all(data).map_err(|error| local(&error, folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_large_message_that_is_not_saved_the_beginning_is_held_whatever_size_was_stated() {
        let block = vec![b'x'; 300_000];
        for stated in [0, WHOLE, WHOLE + 1, u64::MAX] {
            let mut spool = Spool::new(stated, true);
            for _ in 0..=WHOLE / block.len() as u64 {
                spool.write(&block).unwrap();
            }
            assert!(!spool.is_whole(), "stated {stated}");
            assert!(spool.size() > WHOLE);
            assert_eq!(spool.message().unwrap().size(), HEAD as u64);
        }
        let mut small = Spool::new(WHOLE + 1, false);
        small.write(b"a").unwrap();
        assert!(small.is_whole() && small.sha256().is_none());
        assert_eq!(small.message().unwrap().bytes(None).unwrap().as_ref(), b"a");
    }
}
