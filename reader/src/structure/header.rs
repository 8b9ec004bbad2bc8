//! Finds where a header ends, and those of its fields that say how the body is made.

use crate::header::{LONG, Place};
use std::ops::Range;

/// Names of fields that the structure hangs on, in lower case.
const FIELDS: [&[u8]; 3] = [b"content-type", b"content-transfer-encoding", b"content-disposition"];

/// Most headers have fewer fields.
const USUAL: usize = 32;

/// What is looked at, and how.
pub(super) struct Rules<'r> {
    /// Whether the message ends with the bytes that are looked at.
    pub(super) is_all: bool,
    /// Whether this is the header of the message itself.
    pub(super) is_outermost: bool,
    /// The last byte of a line end.
    pub(super) line_end: u8,
    /// So many fields may still come.
    pub(super) fields: usize,
    /// Whether a line is a delimiter of a multipart that is open.
    pub(super) is_delimiter: &'r dyn Fn(&[u8]) -> bool,
}

/// A header within the bytes that were looked at.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Where its first field begins.
    pub(super) start: usize,
    /// Behind its last field.
    pub(super) end: usize,
    /// Where the body begins.
    pub(super) body: usize,
    pub(super) fields: usize,
    /// Where the fields stand, from the first one on; of the header of the message itself alone, if it is no long one.
    pub(super) places: Vec<Place>,
    /// The values of the first Content-Type, Content-Transfer-Encoding and Content-Disposition.
    pub(super) values: [Option<Range<usize>>; 3],
    /// One of these three comes again.
    pub(super) is_repeated: bool,
    /// There is a line in it that is no field.
    pub(super) has_strays: bool,
    /// Neither an empty line nor a delimiter ends it, or its last line has no end.
    pub(super) is_unended: bool,
}

/// How far the looking went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To the end of the header.
    Whole,
    /// More bytes have to be seen.
    More,
    /// To a field that is one too many.
    TooMany,
}

/// Looks at a header from its first byte on.
pub(super) fn scan(bytes: &[u8], rules: &Rules<'_>) -> (Header, Reach) {
    let mut header = Header::default();
    if rules.is_outermost {
        header.start = preface(bytes, rules);
        header.places.reserve(USUAL);
    }
    header.end = header.start;
    let reach = header.fields(bytes, rules);
    (header, reach)
}

/// The header at the beginning of a message of which only the beginning is there: that of an attached one.
pub(crate) fn header_of(bytes: &[u8]) -> &[u8] {
    let rules = Rules { is_all: true, is_outermost: true, line_end: b'\n', fields: usize::MAX, is_delimiter: &|_| false };
    let header = scan(bytes, &rules).0;
    bytes.get(header.start..header.end).unwrap_or_default()
}

/// What stands in front of a message: a byte order mark, or the line by which a mailbox file divides its messages.
fn preface(bytes: &[u8], rules: &Rules<'_>) -> usize {
    let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let rest = &bytes[mark..];
    let is_divider = rest.starts_with(b"From ") || rest.starts_with(b">From ");
    let end = is_divider.then(|| line(bytes, mark, rules)).flatten();
    // `From : anna@example.com` is a field.
    end.filter(|end| bytes.get(mark..*end).is_some_and(|line| name(line).is_none())).unwrap_or(mark)
}

/// Where the line at `at` ends, behind its line end; `None` where that is not seen.
fn line(bytes: &[u8], at: usize, rules: &Rules<'_>) -> Option<usize> {
    let rest = bytes.get(at..)?;
    memchr::memchr(rules.line_end, rest).map(|end| at + end + 1).or((rules.is_all && !rest.is_empty()).then_some(bytes.len()))
}

/// The name of the field that a line begins, if it does (RFC 5322, 2.2). Old programs put blanks in front of the colon (4.5).
fn name(line: &[u8]) -> Option<&[u8]> {
    let end = line.iter().position(|byte| !matches!(byte, b'!'..=b'9' | b';'..=b'~'))?;
    let (name, rest) = line.split_at(end);
    let behind = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    (end > 0 && behind == Some(&b':')).then_some(name)
}

impl Header {
    fn fields(&mut self, bytes: &[u8], rules: &Rules<'_>) -> Reach {
        let mut at = self.start;
        loop {
            self.end = at;
            self.body = at;
            if at >= bytes.len() && rules.is_all {
                self.is_unended = at > self.start && bytes.last() != Some(&rules.line_end);
                return Reach::Whole;
            }
            let Some(end) = line(bytes, at, rules) else { return Reach::More };
            let text = &bytes[at..end];
            if text.iter().all(u8::is_ascii_whitespace) {
                self.body = end;
                return Reach::Whole;
            }
            let Some(name) = name(text) else {
                if (rules.is_delimiter)(text) {
                    return Reach::Whole;
                }
                if self.is_cut(text, end == bytes.len(), rules) {
                    self.end = end;
                    self.body = end;
                    self.is_unended = true;
                    return Reach::Whole;
                }
                let Some(goes_on) = self.goes_on(bytes, end, rules) else { return Reach::More };
                if !goes_on {
                    self.is_unended = true;
                    return Reach::Whole;
                }
                self.has_strays = true;
                at = end;
                continue;
            };
            let Some(end) = continued(bytes, end, rules) else { return Reach::More };
            if self.fields == rules.fields {
                return Reach::TooMany;
            }
            self.fields += 1;
            if rules.is_outermost && end - self.start <= LONG {
                let bytes = bytes.get(self.start..end).unwrap_or_default();
                self.places.extend(Place::of(bytes, rules.line_end, at - self.start, name.len()));
            }
            self.keep(name, at, end, bytes);
            at = end;
        }
    }

