//! What a message consists of while it is read: its segments, and how far the stream has come.

use super::base64;
use super::file::{File, Opened};
use super::line_ends::Normalizer;
use super::restored::Restored;
use postkontor_plugin::{Error, Stage, Status};
use postkontor_smime::encrypt::{self, Envelope};
use std::ops::Range;
use std::sync::Arc;

/// What is encrypted in one go: full base64 lines.
const BLOCK: usize = base64::LINE_BYTES * 1024;

/// A stretch of the message.
#[derive(Debug)]
pub(super) enum Segment<'a> {
    /// Bytes of `head`.
    Head(Range<usize>),
    /// A caller's part, in base64.
    Part(&'a [u8]),
    /// A file, in base64.
    File(File),
    /// A file of another mail, in base64.
    Kept(Arc<Vec<u8>>),
    /// A whole message that came in memory, with its line ends put right.
    Raw(Vec<u8>),
    /// Other segments, encrypted, in base64.
    Sealed(Box<Sealed<'a>>),
    /// A ready-made message from the end of its header block on, with its line ends put right.
    Ready { file: File, body: u64 },
    /// A whole mail that was composed before, as it was kept.
    Stored(Restored),
}

impl Segment<'_> {
    /// Whether another program made it, or another call.
    pub(super) fn is_made(&self) -> bool {
        match self {
            Segment::Ready { .. } | Segment::Raw(_) | Segment::Stored(_) => true,
            Segment::Sealed(sealed) => sealed.segments.iter().any(Segment::is_made),
            _ => false,
        }
    }
}

/// What stands in an envelope of S/MIME. It is encrypted while it is read, each time with a new key.
#[derive(Debug)]
pub(super) struct Sealed<'a> {
    /// Shared by the copies of a message, each of which has an envelope of its own.
    pub(super) segments: Arc<Vec<Segment<'a>>>,
    /// The size of what they give.
    pub(super) size: u64,
    pub(super) envelope: Envelope,
}

/// How far the stream has come.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The segment that is being read.
    segment: usize,
    /// Bytes of the segment's source that are consumed.
    position: usize,
    /// The same of a mail that was kept, which may be larger than this machine's memory.
    kept: u64,
    opened: Option<Opened>,
    normalizer: Normalizer,
    sealing: Option<Box<Sealing>>,
    /// The rest of a line that did not fit into the caller's buffer.
    line: Line,
}

#[derive(Debug)]
struct Line {
    bytes: [u8; base64::LINE_LENGTH],
    rest: Range<usize>,
}

impl Default for Line {
    fn default() -> Line {
        Line { bytes: [0; base64::LINE_LENGTH], rest: 0..0 }
    }
}

impl Reading {
    /// Writes the next bytes of the segments into `data` and returns their number, 0 at the end.
    pub(super) fn fill(&mut self, segments: &[Segment<'_>], head: &[u8], data: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < data.len() {
            filled += match segments.get(self.segment) {
                _ if !self.line.rest.is_empty() => self.line.give(&mut data[filled..]),
                Some(segment) => self.advance(segment, head, &mut data[filled..])?,
                None => break,
            };
        }
        Ok(filled)
    }

    /// Writes some bytes of the segment, and goes on to the next one at its end.
    fn advance(&mut self, segment: &Segment<'_>, head: &[u8], data: &mut [u8]) -> Result<usize, Error> {
        match segment {
            Segment::Head(range) => Ok(self.copy(&head[range.clone()], data)),
            Segment::Raw(bytes) => Ok(self.copy(bytes, data)),
            Segment::Part(bytes) => Ok(self.encode(bytes, data)),
            Segment::Kept(bytes) => Ok(self.encode(bytes, data)),
            Segment::Stored(stored) => {
                let count = stored.read_at(self.kept, data)?;
                self.kept += count as u64;
                if count == 0 {
                    self.next();
                }
                Ok(count)
            }
            Segment::File(file) => {
                let opened = match &mut self.opened {
                    Some(opened) => opened,
                    None => self.opened.insert(file.open(0)?),
                };
                let block = opened.block(file)?;
                if block.is_empty() {
                    self.next();
                    return Ok(0);
                }
                // Blocks are full lines except for the last one, so nothing is carried from one to the next.
                let (consumed, written) = self.line.encode(block, data);
                opened.consume(consumed);
                Ok(written)
            }
            Segment::Sealed(sealed) => {
                let sealing = match &mut self.sealing {
                    Some(sealing) => sealing,
                    None => self.sealing.insert(Box::new(Sealing::begin(sealed)?)),
                };
                let block = sealing.block(sealed, head)?;
                if block.is_empty() {
                    self.next();
                    return Ok(0);
                }
                let (consumed, written) = self.line.encode(block, data);
                sealing.consumed += consumed;
                Ok(written)
            }
            Segment::Ready { file, body } => {
                let opened = match &mut self.opened {
                    Some(opened) => opened,
                    None => self.opened.insert(file.open(*body)?),
                };
                let block = opened.block(file)?;
                if block.is_empty() {
                    let written = self.normalizer.finish(data);
                    self.next();
                    return Ok(written);
                }
                let (consumed, written) = self.normalizer.copy(block, data);
                opened.consume(consumed);
                Ok(written)
            }
        }
    }

