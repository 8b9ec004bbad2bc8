//! The bytes of a part for the engine of S/MIME.

use postkontor_reader::source::Source;
use postkontor_reader::structure::Entity;
use postkontor_reader::transfer::Decoded;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// The decoded body of a part, which can be read once more from its begin on. It ends with an error where the program does not want to go on.
pub(super) struct Body<'a> {
    source: &'a Source,
    entity: &'a Entity,
    goes_on: &'a dyn Fn() -> bool,
    decoded: Decoded<'a>,
}

impl<'a> Body<'a> {
    pub(super) fn new(source: &'a Source, entity: &'a Entity, goes_on: &'a dyn Fn() -> bool) -> Self {
        Self { source, entity, goes_on, decoded: Decoded::new(source, entity.body.clone(), entity.encoding) }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        // Not `Interrupted`, which readers take for a reason to try again.
        if (self.goes_on)() { self.decoded.read(block) } else { Err(ErrorKind::TimedOut.into()) }
    }
}

impl Seek for Body<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Start(0) {
            return Err(ErrorKind::Unsupported.into());
        }
        self.decoded = Decoded::new(self.source, self.entity.body.clone(), self.entity.encoding);
        Ok(0)
    }
}
