//! The bytes that go out next.

use postkontor_plugin::{Body, Error};

/// A buffer that is kept for the whole life of an account: commands and message bodies are put together here and leave in one write.
///
/// Its memory is always initialised, so that bodies are read straight into it and nothing is cleared for each mail.
#[derive(Default)]
pub(crate) struct WriteBuffer {
    bytes: Vec<u8>,
    end: usize,
}

impl WriteBuffer {
    pub(crate) fn clear(&mut self) {
        self.end = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.end
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.end = self.end.min(length);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    pub(crate) fn push(&mut self, data: &[u8]) {
        self.reserve(data.len());
        self.bytes[self.end..self.end + data.len()].copy_from_slice(data);
        self.end += data.len();
    }

    /// Replaces a range by other bytes, of any length.
    pub(crate) fn replace(&mut self, range: std::ops::Range<usize>, data: &[u8]) {
        let (tail, end) = (range.end, range.start + data.len() + self.end - range.end);
        if end > self.end {
            self.reserve(end - self.end);
        }
        self.bytes.copy_within(tail..self.end, range.start + data.len());
        self.bytes[range.start..range.start + data.len()].copy_from_slice(data);
        self.end = end;
    }

    /// Reads from the body until it ends or `most` bytes were added. Says whether it ended.
    pub(crate) fn fill(&mut self, body: &mut Body, most: usize, expected: Option<u64>) -> Result<bool, Error> {
        let limit = self.end + most;
        // One byte more than expected, so that the end shows itself without growing for nothing.
        let expected = expected.and_then(|size| usize::try_from(size).ok()).map_or(16 * 1024, |size| size.saturating_add(1)).min(most);
        self.reserve(expected);
        while self.end < limit {
            if self.end == self.bytes.len() {
                self.reserve((self.bytes.len() / 2).clamp(4096, limit - self.end));
            }
            let room = self.bytes.len().min(limit);
            let read = body.read(&mut self.bytes[self.end..room])?;
            if read == 0 {
                return Ok(true);
            }
            self.end += read;
        }
        Ok(false)
    }

    /// Doubles every dot that begins a line from `start` on (RFC 5321, section 4.5.2). `fresh` says whether a line begins there.
    pub(crate) fn stuff(&mut self, start: usize, fresh: bool) {
        let body = &self.bytes[start..self.end];
        let first = (fresh && body.first() == Some(&b'.')).then_some(0);
        let later = memchr::memmem::find_iter(body, b"\n.").map(|at| at + 1);
        let dots: Vec<usize> = first.into_iter().chain(later).map(|at| start + at).collect();
        if dots.is_empty() {
            return;
        }
        self.reserve(dots.len());
        let mut end = self.end;
        for (before, dot) in dots.iter().enumerate().rev() {
            self.bytes.copy_within(*dot..end, dot + before + 1);
            self.bytes[dot + before] = b'.';
            end = *dot;
        }
        self.end += dots.len();
    }

    fn reserve(&mut self, more: usize) {
        if self.bytes.len() < self.end + more {
            self.bytes.resize(self.end + more, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuffed(text: &str, fresh: bool) -> String {
        let mut buffer = WriteBuffer::default();
        buffer.push(b"head");
        buffer.push(text.as_bytes());
        buffer.stuff(4, fresh);
        String::from_utf8_lossy(&buffer.bytes()[4..]).into_owned()
    }

    #[test]
    fn dots_that_begin_a_line_are_doubled() {
        assert_eq!(stuffed("a\r\nb\r\n", true), "a\r\nb\r\n");
        assert_eq!(stuffed(".", true), "..");
        assert_eq!(stuffed(".", false), ".");
        assert_eq!(stuffed("a.b\r\n.\r\n..\r\n.c", true), "a.b\r\n..\r\n...\r\n..c");
        assert_eq!(stuffed(".a\r\n.b\r\n", true), "..a\r\n..b\r\n");
    }

    #[test]
    fn a_range_is_replaced_by_shorter_and_longer_ones() {
        let with = |data: &str| {
            let mut buffer = WriteBuffer::default();
            buffer.push(b"abcdef");
            buffer.replace(2..4, data.as_bytes());
            String::from_utf8_lossy(buffer.bytes()).into_owned()
        };
        assert_eq!(with("XY"), "abXYef");
        assert_eq!(with("X"), "abXef");
        assert_eq!(with("XYZW"), "abXYZWef");
    }
}
