//! The bytes of an answer, as the XML reader wants them: with a limit on what it may hold at once.

use postkontor_plugin::{Error, Status};
use std::io::{self, BufRead, Read};

/// Where the bytes of an answer come from.
pub(crate) trait Bytes {
    /// Reads the next bytes; 0 at the end, which must be confirmed.
    fn read(&mut self, block: &mut [u8]) -> Result<usize, Error>;
}

/// A block of the answer.
const BLOCK: usize = 64 * 1024;

/// The most bytes of one tag, text or comment.
const PIECE: usize = 1024 * 1024;

/// The most bytes of an answer apart from contents, which are handed on as they come.
const WHOLE: usize = 64 * 1024 * 1024;

/// The bytes of an answer.
pub(super) struct Source<'a> {
    bytes: &'a mut dyn Bytes,
    block: Vec<u8>,
    from: usize,
    to: usize,
    /// How many bytes the piece that is read may still have.
    piece: usize,
    whole: usize,
    /// Why there are no more; what the XML reader makes of it says less.
    pub(super) failure: Option<Error>,
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a mut dyn Bytes) -> Source<'a> {
        Source { bytes, block: vec![0; BLOCK], from: 0, to: 0, piece: PIECE, whole: WHOLE, failure: None }
    }

    /// Begins another piece.
    pub(super) fn next_piece(&mut self) {
        self.piece = PIECE;
    }

    /// The bytes that were read, or the next ones, whatever their number; none at the end. The limits do not count them.
    pub(super) fn unlimited(&mut self) -> Result<&[u8], Error> {
        if self.from == self.to {
            (self.from, self.to) = (0, 0);
            self.to = self.bytes.read(&mut self.block)?;
        }
        Ok(&self.block[self.from..self.to])
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.from = (self.from + count).min(self.to);
    }
}

impl Read for Source<'_> {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let count = there.len().min(data.len());
        data[..count].copy_from_slice(&there[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let limit = self.piece.min(self.whole);
        let error = if limit == 0 { Some(too_large()) } else { self.unlimited().err() };
        if let Some(error) = error {
            self.failure = Some(error);
            return Err(io::Error::other("no more bytes"));
        }
        let end = self.to.min(self.from.saturating_add(limit));
        Ok(&self.block[self.from..end])
    }

    fn consume(&mut self, count: usize) {
        self.piece = self.piece.saturating_sub(count);
        self.whole = self.whole.saturating_sub(count);
        self.skip(count);
    }
}

fn too_large() -> Error {
    Error::new(Status::Protocol, "ews.answer_too_large")
}

#[cfg(test)]
impl Bytes for &[u8] {
    /// In small blocks, so that every seam is tried.
    fn read(&mut self, block: &mut [u8]) -> Result<usize, Error> {
        let count = self.len().min(block.len()).min(7);
        block[..count].copy_from_slice(&self[..count]);
        *self = &self[count..];
        Ok(count)
    }
}
