//! BER (X.690) in a stream: lengths definite or not, octet strings whole or in segments, as Outlook and `openssl cms -stream` write them.
//!
//! Nothing is kept but what [`Reader::value`] is asked for: content passes through in blocks, and a length that lies costs no memory.

mod fields;
mod mark;
mod value;

use crate::Fault;
use std::io::{ErrorKind, Read};

pub(crate) use fields::{Algorithm, Fields, whole};

/// How much is read from the source at once.
const BLOCK: usize = 64 * 1024;

/// How many values may stand within each other. The deepest that mail has are chains in attributes, under 20.
const DEPTH: usize = 32;

/// The bit of a tag that says that values are within.
const CONSTRUCTED: u8 = 0x20;

/// The tag of an octet string.
pub(crate) const OCTETS: u8 = 0x04;
/// The tag of a SEQUENCE.
pub(crate) const SEQUENCE: u8 = 0x30;
/// The tag of a SET.
pub(crate) const SET: u8 = 0x31;
/// The tag of an INTEGER.
pub(crate) const INTEGER: u8 = 0x02;

/// Reads values one after the other.
pub(crate) struct Reader<R> {
    source: R,
    buffer: Box<[u8]>,
    /// What of the buffer has not been taken yet.
    ahead: std::ops::Range<usize>,
    /// How many bytes have been taken.
    position: u64,
    open: Vec<Level>,
    string: Option<Segments>,
}

/// A value that is being read from within.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Where it ends; `None` where two zero bytes say so.
    end: Option<u64>,
    /// What it cannot go beyond, because a value around it ends there.
    most: u64,
}

/// An octet string that is being read.
#[derive(Clone, Copy, Debug)]
struct Segments {
    /// How much of the segment is left.
    left: u64,
    /// How many values were open when it began.
    outside: usize,
}

