//! A message line by line, whatever their length.

use super::source::Source;
use crate::Error;

/// The longest line that is looked at as a whole; of a longer one the pieces come as if they were lines without an end.
const LONGEST: usize = 64 * 1024;

/// A line, or a piece of one that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Without its line end.
    pub(super) text: &'a [u8],
    /// Its line end; empty at the end of the message, and in the middle of a line that is too long.
    pub(super) end: &'a [u8],
    /// It is no later piece of a line.
    pub(super) is_start: bool,
}

/// The lines of a message.
pub(super) struct Lines<'s> {
    source: &'s mut dyn Source,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    is_inside: bool,
    has_ended: bool,
}

impl<'s> Lines<'s> {
    pub(super) fn new(source: &'s mut dyn Source) -> Lines<'s> {
        Lines { source, buffer: vec![0; LONGEST], start: 0, filled: 0, is_inside: false, has_ended: false }
    }

    /// The next line; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, Error> {
        let length = loop {
            let left = &self.buffer[self.start..self.filled];
            if let Some(end) = memchr::memchr(b'\n', left) {
                break end + 1;
            }
            if self.has_ended || left.len() == LONGEST {
                break left.len();
            }
            self.buffer.copy_within(self.start..self.filled, 0);
            (self.start, self.filled) = (0, self.filled - self.start);
            let count = self.source.read(&mut self.buffer[self.filled..])?;
            self.filled += count;
            self.has_ended = count == 0;
        };
        if length == 0 {
            return Ok(None);
        }
        let whole = &self.buffer[self.start..self.start + length];
        self.start += length;
        let text = whole.strip_suffix(b"\n").map_or(whole, |text| text.strip_suffix(b"\r").unwrap_or(text));
        let is_start = !std::mem::replace(&mut self.is_inside, text.len() == length);
        Ok(Some(Line { text, end: &whole[text.len()..], is_start }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_one_by_one_and_long_ones_in_pieces() {
        let long = "x".repeat(LONGEST + 10);
        let message = format!("a\r\n\r\nb\n{long}\r\nend");
        let mut source = message.as_bytes();
        let mut lines = Lines::new(&mut source);
        let mut next = || lines.next().unwrap().map(|line| (line.text.len(), line.end.len(), line.is_start));
        let found = std::iter::from_fn(&mut next).collect::<Vec<_>>();
        assert_eq!(found, [(1, 2, true), (0, 2, true), (1, 1, true), (LONGEST, 0, true), (10, 2, false), (3, 0, true)]);
    }
}
