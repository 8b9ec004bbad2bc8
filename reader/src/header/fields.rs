//! Splitting a header into its fields (RFC 5322, 2.2).

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter};
use std::borrow::Cow;

/// A field: its name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
    start: usize,
}

impl<'a> Field<'a> {
    /// The name as it stands there; printable ASCII without a colon.
    pub fn name(self) -> &'a str {
        std::str::from_utf8(self.name).unwrap_or_default()
    }

    /// The same as bytes.
    pub fn raw_name(self) -> &'a [u8] {
        self.name
    }

    /// Whether the field has this name, in any case.
    pub fn is(self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The bytes behind the colon with the folds, without the last line end.
    pub fn value(self) -> &'a [u8] {
        self.value
    }

    /// Where the field begins, in bytes from the beginning of the header.
    pub fn start(self) -> usize {
        self.start
    }
}

/// Where a field begins, where its colon is, and where its text ends: a header may be nothing but fields of three bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    start: u32,
    colon: u32,
    end: u32,
}

/// Of a longer header room for the fields is made at once: while it grows, they are in memory twice.
pub(crate) const LONG: usize = 4 * 1024;

/// The fields of a header, in order.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    places: Cow<'a, [Place]>,
    end: usize,
    is_ended: bool,
}

impl<'a> Fields<'a> {
    /// Reads the fields up to the first empty line or the end of the bytes.
    ///
    /// Lines may end in CRLF, in LF, or all of them in CR. A line that begins with a blank continues the field above, even where nothing else
    /// stands in it. A line that is no field is left out; the line `From ` that mailboxes put in front is no part of the header.
    /// No header of more than 4 GB is read to its end.
    pub fn read(bytes: &'a [u8]) -> Fields<'a> {
        let bytes = bytes.get(..u32::MAX as usize).unwrap_or(bytes);
        let lines = Lines { bytes, ends_in_cr: ends_in_cr(bytes) };
        let mut places = Vec::new();
        if bytes.len() > LONG {
            places.reserve_exact(lines.count());
        }
        let mut at = lines.behind_separator();
        while at < bytes.len() {
            let (text, next) = lines.field(at);
            if text == at {
                return Fields { bytes, places: Cow::Owned(places), end: next, is_ended: true };
            }
            places.extend(place(bytes, at, text));
            at = next;
        }
        Fields { bytes, places: Cow::Owned(places), end: bytes.len(), is_ended: false }
    }

    /// The same of a header whose fields were found already, if it is no long one.
    pub(crate) fn of(bytes: &'a [u8], places: &'a [Place]) -> Fields<'a> {
        if bytes.len() > LONG || ends_in_cr(bytes) {
            return Fields::read(bytes);
        }
        Fields { bytes, places: Cow::Borrowed(places), end: bytes.len(), is_ended: false }
    }

    /// The first field of this name, in any case.
    pub fn first(&self, name: &str) -> Option<Field<'a>> {
        self.iter().find(|field| field.is(name))
    }

    /// All fields of this name, in any case.
    pub fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = Field<'a>> {
        self.iter().filter(move |field| field.is(name))
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = Field<'a>> {
        self.places.iter().filter_map(|place| field(self.bytes, *place))
    }

    /// Where what follows the header begins: behind the empty line, or at the end of the bytes.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Whether an empty line ends the header.
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }
}

/// The bytes of a header and how its lines end.
struct Lines<'a> {
    bytes: &'a [u8],
    ends_in_cr: bool,
}

impl Lines<'_> {
    /// Where the text of the line at `at` ends, and where the next line begins.
    fn line(&self, at: usize) -> (usize, usize) {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let end = if self.ends_in_cr { memchr2(b'\r', b'\n', rest) } else { memchr(b'\n', rest) };
        let Some(end) = end else { return (self.bytes.len(), self.bytes.len()) };
        let end = at + end;
        if self.bytes[end] == b'\r' {
            return (end, end + 1 + usize::from(self.bytes.get(end + 1) == Some(&b'\n')));
        }
        let text = if end > at && self.bytes[end - 1] == b'\r' { end - 1 } else { end };
        (text, end + 1)
    }

    /// How many lines there are at most.
    fn count(&self) -> usize {
        let ends = if self.ends_in_cr { memchr2_iter(b'\r', b'\n', self.bytes).count() } else { memchr_iter(b'\n', self.bytes).count() };
        ends + 1
    }

    /// The line at `at` with those that continue it.
    fn field(&self, at: usize) -> (usize, usize) {
        let (mut text, mut next) = self.line(at);
        while text > at && matches!(self.bytes.get(next), Some(b' ' | b'\t')) {
            (text, next) = self.line(next);
        }
        (text, next)
    }

    /// Behind the line with which a mailbox (RFC 4155) begins a message, where there is one.
    fn behind_separator(&self) -> usize {
        // A byte order mark.
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            return 3;
        }
        let is_separator = self.bytes.starts_with(b"From ") || self.bytes.starts_with(b">From ");
        let (text, next) = self.line(0);
        // `From : anna@example.com` is a field.
        let name = memchr(b':', &self.bytes[..text]).and_then(|colon| name(&self.bytes[..colon]));
        if is_separator && name.is_none() { next } else { 0 }
    }
}