/// Tag and length.
#[derive(Clone, Copy, Debug)]
struct Header {
    tag: u8,
    length: Option<u64>,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, buffer: vec![0; BLOCK].into(), ahead: 0..0, position: 0, open: Vec::new(), string: None }
    }

    /// The tag of the next value; `None` at the end of the one that is open.
    pub(crate) fn tag(&mut self) -> Result<Option<u8>, Fault> {
        Ok(if self.is_at_end()? { None } else { Some(self.peek(1)?[0]) })
    }

    /// Goes into the next value, which must have this tag.
    pub(crate) fn enter(&mut self, tag: u8, what: &'static str) -> Result<(), Fault> {
        let header = self.header()?;
        if header.tag != tag {
            return Err(Fault::Malformed(what));
        }
        self.descend(header)
    }

    /// Goes into the next value if it has this tag.
    pub(crate) fn enter_if(&mut self, tag: u8) -> Result<bool, Fault> {
        let is_there = self.tag()? == Some(tag);
        if is_there {
            let header = self.header()?;
            self.descend(header)?;
        }
        Ok(is_there)
    }

    /// Leaves the value that is open, at its end.
    pub(crate) fn leave(&mut self, what: &'static str) -> Result<(), Fault> {
        if !self.is_at_end()? {
            return Err(Fault::Malformed(what));
        }
        if self.open.pop().is_some_and(|level| level.end.is_none()) {
            self.take(2)?;
        }
        Ok(())
    }

    /// Passes over the next value.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        let outside = self.open.len();
        loop {
            let header = self.header()?;
            match header.length {
                Some(length) => self.pass(length)?,
                None => self.descend(header)?,
            }
            while self.open.len() > outside && self.is_at_end()? {
                self.leave("")?;
            }
            if self.open.len() == outside {
                return Ok(());
            }
        }
    }

    /// Begins an octet string with this tag, or with its like for strings in segments. [`Reader::segment`] gives its bytes.
    pub(crate) fn begin_string(&mut self, tag: u8, what: &'static str) -> Result<(), Fault> {
        let outside = self.open.len();
        let header = self.header()?;
        if header.tag & !CONSTRUCTED != tag & !CONSTRUCTED {
            return Err(Fault::Malformed(what));
        }
        let mut left = 0;
        if header.tag & CONSTRUCTED == 0 {
            left = header.length.ok_or(Fault::Malformed(what))?;
        } else {
            self.descend(header)?;
        }
        self.string = Some(Segments { left, outside });
        Ok(())
    }

    /// The next bytes of the octet string, at most a block; `None` at its end.
    pub(crate) fn segment(&mut self) -> Result<Option<&[u8]>, Fault> {
        self.segment_of(BLOCK)
    }

    /// The next bytes of the octet string, no more than so many; `None` at its end.
    pub(crate) fn segment_of(&mut self, most: usize) -> Result<Option<&[u8]>, Fault> {
        let Some(mut string) = self.string else { return Ok(None) };
        while string.left == 0 {
            while self.open.len() > string.outside && self.is_at_end()? {
                self.leave("")?;
            }
            if self.open.len() == string.outside {
                self.string = None;
                return Ok(None);
            }
            let header = self.header()?;
            match (header.tag, header.length) {
                (OCTETS, Some(length)) => string.left = length,
                (tag, _) if tag == OCTETS | CONSTRUCTED => self.descend(header)?,
                _ => return Err(Fault::Malformed("a segment of the content")),
            }
        }
        if self.ahead.is_empty() {
            self.fill()?;
        }
        let length = self.ahead.len().min(most).min(usize::try_from(string.left).unwrap_or(usize::MAX));
        let begin = self.ahead.start;
        self.advance(length);
        string.left -= length as u64;
        self.string = Some(string);
        Ok(Some(&self.buffer[begin..begin + length]))
    }

    fn descend(&mut self, header: Header) -> Result<(), Fault> {
        if header.tag & CONSTRUCTED == 0 {
            return Err(Fault::Malformed("a value that has none within"));
        }
        if self.open.len() >= DEPTH {
            return Err(Fault::TooDeep);
        }
        let around = self.open.last().map_or(u64::MAX, |level| level.most);
        // `header` has looked that it fits.
        let end = header.length.map(|length| self.position + length);
        self.open.push(Level { end, most: end.unwrap_or(around) });
        Ok(())
    }

    fn is_at_end(&mut self) -> Result<bool, Fault> {
        match self.open.last() {
            Some(Level { end: Some(end), .. }) => Ok(self.position >= *end),
            Some(Level { end: None, .. }) => Ok(self.peek(2)? == [0, 0]),
            None => Ok(self.ahead.is_empty() && !self.fill_once()?),
        }
    }

    fn header(&mut self) -> Result<Header, Fault> {
        let tag = self.byte()?;
        if tag & 0x1f == 0x1f || tag == 0 {
            return Err(Fault::Malformed("a tag"));
        }
        let first = self.byte()?;
        let length = match first {
            0..0x80 => Some(u64::from(first)),
            0x80 if tag & CONSTRUCTED != 0 => None,
            0x81..=0x88 => {
                let mut length = 0;
                for _ in 0..first & 0x7f {
                    length = length << 8 | u64::from(self.byte()?);
                }
                Some(length)
            }
            _ => return Err(Fault::Malformed("a length")),
        };
        let most = self.open.last().map_or(u64::MAX, |level| level.most);
        let end = self.position.checked_add(length.unwrap_or(0)).ok_or(Fault::Malformed("a length"))?;
        if end > most { Err(Fault::Malformed("a length beyond the value around it")) } else { Ok(Header { tag, length }) }
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = self.peek(1)?[0];
        self.advance(1);
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Result<(), Fault> {
        self.peek(count)?;
        self.advance(count);
        Ok(())
    }

    fn pass(&mut self, mut length: u64) -> Result<(), Fault> {
        while length > 0 {
            if self.ahead.is_empty() {
                self.fill()?;
            }
            let now = self.ahead.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            self.advance(now);
            length -= now as u64;
        }
        Ok(())
    }

    fn advance(&mut self, count: usize) {
        self.ahead.start += count;
        self.position += count as u64;
    }

    fn peek(&mut self, count: usize) -> Result<&[u8], Fault> {
        while self.ahead.len() < count {
            self.fill()?;
        }
        Ok(&self.buffer[self.ahead.start..self.ahead.start + count])
    }

    fn fill(&mut self) -> Result<(), Fault> {
        if self.fill_once()? { Ok(()) } else { Err(Fault::Truncated) }
    }

    /// Reads on from the source; whether there was more.
    fn fill_once(&mut self) -> Result<bool, Fault> {
        self.buffer.copy_within(self.ahead.clone(), 0);
        self.ahead = 0..self.ahead.len();
        loop {
            match self.source.read(&mut self.buffer[self.ahead.end..]) {
                Ok(count) => {
                    self.ahead.end += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Source(error.to_string())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut reader = Reader::new(bytes);
        reader.begin_string(OCTETS, "")?;
        let mut content = Vec::new();
        while let Some(segment) = reader.segment()? {
            content.extend_from_slice(segment);
        }
        assert_eq!(reader.tag(), Ok(None));
        Ok(content)
    }

    #[test]
    fn an_octet_string_is_the_same_whole_and_in_segments() {
        for bytes in [
            &[4, 3, 1, 2, 3][..],
            &[4, 0x83, 0, 0, 3, 1, 2, 3],
            &[0x24, 7, 4, 1, 1, 4, 2, 2, 3],
            &[0x24, 0x80, 4, 1, 1, 0x24, 0x80, 4, 0, 4, 2, 2, 3, 0, 0, 0, 0],
        ] {
            assert_eq!(content(bytes), Ok(vec![1, 2, 3]), "{bytes:?}");
        }
    }

    #[test]
    fn what_lies_about_its_length_is_refused() {
        assert_eq!(content(&[4, 3, 1, 2]), Err(Fault::Truncated));
        assert_eq!(content(&[4, 0x87, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Err(Fault::Truncated));
        for bytes in [&[4, 0x88, 255, 255, 255, 255, 255, 255, 255, 255][..], &[4, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1], &[4, 0x80, 0, 0]] {
            assert_eq!(content(bytes), Err(Fault::Malformed("a length")), "{bytes:?}");
        }
        assert_eq!(content(&[0x24, 3, 4, 2, 1, 2]), Err(Fault::Malformed("a length beyond the value around it")));
        assert_eq!(content(&[0x24, 0x80, 2, 1, 1, 0, 0]), Err(Fault::Malformed("a segment of the content")));
        assert_eq!(content(&[0x24, 0x80].repeat(40)), Err(Fault::TooDeep));
        assert_eq!(Reader::new(&[0x30, 0x80].repeat(40)[..]).skip(), Err(Fault::TooDeep));
        assert_eq!(Reader::new(&[0x30, 0x80].repeat(40)[..]).value(1000, "").map(drop), Err(Fault::TooDeep));
        assert_eq!(content(&[]), Err(Fault::Truncated));
    }

    #[test]
    fn indefinite_lengths_end_with_two_zeros() {
        let bytes = [0x30, 0x80, 2, 1, 5, 0x31, 0x80, 5, 0, 0, 0, 0, 0, 2, 1, 9];
        let mut reader = Reader::new(&bytes[..]);
        reader.enter(SEQUENCE, "").unwrap();
        assert_eq!(reader.tag(), Ok(Some(INTEGER)));
        reader.skip().unwrap();
        assert!(!reader.enter_if(SEQUENCE).unwrap() && reader.enter_if(SET).unwrap());
        assert_eq!(reader.leave("the set"), Err(Fault::Malformed("the set")));
        reader.skip().unwrap();
        reader.leave("the set").unwrap();
        assert_eq!(reader.tag(), Ok(None));
        reader.leave("").unwrap();
        assert_eq!(reader.value(9, "").unwrap(), [2, 1, 9]);
        assert_eq!(reader.tag(), Ok(None));
    }
}
