//! Responses taken apart into lines and literals.
//!
//! A response is gathered until its last line is there, with a limit on its size and on how deep it nests. Only the literal of a message body is not gathered: it is announced as [`Piece::Body`] and passes through, and
//! NIL stands in its place.

use crate::fetch_response::{Section, fetch_start};
use postkontor_plugin::net::Stream;
use postkontor_plugin::{Call, Error, Status};

/// The most bytes of one response without its bodies.
const RESPONSE: usize = 4 * 1024 * 1024;

/// The longest line: the response to a SEARCH, from a server that cannot give ranges (RFC 4731), names every message.
const LINE: usize = 1024 * 1024;

/// How deep parentheses may nest. BODYSTRUCTURE needs most: a level for each multipart and each attached message.
const DEPTH: usize = 200;

/// Most responses are shorter, so that they are gathered without moving.
const USUAL: usize = 256;

/// The most bytes of a response that are kept before its body.
const HEAD: usize = 4096;

/// The most literals in one response.
const LITERALS: usize = 1000;

/// What comes next from the server.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A whole response, with its line end.
    Response(Vec<u8>),
    /// The literal of a message body of so many bytes follows, to be read with [`Reader::body`]; `head` is the response so far.
    Body { head: Vec<u8>, section: Section, length: u64 },
}

/// The response that is being gathered.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    gathered: Vec<u8>,
    depth: usize,
    literals: usize,
}

impl Reader {
    pub(crate) fn limit_lines(stream: &mut Stream) {
        stream.set_line_limit(LINE);
    }

    /// Reads up to the end of the response, or up to a body in it.
    pub(crate) fn next(&mut self, stream: &mut Stream, call: &Call) -> Result<Piece, Error> {
        loop {
            let line = stream.read_line(call)?;
            let start = self.gathered.len();
            self.gathered.extend_from_slice(line);
            self.measure(start)?;
            let Some((before, length)) = literal(&self.gathered[start..]) else {
                self.gathered.extend_from_slice(b"\r\n");
                self.depth = 0;
                self.literals = 0;
                return Ok(Piece::Response(std::mem::replace(&mut self.gathered, Vec::with_capacity(USUAL))));
            };
            let end = start + before;
            self.literals += 1;
            if self.literals > LITERALS {
                return Err(too_long());
            }
            if let Some(section) = section(&self.gathered[..end]) {
                self.gathered.truncate(end);
                // The head of a body is short; of a longer one the beginning suffices.
                let head = self.gathered[..end.min(HEAD)].to_vec();
                self.gathered.extend_from_slice(b"NIL");
                return Ok(Piece::Body { head, section, length });
            }
            self.gathered.extend_from_slice(b"\r\n");
            let wanted = usize::try_from(length).ok().filter(|length| self.gathered.len() + length <= RESPONSE);
            let wanted = wanted.ok_or_else(too_long)?;
            self.literal(wanted, stream, call)?;
        }
    }

    /// How much of the response was gathered so far.
    pub(crate) fn length(&self) -> usize {
        self.gathered.len()
    }

    /// Hands a body on as it comes. To be called once after each [`Piece::Body`], with its length.
    pub(crate) fn body(
        &mut self,
        length: u64,
        stream: &mut Stream,
        call: &Call,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut left = length;
        while left > 0 {
            let bytes = stream.peek(call)?;
            let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            take(&bytes[..count])?;
            stream.consume(count);
            left -= count as u64;
        }
        Ok(())
    }

    fn literal(&mut self, length: usize, stream: &mut Stream, call: &Call) -> Result<(), Error> {
        let mut left = length;
        while left > 0 {
            // Memory follows the bytes that have come, not those that were announced.
            let bytes = stream.peek(call)?;
            let count = bytes.len().min(left);
            self.gathered.extend_from_slice(&bytes[..count]);
            stream.consume(count);
            left -= count;
        }
        Ok(())
    }

    /// Counts parentheses outside of quoted strings: no response to these commands nests deep.
    fn measure(&mut self, start: usize) -> Result<(), Error> {
        if self.gathered.len() > RESPONSE {
            return Err(too_long());
        }
        let mut rest = &self.gathered[start..];
        let mut is_quoted = false;
        loop {
            let next = if is_quoted { memchr::memchr2(b'"', b'\\', rest) } else { memchr::memchr3(b'"', b'(', b')', rest) };
            let Some(at) = next else { return Ok(()) };
            // The byte behind a backslash is skipped.
            let step = if rest[at] == b'\\' { 2 } else { 1 };
            match rest[at] {
                b'"' => is_quoted = !is_quoted,
                b'(' => self.depth += 1,
                b')' => self.depth = self.depth.saturating_sub(1),
                _ => (),
            }
            if self.depth > DEPTH {
                return Err(Error::new(Status::Protocol, "imap.response_too_deep").arg("limit", DEPTH as u64));
            }
            rest = rest.get(at + step..).unwrap_or_default();
        }
    }
}