    /// Whether a line is the beginning of a field that was cut off with the rest of the message.
    fn is_cut(&self, line: &[u8], is_last: bool, rules: &Rules<'_>) -> bool {
        let is_name = line.first().is_some_and(u8::is_ascii_uppercase) && line.iter().all(|byte| matches!(byte, b'!'..=b'9' | b';'..=b'~'));
        rules.is_all && rules.is_outermost && is_last && self.fields > 0 && is_name
    }

    /// Whether the header goes on behind a line that is no field, with the line at `next`; `None` where too little is seen. A part without a header,
    /// and without the empty line that says so, begins with its text.
    fn goes_on(&self, bytes: &[u8], next: usize, rules: &Rules<'_>) -> Option<bool> {
        if next >= bytes.len() {
            return rules.is_all.then_some(false);
        }
        let end = line(bytes, next, rules)?;
        let found = name(&bytes[next..end]);
        Some(found.is_some_and(|name| {
            let is_mime = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
            rules.is_outermost || self.fields > 0 || is_mime
        }))
    }

    /// Keeps where the value of a field stands if that is needed.
    fn keep(&mut self, name: &[u8], at: usize, end: usize, bytes: &[u8]) {
        if !matches!(name.len(), 12 | 19 | 25) {
            return;
        }
        let Some(index) = FIELDS.iter().position(|known| known.eq_ignore_ascii_case(name)) else { return };
        let Some(colon) = memchr::memchr(b':', &bytes[at..end]) else { return };
        match &mut self.values[index] {
            Some(_) => self.is_repeated = true,
            value => *value = Some(at + colon + 1..end),
        }
    }
}

/// Where the last line of a field ends: a line that begins with a blank continues the one before.
fn continued(bytes: &[u8], end: usize, rules: &Rules<'_>) -> Option<usize> {
    let mut end = end;
    loop {
        match bytes.get(end) {
            Some(b' ' | b'\t') => end = line(bytes, end, rules)?,
            Some(_) => return Some(end),
            None => return rules.is_all.then_some(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(is_all: bool) -> Rules<'static> {
        Rules { is_all, is_outermost: true, line_end: b'\n', fields: 100, is_delimiter: &|line| line.trim_ascii_end() == b"--b" }
    }

    /// What is the header, and what comes behind it.
    fn split(text: &str) -> (&str, &str, bool) {
        let (header, reach) = scan(text.as_bytes(), &rules(true));
        assert_eq!(reach, Reach::Whole);
        for length in 0..text.len() {
            // Of a beginning the same is found, or that more has to be seen.
            let (part, reach) = scan(&text.as_bytes()[..length], &rules(false));
            assert!(reach == Reach::More || (part.end, part.body) == (header.end, header.body), "{text:?} {length}");
        }
        (&text[header.start..header.end], &text[header.body..], header.is_unended)
    }

    #[test]
    fn a_header_ends_with_an_empty_line_a_delimiter_or_what_is_no_field() {
        assert_eq!(split("A: b\r\nC: d\r\n e\r\n\r\nbody"), ("A: b\r\nC: d\r\n e\r\n", "body", false));
        assert_eq!(split("A: b\n--b\n"), ("A: b\n", "--b\n", false));
        assert_eq!(split("\nbody"), ("", "body", false));
        assert_eq!(split(""), ("", "", false));
        assert_eq!(split("A: b\n"), ("A: b\n", "", false));
        assert_eq!(split("A: b"), ("A: b", "", true));
        assert_eq!(split("A: b\nHello you,\nthis is text"), ("A: b\n", "Hello you,\nthis is text", true));
        assert_eq!(split("Hello: you, this is\ntext"), ("Hello: you, this is\n", "text", true));
        assert_eq!(split("A: b\nno field\nC: d\n\nbody"), ("A: b\nno field\nC: d\n", "body", false));
        assert_eq!(split("A: b\nSubj"), ("A: b\nSubj", "", true));
        assert_eq!(split("A : b\nC\t: d\n\nbody"), ("A : b\nC\t: d\n", "body", false));
        assert_eq!(split("From a@b Thu Jan  1 00:00:00 1970\nA: b\n\nx"), ("A: b\n", "x", false));
        assert_eq!(split("From : a@b\nA: b\n\nx"), ("From : a@b\nA: b\n", "x", false));
        assert_eq!(split("\u{feff}A: b\n\nx"), ("A: b\n", "x", false));
    }

    #[test]
    fn the_first_of_the_fields_that_count_is_kept() {
        let text = b"content-type: a/b;\n x=y\nContent-Type: c/d\nContent-Transfer-Encoding: 8bit\n\n";
        let (header, _) = scan(text, &rules(true));
        let value = |index: usize| header.values[index].clone().map(|range| &text[range]);
        assert_eq!((value(0), value(1), value(2)), (Some(&b" a/b;\n x=y\n"[..]), Some(&b" 8bit\n"[..]), None));
        assert!(header.is_repeated);
    }

    #[test]
    fn a_part_without_a_header_begins_with_its_text() {
        let rules = Rules { is_outermost: false, ..rules(true) };
        let body = |text: &'static str| &text[scan(text.as_bytes(), &rules).0.body..];
        assert_eq!(body("Dear all,\nNB: read this\n"), "Dear all,\nNB: read this\n");
        assert_eq!(body("odd line\nContent-Type: text/plain\n\nx"), "x");
        assert_eq!(scan(b"A: b\nB: c\n", &Rules { fields: 1, ..rules }).1, Reach::TooMany);
    }
}
