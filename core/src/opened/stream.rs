//! The bytes of a part, one block after the other.

use crate::error::failed;
use postkontor_plugin::{Error, Stage, Status};
use postkontor_reader::source;
use postkontor_reader::transfer::Decoded;
use std::io::{self, ErrorKind, Read, Write};

/// The most bytes of a block.
const BLOCK: usize = 64 * 1024;

/// The bytes of a part, decoded, or of a whole message. It needs little memory whatever their number.
pub struct Stream<'a> {
    bytes: Bytes<'a>,
    block: Vec<u8>,
}

pub(super) enum Bytes<'a> {
    Raw(source::Stream<'a>),
    Decoded(Box<Decoded<'a>>),
    Memory(&'a [u8]),
}

impl<'a> Stream<'a> {
    pub(super) fn new(bytes: Bytes<'a>) -> Stream<'a> {
        Stream { bytes, block: Vec::new() }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    ///
    /// LOCAL (`message.not_read`): the file of the message cannot be read any more.
    pub fn block(&mut self) -> Result<Option<&[u8]>, Error> {
        self.next().map_err(unreadable)
    }

    /// Copies all that is left, and says how many bytes that are.
    pub(super) fn copy_to(&mut self, target: &mut dyn Write) -> io::Result<u64> {
        let mut copied = 0;
        while let Some(block) = self.next()? {
            target.write_all(block)?;
            copied += block.len() as u64;
        }
        Ok(copied)
    }

    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.block.resize(BLOCK, 0);
        let count = loop {
            let read = match &mut self.bytes {
                Bytes::Raw(stream) => stream.read(&mut self.block),
                Bytes::Decoded(stream) => stream.read(&mut self.block),
                Bytes::Memory(bytes) => bytes.read(&mut self.block),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                read => break read?,
            }
        };
        Ok(self.block.get(..count).filter(|block| !block.is_empty()))
    }
}

/// The error of a message that lies in a file which cannot be read any more.
pub(super) fn unreadable(error: io::Error) -> Error {
    failed(Status::Local, "message.not_read").stage(Stage::Message).detail(error.to_string())
}
