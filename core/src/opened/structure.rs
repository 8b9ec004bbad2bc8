//! Takes a message apart: which bytes are the header of a part, and which its body.
//!
//! One pass from the first line to the last, which looks at no byte more than twice, whatever stands in the message: delimiters are whole lines
//! (RFC 2046, 5.1.1) and are compared with the boundaries of the multiparts that are open, which are few. A delimiter of an outer multipart
//! ends the inner ones, and a multipart that has no delimiter at all is one part. A message within a message is a part like any other: it is
//! opened on request.

use super::field;
use mail_parser::{Header, HeaderName};
use memchr::memmem;
use std::ops::Range;

/// The most parts, and the most multiparts within each other.
const PARTS: usize = 20_000;
const DEPTH: usize = 64;

/// The most header fields, and bytes of them, in all parts together.
const FIELDS: usize = 50_000;
const FIELD_BYTES: usize = 1024 * 1024;

/// After so many fields and lines that look like delimiters the caller is asked whether to go on.
const STEPS: u32 = 256;

/// A part, or a multipart.
pub(super) struct Piece<'a> {
    /// Those fields that the summary holds.
    pub(super) headers: Vec<Header<'a>>,
    pub(super) start: usize,
    pub(super) body: Range<usize>,
    /// The multipart that it is a part of.
    pub(super) parent: Option<usize>,
    /// Whether it is a multipart, the parts of which follow.
    pub(super) is_divided: bool,
}

/// The parts of a message, each multipart before its own.
pub(super) struct Structure<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    /// Why not all of the message was taken apart.
    pub(super) cut: Option<&'static str>,
}

/// Takes a message apart, as long as `goes_on` says so; `None` where it did not.
pub(super) fn structure<'a>(raw: &'a [u8], goes_on: &dyn Fn() -> bool) -> Option<Structure<'a>> {
    let structure = Structure { pieces: Vec::new(), cut: None };
    let mut walk = Walk { raw, structure, open: Vec::new(), leaf: None, fields: 0, field_bytes: 0, steps: 0, goes_on };
    let mut at = 0;
    loop {
        match walk.part(at) {
            Ok(next) => at = next,
            Err(End::Reached) => break,
            Err(End::Cut(code)) => {
                walk.structure.cut = Some(code);
                break;
            }
            Err(End::Stopped) => return None,
        }
    }
    walk.close(0, raw.len());
    Some(walk.structure)
}

/// Why there is no further part.
enum End {
    Reached,
    Cut(&'static str),
    Stopped,
}

/// A multipart whose end was not seen yet.
struct Open {
    boundary: Vec<u8>,
    piece: usize,
}

struct Walk<'a, 'w> {
    raw: &'a [u8],
    structure: Structure<'a>,
    open: Vec<Open>,
    /// The part whose end was not seen yet, unless that is a multipart.
    leaf: Option<usize>,
    fields: usize,
    field_bytes: usize,
    steps: u32,
    goes_on: &'w dyn Fn() -> bool,
}

impl<'a> Walk<'a, '_> {
    /// Reads the part that begins at `at`, and returns where the next one begins.
    fn part(&mut self, at: usize) -> Result<usize, End> {
        if self.structure.pieces.len() == PARTS {
            return Err(End::Cut("message.parts_too_many"));
        }
        let mut headers = Vec::new();
        let read = self.header(at, &mut headers);
        let body = *read.as_ref().unwrap_or(&at);
        let parent = self.open.last().map(|open| open.piece);
        let boundary = boundary(&headers);
        let piece = self.structure.pieces.len();
        self.structure.pieces.push(Piece { headers, start: at, body: body..body, parent, is_divided: false });
        read?;
        if let Some(boundary) = boundary {
            if self.open.len() == DEPTH {
                self.structure.pieces.pop();
                return Err(End::Cut("message.nesting_too_deep"));
            }
            self.open.push(Open { boundary, piece });
        } else {
            self.leaf = Some(piece);
        }
        self.next(body)
    }

