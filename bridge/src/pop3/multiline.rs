//! The bytes of a message on their way out: lines end with CRLF, a dot at the beginning of one is doubled, and a dot alone is the end (RFC 1939,
//! section 3).

use memchr::memchr;

/// Makes the lines of an answer of the bytes of a message, however they are cut into blocks.
pub(crate) struct Multiline {
    /// Whether the next byte begins a line.
    is_begin: bool,
    /// Whether the last byte was a CR.
    is_after_cr: bool,
    /// Whether the line has anything but its end.
    is_empty: bool,
    is_in_head: bool,
    /// Lines of the body that are still wanted; all where that is not said.
    left: Option<u64>,
}

impl Multiline {
    /// `lines`: how many lines of the body are wanted; all where that is not said.
    pub(crate) fn new(lines: Option<u64>) -> Multiline {
        Multiline { is_begin: true, is_after_cr: false, is_empty: true, is_in_head: true, left: lines }
    }

    /// Appends what the next bytes become; whether more are wanted.
    pub(crate) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> bool {
        while !bytes.is_empty() {
            if !self.is_in_head && self.left == Some(0) {
                return false;
            }
            let end = memchr(b'\n', bytes);
            let text = &bytes[..end.unwrap_or(bytes.len())];
            if self.is_begin && text.first() == Some(&b'.') {
                out.push(b'.');
            }
            out.extend_from_slice(text);
            if !text.is_empty() {
                self.is_begin = false;
                self.is_empty &= text == b"\r";
                self.is_after_cr = text.last() == Some(&b'\r');
            }
            let Some(end) = end else { return true };
            self.end_line(out);
            bytes = &bytes[end + 1..];
        }
        true
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        if !self.is_after_cr {
            out.push(b'\r');
        }
        out.push(b'\n');
        if self.is_in_head {
            self.is_in_head = !self.is_empty;
        } else if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        (self.is_begin, self.is_after_cr, self.is_empty) = (true, false, true);
    }

    /// Whether all lines that are wanted have come.
    pub(crate) fn has_all(&self) -> bool {
        !self.is_in_head && self.left == Some(0)
    }

    /// Appends the end.
    pub(crate) fn finish(mut self, out: &mut Vec<u8>) {
        if !self.is_begin {
            self.end_line(out);
        }
        out.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(message: &str, block: usize, wanted: Option<u64>) -> String {
        let (mut multiline, mut out) = (Multiline::new(wanted), Vec::new());
        let _more = message.as_bytes().chunks(block).all(|bytes| multiline.push(bytes, &mut out));
        multiline.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_message_comes_out_in_whole_lines_however_it_is_cut() {
        for block in 1..20 {
            assert_eq!(lines("A: b\r\n\r\n.\r\n..x\r\ny.\r\n", block, None), "A: b\r\n\r\n..\r\n...x\r\ny.\r\n.\r\n");
            assert_eq!(lines("A: b\n\n.x\n\ny", block, None), "A: b\r\n\r\n..x\r\n\r\ny\r\n.\r\n", "lines of Unix");
            assert_eq!(lines("", block, None), ".\r\n");
            assert_eq!(lines("a\r", block, None), "a\r\n.\r\n");
        }
    }

    #[test]
    fn the_top_has_the_header_and_so_many_lines() {
        let message = "A: b\r\nC: d\r\n\r\n1\r\n\r\n3\r\n4";
        for block in 1..30 {
            assert_eq!(lines(message, block, Some(0)), "A: b\r\nC: d\r\n\r\n.\r\n");
            assert_eq!(lines(message, block, Some(2)), "A: b\r\nC: d\r\n\r\n1\r\n\r\n.\r\n");
            assert_eq!(lines(message, block, Some(9)), format!("{message}\r\n.\r\n"));
            assert_eq!(lines("A: b\r\n", block, Some(1)), "A: b\r\n.\r\n", "no body");
        }
    }
}