/// Whether lines end in CR alone: no line end of the header is another.
fn ends_in_cr(bytes: &[u8]) -> bool {
    let before = match memchr(b'\n', bytes) {
        Some(end) => bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]),
        None => bytes,
    };
    // Before the first LF an empty line may have ended the header already.
    memchr(b'\r', before).is_some() && (before.len() == bytes.len() || memchr::memmem::find(before, b"\r\r").is_some())
}

impl Place {
    /// Of the field that begins at `start` and ends, with its line end, where the bytes end; its name has so many bytes.
    pub(crate) fn of(bytes: &[u8], line_end: u8, start: usize, name: usize) -> Option<Place> {
        let end = bytes.strip_suffix(&[line_end]).map_or(bytes, |text| text.strip_suffix(b"\r").unwrap_or(text)).len();
        let behind = bytes.get(start + name..end)?;
        let colon = start + name + behind.iter().position(|byte| *byte == b':')?;
        let [start, colon, end] = [start, colon, end].map(u32::try_from);
        Some(Place { start: start.ok()?, colon: colon.ok()?, end: end.ok()? })
    }
}

fn place(bytes: &[u8], start: usize, end: usize) -> Option<Place> {
    let line = bytes.get(start..end)?;
    let colon = memchr(b':', line)?;
    name(&line[..colon])?;
    let [start, colon, end] = [start, start + colon, end].map(u32::try_from);
    Some(Place { start: start.ok()?, colon: colon.ok()?, end: end.ok()? })
}

fn field(bytes: &[u8], place: Place) -> Option<Field<'_>> {
    let (start, colon) = (place.start as usize, place.colon as usize);
    let name = bytes.get(start..colon)?;
    let name = if matches!(name.last(), Some(b' ' | b'\t')) { name.trim_ascii_end() } else { name };
    Some(Field { name, value: bytes.get(colon + 1..place.end as usize)?, start })
}

/// A name without the blanks that older mail has before the colon (RFC 5322, 4.5).
fn name(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'))? + 1;
    let name = &bytes[..end];
    name.iter().all(u8::is_ascii_graphic).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, &str)> {
        let fields = Fields::read(text.as_bytes());
        fields.iter().map(|field| (field.name(), std::str::from_utf8(field.value()).unwrap())).collect()
    }

    #[test]
    fn any_line_end_ends_a_line() {
        for end in ["\r\n", "\n", "\r"] {
            let text = format!("Subject: a{end} b{end} {end}\tc{end}To : d{end}Empty:{end}{end}X: body{end}");
            let value = format!(" a{end} b{end} {end}\tc");
            assert_eq!(read(&text), [("Subject", value.as_str()), ("To", " d"), ("Empty", "")], "{end:?}");
            let fields = Fields::read(text.as_bytes());
            assert_eq!((&text[fields.end()..], fields.is_ended()), (&*format!("X: body{end}"), true), "{end:?}");
        }
        // A message whose body has other line ends than its header.
        assert_eq!(read("A: b\rC: d\r\rE: f\r\n"), [("A", " b"), ("C", " d")]);
        assert_eq!(read("A: b\rc\r\nD: e\n\r\nF: g"), [("A", " b\rc"), ("D", " e")]);
    }

    #[test]
    fn a_header_may_end_with_its_bytes() {
        for text in ["Subject: a", "Subject: a\r\n", "Subject: a\n", "Subject: a\r"] {
            let fields = Fields::read(text.as_bytes());
            assert_eq!(
                (fields.first("SUBJECT").unwrap().value(), fields.end(), fields.is_ended()),
                (&b" a"[..], text.len(), false),
                "{text:?}"
            );
        }
        assert!(read("").is_empty() && read("\r\n").is_empty() && read("\n\nX: y").is_empty());
    }

    #[test]
    fn what_is_no_field_is_left_out() {
        let text = "From anna@example.com Sun Nov 29 17:41:51 2026\r\n\
            X: y\r\nno field\r\n with a fold: x\r\n: no name\r\nTwo words: x\r\nGr\u{fc}n: x\r\nZ-1_!: z\r\n";
        let fields = Fields::read(text.as_bytes());
        assert_eq!(read(text), [("X", " y"), ("Z-1_!", " z")]);
        assert_eq!(fields.iter().next().unwrap().start(), 48);
        assert_eq!(read(">From anna Sun Nov 29\nX: y"), [("X", " y")]);
        assert_eq!(read("From : a@example.com\nX: y"), [("From", " a@example.com"), ("X", " y")]);
        assert_eq!(read(" x: y\r\nX: z"), [("X", " z")]);
        assert_eq!(read("\u{feff}X: y"), [("X", " y")]);
    }

    #[test]
    fn fields_are_found_in_any_case() {
        let fields = Fields::read(b"to: a\nTO: b\nTo-: c");
        assert_eq!(fields.all("To").map(|field| field.value()).collect::<Vec<_>>(), [b" a", b" b"]);
        assert_eq!((fields.first("Cc"), fields.first("tO").unwrap().start()), (None, 0));
    }
}