    /// Encodes what comes next of a segment in memory.
    fn encode(&mut self, bytes: &[u8], data: &mut [u8]) -> usize {
        let (consumed, written) = self.line.encode(&bytes[self.position..], data);
        self.position += consumed;
        if self.position == bytes.len() {
            self.next();
        }
        written
    }

    /// Copies what comes next of a segment that goes out as it is.
    fn copy(&mut self, bytes: &[u8], data: &mut [u8]) -> usize {
        let rest = &bytes[self.position..];
        let count = rest.len().min(data.len());
        data[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        if count == rest.len() {
            self.next();
        }
        count
    }

    fn next(&mut self) {
        self.segment += 1;
        (self.position, self.kept) = (0, 0);
        self.opened = None;
        self.sealing = None;
        self.normalizer = Normalizer::default();
    }
}

impl Line {
    /// Encodes what there is room for: bytes consumed and bytes written.
    fn encode(&mut self, bytes: &[u8], data: &mut [u8]) -> (usize, usize) {
        let lines = base64::encode_lines(bytes, data);
        if lines > 0 {
            return (lines * base64::LINE_BYTES, lines * base64::LINE_LENGTH);
        }
        let consumed = bytes.len().min(base64::LINE_BYTES);
        if consumed == 0 {
            return (0, 0);
        }
        self.rest = 0..base64::encode_line(&bytes[..consumed], &mut self.bytes);
        (consumed, self.give(data))
    }

    fn give(&mut self, data: &mut [u8]) -> usize {
        let count = self.rest.len().min(data.len());
        data[..count].copy_from_slice(&self.bytes[self.rest.start..self.rest.start + count]);
        self.rest.start += count;
        count
    }
}

/// An envelope that is being filled.
#[derive(Debug)]
struct Sealing {
    reading: Reading,
    /// Until the content has ended.
    running: Option<encrypt::Sealing>,
    plain: Vec<u8>,
    sealed: Vec<u8>,
    /// The full lines in `sealed`, or all of it at the end.
    ready: usize,
    consumed: usize,
}

impl Sealing {
    fn begin(sealed: &Sealed<'_>) -> Result<Sealing, Error> {
        let mut header = Vec::with_capacity(BLOCK + BLOCK / 8);
        let running = sealed.envelope.seal(sealed.size, &mut header).map_err(|error| failed(&error))?;
        let (reading, plain) = (Reading::default(), vec![0; BLOCK]);
        Ok(Sealing { reading, running: Some(running), plain, sealed: header, ready: 0, consumed: 0 })
    }

    /// The bytes that come next, in full lines until the last; empty at the end.
    fn block(&mut self, source: &Sealed<'_>, head: &[u8]) -> Result<&[u8], Error> {
        if self.consumed == self.ready {
            self.sealed.drain(..self.consumed);
            self.consumed = 0;
            while self.sealed.len() < BLOCK {
                let Some(running) = &mut self.running else { break };
                let count = self.reading.fill(&source.segments, head, &mut self.plain)?;
                let outcome = match count {
                    0 => self.running.take().map_or(Ok(()), |running| running.finish(&mut self.sealed)),
                    _ => running.update(&self.plain[..count], &mut self.sealed),
                };
                outcome.map_err(|error| failed(&error))?;
            }
            let whole = self.sealed.len() / base64::LINE_BYTES * base64::LINE_BYTES;
            self.ready = if self.running.is_some() { whole } else { self.sealed.len() };
        }
        Ok(&self.sealed[self.consumed..self.ready])
    }
}

/// The error for cryptography that does not work with the certificates and keys that were given.
pub(super) fn failed(error: &postkontor_smime::Error) -> Error {
    Error::new(Status::Local, "message.smime_failed").stage(Stage::Content).arg("reason", error.to_string()).detail(error.code())
}
