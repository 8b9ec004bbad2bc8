//! Reads the bytes of an entry, wherever they are.

use crate::engine::Engine;
use crate::place::Place;
use crate::shelf;
use postkontor_core::message::Content;
use postkontor_core::{Cancel, Error, Host, Status};
use std::fmt::{self, Debug, Formatter};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

/// The size of a block, but for the last one of an entry.
pub(crate) const BLOCK: usize = 256 << 10;

/// Where the bytes of an entry are read from.
#[derive(Debug)]
pub(crate) enum Source {
    Memory(Vec<u8>),
    File { file: File, store: String },
    Blocks(Blocks),
}

impl Source {
    fn read_at(&mut self, position: u64, data: &mut [u8]) -> Result<usize, Error> {
        match self {
            Source::Memory(bytes) => Ok(copied(bytes, position, data)),
            Source::File { file, store } => {
                let read = file.seek(SeekFrom::Start(position)).and_then(|_| file.read(data));
                read.map_err(|error| shelf::failed(&error, store))
            }
            Source::Blocks(blocks) => blocks.read_at(position, data),
        }
    }
}

/// Copies what there is from a position on.
fn copied(bytes: &[u8], position: u64, data: &mut [u8]) -> usize {
    let rest = usize::try_from(position).ok().and_then(|position| bytes.get(position..)).unwrap_or_default();
    let count = rest.len().min(data.len());
    data[..count].copy_from_slice(&rest[..count]);
    count
}

/// The blocks of one entry in the database. One of them is in memory.
pub(crate) struct Blocks {
    entry: i64,
    place: Place,
    host: Arc<Host>,
    cancel: Cancel,
    engine: Option<Box<dyn Engine>>,
    block: Option<(u64, Vec<u8>)>,
}

impl Blocks {
    pub(crate) fn new(entry: i64, place: Place, host: Arc<Host>, cancel: Cancel) -> Blocks {
        Blocks { entry, place, host, cancel, engine: None, block: None }
    }

    fn read_at(&mut self, position: u64, data: &mut [u8]) -> Result<usize, Error> {
        let (number, within) = (position / BLOCK as u64, position % BLOCK as u64);
        if self.block.as_ref().is_none_or(|(at_hand, _)| *at_hand != number) {
            self.block = Some((number, self.fetch(number)?));
        }
        Ok(self.block.as_ref().map_or(0, |(_, bytes)| copied(bytes, within, data)))
    }

    /// A block; behind the last one an empty one.
    fn fetch(&mut self, number: u64) -> Result<Vec<u8>, Error> {
        let watch = self.host.watch(&self.cancel);
        let engine = match &mut self.engine {
            Some(engine) => engine,
            none => none.insert(self.place.open(&watch)?),
        };
        let wanted = [self.entry.into(), i64::try_from(number).unwrap_or(i64::MAX).into()];
        let found = engine.rows("SELECT data FROM postkontor_outbox_blocks WHERE entry = $1 AND number = $2", &wanted, &watch)?;
        match found.into_iter().next() {
            Some(mut row) => row.take_blob(0),
            None if number == 0 => Err(missing(self.entry, &self.place.name())),
            None => Ok(Vec::new()),
        }
    }
}

impl Debug for Blocks {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("entry", &self.entry).finish_non_exhaustive()
    }
}

/// The bytes of a mail, or of one of its copies, among those of its entry.
#[derive(Debug)]
pub(crate) struct Part {
    source: Arc<Mutex<Source>>,
    begin: u64,
    size: u64,
}

impl Part {
    pub(crate) fn new(source: Arc<Mutex<Source>>, begin: u64, size: u64) -> Part {
        Part { source, begin, size }
    }
}

impl Content for Part {
    fn read_at(&mut self, position: u64, data: &mut [u8]) -> Result<usize, Error> {
        let left = usize::try_from(self.size.saturating_sub(position)).unwrap_or(usize::MAX);
        let wanted = data.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.read_at(self.begin + position, &mut data[..wanted])
    }
}

/// The bytes of an entry are not where its row says.
pub(crate) fn missing(entry: i64, store: &str) -> Error {
    Error::new(Status::Local, "outbox.content_missing").usable().arg("id", entry.to_string()).arg("store", store)
}