/// Where a literal's `{length}` begins at the end of a line, and the length.
fn literal(line: &[u8]) -> Option<(usize, u64)> {
    let inside = line.strip_suffix(b"}")?;
    let open = memchr::memrchr(b'{', inside)?;
    let digits = inside[open + 1..].strip_suffix(b"+").unwrap_or(&inside[open + 1..]);
    // A literal8 (RFC 3516) has a tilde before it.
    let start = if open > 0 && line[open - 1] == b'~' { open - 1 } else { open };
    let is_number = !digits.is_empty() && digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit);
    let length = is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()?;
    Some((start, length))
}

/// The body that a FETCH response is about to give: `* 1 FETCH (… BODY[] `, `BODY[HEADER] `, `BODY[2.1] ` or `BODY[2.1]<0> `.
/// Some servers answer under the older names, RFC822 and RFC822.HEADER.
fn section(head: &[u8]) -> Option<Section> {
    fetch_start(head)?;
    let head = head.strip_suffix(b" ")?.trim_ascii_end();
    let is_item = |item: &[u8]| {
        let before = head.len().checked_sub(item.len() + 1).map(|at| &head[at..]);
        before.is_some_and(|end| matches!(end[0], b' ' | b'(') && end[1..].eq_ignore_ascii_case(item))
    };
    if is_item(b"BODY[]") || is_item(b"RFC822") {
        Some(Section::Whole)
    } else if is_item(b"BODY[HEADER]") || is_item(b"RFC822.HEADER") {
        Some(Section::Headers)
    } else {
        let item = &head[memchr::memrchr2(b' ', b'(', head)? + 1..];
        is_part(item).then_some(Section::Part)
    }
}

/// Whether a data item is the body of a part, or the beginning of a body: `BODY[2.1]`, `BODY[2.1]<0>`, `BODY[]<0>`.
pub(crate) fn is_part(item: &[u8]) -> bool {
    let inside = item.split_at_checked(5).filter(|(name, _)| name.eq_ignore_ascii_case(b"BODY[")).map(|(_, inside)| inside);
    let Some((inside, end)) = inside.and_then(|inside| Some((inside, memchr::memchr(b']', inside)?))) else { return false };
    let (section, behind) = (&inside[..end], &inside[end + 1..]);
    let is_number = section.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    is_number && (behind == b"<0>" || behind.is_empty() && !section.is_empty())
}

fn too_long() -> Error {
    Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", RESPONSE as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_recognised_at_the_end_of_a_line() {
        assert_eq!(literal(b"* 1 FETCH (BODY[] {12}"), Some((18, 12)));
        assert_eq!(literal(b"x {0}"), Some((2, 0)));
        assert_eq!(literal(b"x {5+}"), Some((2, 5)));
        assert_eq!(literal(b"x ~{5}"), Some((2, 5)));
        for line in [&b"x {}"[..], b"x {-1}", b"x {1x}", b"x {99999999999999999999}", b"x {1} ", b"x 1}", b"}"] {
            assert_eq!(literal(line), None, "{line:?}");
        }
    }

    #[test]
    fn only_the_body_of_a_fetch_passes_through() {
        assert_eq!(section(b"* 1 FETCH (UID 5 BODY[] "), Some(Section::Whole));
        assert_eq!(section(b"* 1 FETCH (BODY[] "), Some(Section::Whole));
        assert_eq!(section(b"* 1 fetch (uid 5 body[header]  "), Some(Section::Headers));
        assert_eq!(section(b"* 1 FETCH (UID 5 RFC822 "), Some(Section::Whole));
        assert_eq!(section(b"* 1 FETCH (RFC822.HEADER "), Some(Section::Headers));
        for part in ["BODY[1]", "body[2.1]", "BODY[2.1]<0>", "BODY[]<0>"] {
            assert_eq!(section(format!("* 1 FETCH (UID 5 {part} ").as_bytes()), Some(Section::Part), "{part}");
        }
        for head in [
            "* 1 FETCH (UID 5 RFC822.TEXT ",
            "* 1 FETCH (UID 5 ENVELOPE (",
            "* 1 FETCH (UID 5 BODY[TEXT] ",
            "* 1 FETCH (UID 5 BODY[]<1> ",
            "* 1 FETCH (UID 5 BODY[2.MIME] ",
            "* 1 FETCH (UID 5 BODY[2.1]<0 ",
            "* 1 FETCH (XBODY[] ",
        ] {
            assert_eq!(section(head.as_bytes()), None, "{head}");
        }
        for head in ["* LIST () \"/\" ", "* OK [X] BODY[] ", "a1 OK BODY[] ", "* FETCH (BODY[] ", "* ", ""] {
            assert_eq!(section(head.as_bytes()), None, "{head}");
        }
    }
}