    /// Reads the fields of a header, and returns where the body begins. A delimiter ends a header, too.
    fn header(&mut self, start: usize, headers: &mut Vec<Header<'a>>) -> Result<usize, End> {
        let mut at = start;
        while let Some(range) = field::next(self.raw, at) {
            if self.delimiter(at).is_some() {
                return Ok(at);
            }
            self.step()?;
            self.fields += 1;
            self.field_bytes += range.len();
            if self.fields > FIELDS || self.field_bytes > FIELD_BYTES {
                return Err(End::Cut("message.header_too_large"));
            }
            at = range.end;
            headers.extend(field::read(self.raw, range));
        }
        Ok(field::line(self.raw, at))
    }

    /// Looks for the delimiter behind which the next part begins, and ends what it ends.
    fn next(&mut self, body: usize) -> Result<usize, End> {
        let mut at = body;
        while !self.open.is_empty() {
            let Some((level, is_last)) = self.delimiter(at) else {
                self.step()?;
                // From the end of the line before, or from within this one.
                let next = memmem::find(&self.raw[at..], b"\n--").ok_or(End::Reached)?;
                at += next + 1;
                continue;
            };
            self.close(level + 1, at);
            let multipart = self.open[level].piece;
            self.structure.pieces[multipart].is_divided = true;
            let behind = field::line(self.raw, at);
            if !is_last {
                return Ok(behind);
            }
            self.structure.pieces[multipart].body.end = behind;
            self.open.pop();
            at = behind;
        }
        Err(End::Reached)
    }

    /// Which of the open multiparts the line at `at` delimits, if it does, and whether as its last.
    fn delimiter(&self, at: usize) -> Option<(usize, bool)> {
        if !self.raw[at..].starts_with(b"--") || self.open.is_empty() {
            return None;
        }
        let line = self.raw[at + 2..field::line(self.raw, at)].trim_ascii_end();
        self.open.iter().enumerate().rev().find_map(|(level, open)| match line.strip_prefix(open.boundary.as_slice())? {
            b"" => Some((level, false)),
            b"--" => Some((level, true)),
            _ => None,
        })
    }

    /// Ends, in front of the line at `at`, the last part and the multiparts from this level on.
    fn close(&mut self, level: usize, at: usize) {
        let before = &self.raw[..at];
        let is_line = at < self.raw.len() && before.ends_with(b"\n");
        // The line end before a delimiter belongs to the delimiter.
        let end = if is_line { at - 1 - usize::from(before.ends_with(b"\r\n")) } else { at };
        for piece in self.open.drain(level..).map(|open| open.piece).chain(self.leaf.take()) {
            let body = &mut self.structure.pieces[piece].body;
            body.end = end.max(body.start);
        }
    }

    fn step(&mut self) -> Result<(), End> {
        self.steps += 1;
        if self.steps.is_multiple_of(STEPS) && !(self.goes_on)() { Err(End::Stopped) } else { Ok(()) }
    }
}

