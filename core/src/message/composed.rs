//! A message that is ready to be sent: its envelope, and its bytes as a stream.

use super::append::Append;
use super::base64;
use super::envelope::{Envelope, Recipient};
use super::file::{File, Opened};
use super::line_ends::Normalizer;
use postkontor_plugin::{At, Dsn, Error};
use std::ops::Range;
use std::sync::Arc;

/// A message that is ready to be sent: its envelope, and its bytes as a stream. Borrows the parts that it was composed from.
///
/// Headers and texts are in memory. Attachments are encoded while they are read, from the caller's parts or from their
/// files, so that a message of any size needs one block of 57 KiB.
#[derive(Debug)]
pub struct Composed<'a> {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients in the order to, cc, bcc; each address once.
    pub recipients: Vec<Recipient>,
    /// The Message-ID without its angle brackets.
    pub message_id: String,
    /// The exact number of bytes that [`Composed::read`] will give.
    pub size: u64,
    /// The message has bytes above 127 in its body; only ready-made messages and those that enclose one have.
    pub eight_bit: bool,
    /// An address needs SMTPUTF8 (RFC 6531).
    pub utf8: bool,
    /// The delivery reports that the message asks for.
    pub dsn: Option<Dsn>,
    /// The addresses that were put right, each with the place where it was given.
    pub repaired: Vec<At>,
    /// What is worth a second look, each with its place in the document.
    pub warnings: Vec<Error>,
    /// Its place among the messages of the call, where the caller passed an array of them.
    pub index: Option<usize>,
    /// The folder that it is put into; then it is not sent, and its Bcc header stays in it.
    pub append: Option<Append>,
    pub(super) head: Vec<u8>,
    /// The Bcc header in `head`, which only the sender's own copy has; empty where there is none.
    pub(super) blind: Range<usize>,
    pub(super) segments: Vec<Segment<'a>>,
    pub(super) reading: Reading,
}

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
    /// A ready-made message from the end of its header block on, with its line ends put right.
    Ready { file: File, body: u64 },
}

/// How far the stream has come.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The segment that is being read.
    segment: usize,
    /// Bytes of the segment's source that are consumed.
    position: usize,
    opened: Option<Opened>,
    normalizer: Normalizer,
    /// The rest of a line that did not fit into the caller's buffer.
    line: Line,
    /// In a box, as each mail is moved several times on its way.
    failed: Option<Box<Error>>,
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

impl<'a> Composed<'a> {
    /// A message for this envelope, in which nothing stands yet.
    pub(super) fn of(envelope: Envelope, message_id: String, repaired: Vec<At>) -> Composed<'a> {
        let Envelope { from, recipients, utf8, .. } = envelope;
        Composed {
            from,
            recipients,
            message_id,
            size: 0,
            eight_bit: false,
            utf8,
            dsn: None,
            repaired,
            warnings: Vec::new(),
            index: None,
            append: None,
            head: Vec::new(),
            blind: 0..0,
            segments: Vec::new(),
            reading: Reading::default(),
        }
    }

    /// Writes the next bytes into `data` and returns their number, 0 at the end. Lines end in CRLF.
    ///
    /// An error means that an attached file could not be read to its end or has changed since the message was composed:
    /// what was sent of the message must not be completed. After an error only [`Composed::rewind`] helps.
    pub fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        if let Some(error) = &self.reading.failed {
            return Err(Error::clone(error));
        }
        let mut filled = 0;
        while filled < data.len() {
            let result = match self.segments.get(self.reading.segment) {
                _ if !self.reading.line.rest.is_empty() => Ok(self.reading.line.give(&mut data[filled..])),
                Some(segment) => self.reading.advance(segment, &self.head, &mut data[filled..]),
                None => break,
            };
            match result {
                Ok(count) => filled += count,
                Err(error) => {
                    self.reading.failed = Some(Box::new(error.clone()));
                    return Err(error);
                }
            }
        }
        Ok(filled)
    }

    /// Whether something of the message is in UTF-8. What a ready-made message holds is its maker's affair.
    pub(crate) fn is_utf_8(&self) -> bool {
        let says = |label: &[u8]| memchr::memmem::find(&self.head, label).is_some();
        let is_ready = self.segments.iter().any(|segment| matches!(segment, Segment::Ready { .. } | Segment::Raw(_)));
        !is_ready && (says(b"=?utf-8?") || says(b"; charset=utf-8\r\n"))
    }

    /// Starts again at the first byte, for a second attempt with the same Message-ID.
    pub fn rewind(&mut self) {
        self.reading = Reading::default();
    }

    /// The same as a message that is put into a folder, where it is to be.
    pub(super) fn appended_as(mut self, append: Option<Append>) -> Composed<'a> {
        if append.is_some() {
            self.become_copy();
        }
        self.append = append;
        self
    }

    /// Starts again as the copy that the sender keeps: the same message with its Bcc header, the only place
    /// that names the blind recipients (RFC 5322, section 3.6.3).
    pub(crate) fn become_copy(&mut self) {
        self.rewind();
        let blind = std::mem::take(&mut self.blind);
        if !blind.is_empty() {
            self.size += blind.len() as u64;
            self.segments.insert(0, Segment::Head(blind));
        }
    }
}

impl Reading {
    /// Writes some bytes of the segment, and goes on to the next one at its end.
    fn advance(&mut self, segment: &Segment<'_>, head: &[u8], data: &mut [u8]) -> Result<usize, Error> {
        match segment {
            Segment::Head(range) => Ok(self.copy(&head[range.clone()], data)),
            Segment::Raw(bytes) => Ok(self.copy(bytes, data)),
            Segment::Part(bytes) => Ok(self.encode(bytes, data)),
            Segment::Kept(bytes) => Ok(self.encode(bytes, data)),
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
        self.position = 0;
        self.opened = None;
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