/// The boundary of a multipart that has one.
fn boundary(headers: &[Header<'_>]) -> Option<Vec<u8>> {
    let kind = headers.iter().rfind(|header| header.name == HeaderName::ContentType)?.value.as_content_type()?;
    let boundary = kind.attribute("boundary").filter(|_| kind.ctype() == "multipart")?.trim_end();
    (!boundary.is_empty()).then(|| boundary.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bodies of the parts that have no parts themselves, and where they hang.
    fn bodies(raw: &str) -> Vec<(Option<usize>, &str)> {
        let structure = structure(raw.as_bytes(), &|| true).unwrap();
        let leaves = structure.pieces.iter().filter(|piece| !piece.is_divided);
        leaves.map(|piece| (piece.parent, &raw[piece.body.clone()])).collect()
    }

    const MIXED: &str = "Content-Type: multipart/mixed; boundary=x\n\n";

    #[test]
    fn delimiters_are_whole_lines() {
        assert_eq!(bodies("Subject: a\r\n\r\ntext\r\n"), [(None, "text\r\n")]);
        let raw =
            format!("{MIXED}before\r\n--x\r\n\r\na;--x;b\r\nsee --x\r\n--xy\r\n--x-\r\n --x\r\n--x \t\r\n\r\n\n--x--\r\nbehind\r\n--x\r\n");
        assert_eq!(bodies(&raw), [(Some(0), "a;--x;b\r\nsee --x\r\n--xy\r\n--x-\r\n --x"), (Some(0), "")]);
        assert_eq!(bodies(&format!("{MIXED}--x\n\n--x\n\na\n--x--")), [(Some(0), ""), (Some(0), "a")]);
    }

    #[test]
    fn what_is_not_closed_ends_with_what_is_around_it() {
        let inner = "Content-Type: multipart/mixed; boundary=y\n\n--y\n\na\n--y\n\nb";
        assert_eq!(bodies(&format!("{MIXED}--x\n{inner}\n--x\n\nc")), [(Some(1), "a"), (Some(1), "b"), (Some(0), "c")]);
        let raw = format!("{MIXED}--x\n{inner}\n--y--\nbehind\n--x\nX: no body\n--x\n\nd\n");
        assert_eq!(bodies(&raw), [(Some(1), "a"), (Some(1), "b"), (Some(0), ""), (Some(0), "d\n")]);
        let raw = format!("{MIXED}--x\n{}--y--\nbehind\n--x--\nbehind\n", inner.strip_suffix('b').unwrap());
        assert_eq!(bodies(&raw), [(Some(1), "a"), (Some(1), "")]);
        // A multipart without a delimiter is one part.
        assert_eq!(bodies(&format!("{MIXED}text\n")), [(None, "text\n")]);
        assert_eq!(bodies(&format!("{MIXED}--x\nContent-Type: multipart/mixed; boundary=y\n\na\n--x--")), [(Some(0), "a")]);
        assert_eq!(bodies("Content-Type: multipart/mixed; boundary=\" \"\n\n-- \n\na\n"), [(None, "-- \n\na\n")]);
        assert_eq!(bodies(""), [(None, "")]);
    }

    #[test]
    fn more_than_any_program_writes_is_not_taken_apart() {
        let cut = |raw: &str| structure(raw.as_bytes(), &|| true).unwrap().cut;
        let nested = |depth| (0..depth).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect::<String>();
        assert_eq!(cut(&nested(DEPTH)), None);
        assert_eq!(cut(&nested(DEPTH + 1)), Some("message.nesting_too_deep"));
        assert_eq!(cut(&format!("{MIXED}{}", "--x\n\na\n".repeat(PARTS - 1))), None);
        assert_eq!(cut(&format!("{MIXED}{}", "--x\n\na\n".repeat(PARTS))), Some("message.parts_too_many"));
        assert_eq!(cut(&"X:\n".repeat(FIELDS)), None);
        for header in ["X:\n".repeat(FIELDS + 1), format!("To: {}", "a@b,\n ".repeat(200_000)), format!("To: {}", "a@b,".repeat(300_000))] {
            assert_eq!(cut(&header), Some("message.header_too_large"));
            // What was read of it is there, and the rest of it is no text.
            let structure = structure(header.as_bytes(), &|| true).unwrap();
            assert_eq!((structure.pieces.len(), structure.pieces[0].body.len()), (1, 0));
        }
    }

    #[test]
    fn it_ends_when_it_has_to() {
        let many = format!("{MIXED}{}", "--x\n\na\n".repeat(1000));
        for raw in [many, format!("{MIXED}{}", "--\n".repeat(1000)), "X:\n".repeat(1000)] {
            assert!(structure(raw.as_bytes(), &|| false).is_none(), "{}", &raw[..50]);
        }
    }
}
