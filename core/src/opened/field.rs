//! The header fields that a summary holds.
//!
//! mail-parser reads what stands in a field; which bytes are a field is decided here, and what would make the parser look at the same bytes
//! again and again is kept from it.

use mail_parser::parsers::MessageStream;
use mail_parser::{Header, HeaderName, HeaderValue, Message, MessagePart};
use memchr::memmem;
use std::borrow::Cow;
use std::ops::Range;

/// The most bytes of a field with parameters. A file name of 255 letters takes 3 kB; for each parameter the parser looks at all the others.
const PARAMETERS: usize = 8 * 1024;

/// So many encoded words without an end are looked for in vain by the parser, each to the end of the field.
const UNCLOSED: usize = 16;

/// Reads a field: all its lines, with the last line end. `None` for a field that no summary holds, and for what is none.
pub(super) fn read(raw: &[u8], range: Range<usize>) -> Option<Header<'_>> {
    let bytes = raw.get(range.clone())?;
    let mut stream = MessageStream::new(bytes);
    let name = stream.parse_header_name()?;
    let start = stream.offset();
    let parse = parser(&name)?;
    let value = match guarded(&name, &bytes[start..]) {
        Cow::Borrowed(value) => parse(&mut MessageStream::new(value)),
        Cow::Owned(value) => parse(&mut MessageStream::new(&value)).into_owned(),
    };
    // Offsets are 32 bits wide, as the messages are that are taken apart.
    let place = |at: usize| u32::try_from(range.start + at).unwrap_or(u32::MAX);
    Some(Header { name, value, offset_field: place(0), offset_start: place(start), offset_end: place(bytes.len()) })
}

/// A header, as a message without a body.
pub(super) fn attached(bytes: &[u8]) -> Message<'_> {
    let (mut headers, mut at) = (Vec::new(), 0);
    while let Some(range) = next(bytes, at) {
        at = range.end;
        headers.extend(read(bytes, range));
    }
    Message { parts: vec![MessagePart { headers, ..MessagePart::default() }], ..Message::default() }
}

/// The field that begins at `at`, up to the first line that no blank continues; `None` where the header ends with an empty line or with the bytes.
fn next(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let mut end = line(bytes, at);
    if bytes[at..end].iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    while matches!(bytes.get(end), Some(b' ' | b'\t')) {
        end = line(bytes, end);
    }
    Some(at..end)
}

/// Where the line that begins at `at` ends, behind its line end.
fn line(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1)
}

type Parse = for<'x> fn(&mut MessageStream<'x>) -> HeaderValue<'x>;

fn parser(name: &HeaderName<'_>) -> Option<Parse> {
    use HeaderName::{
        Bcc, Cc, ContentDisposition, ContentId, ContentTransferEncoding, ContentType, Date, From, InReplyTo, MessageId, References,
        ReplyTo, Sender, Subject, To,
    };
    Some(match name {
        Subject | ContentTransferEncoding => |stream| stream.parse_unstructured(),
        Date => |stream| stream.parse_date(),
        From | Sender | ReplyTo | To | Cc | Bcc => |stream| stream.parse_address(),
        MessageId | InReplyTo | References | ContentId => |stream| stream.parse_id(),
        ContentType | ContentDisposition => |stream| stream.parse_content_type(),
        _ => return None,
    })
}

/// The value as it is given to the parser.
fn guarded<'a>(name: &HeaderName<'_>, value: &'a [u8]) -> Cow<'a, [u8]> {
    let mut value = Cow::Borrowed(value);
    if matches!(name, HeaderName::ContentType | HeaderName::ContentDisposition) && value.len() > PARAMETERS {
        let whole = memchr::memrchr(b';', &value[..PARAMETERS]).unwrap_or_default();
        value = Cow::Owned(value[..whole].to_vec());
    }
    let unclosed = unclosed(&value);
    if unclosed.len() > UNCLOSED {
        value = Cow::Owned(broken(&value, &unclosed));
    }
    if value.last() != Some(&b'\n') {
        // The parser takes a field only with the end of its line.
        value.to_mut().push(b'\n');
    }
    value
}

/// Where encoded words begin that nothing ends before the next one begins.
///
/// The parser looks for the end of a word in the Q encoding as far as the field reaches; all else ends at the next question mark.
fn unclosed(value: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut starts = memmem::find_iter(value, b"=?").peekable();
    while let Some(start) = starts.next() {
        let end = starts.peek().map_or(value.len(), |next| next + 1);
        let word = &value[start + 2..end];
        let is_begun = memchr::memchr(b'?', word).filter(|mark| matches!(word.get(mark + 1..mark + 3), Some(b"q?" | b"Q?")));
        if is_begun.is_some_and(|mark| memmem::find(&word[mark + 3..], b"?=").is_none()) {
            places.push(start);
        }
    }
    places
}

/// The value with a blank in the mark that begins each of these words, so that they are the plain text that they look like.
fn broken(value: &[u8], words: &[usize]) -> Vec<u8> {
    let mut broken = Vec::with_capacity(value.len() + words.len() + 1);
    let mut from = 0;
    for word in words {
        broken.extend_from_slice(&value[from..=*word]);
        broken.push(b' ');
        from = word + 1;
    }
    broken.extend_from_slice(&value[from..]);
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Option<String> {
        let header = read(text.as_bytes(), 0..text.len())?;
        header.value.as_text().map(str::to_owned)
    }

    #[test]
    fn fields_are_read_with_their_continuations() {
        let raw = b"Subject: a\r\n b\r\n \r\n c\r\nno field\r\nX: y\r\nMessage-ID: <1@a>\n\r\nbody";
        let (mut at, mut read) = (0, Vec::new());
        while let Some(range) = next(raw, at) {
            at = range.end;
            read.extend(super::read(raw, range).map(|header| header.value.as_text().unwrap_or_default().to_owned()));
        }
        assert_eq!(read, ["a b c", "1@a"]);
        assert_eq!(field("Subject: without an end").as_deref(), Some("without an end"));
        assert_eq!(attached(b"Subject: x").subject(), Some("x"));
    }

    #[test]
    fn encoded_words_are_decoded_unless_too_many_have_no_end() {
        assert_eq!(field("Subject: =?utf-8?q?a=3F?=\r\n =?utf-8?b?Yg==?= =?utf-8?q?c?d?=\r\n").as_deref(), Some("a?bc?d"));
        assert_eq!(field("Subject: =?utf-8?q?a =?utf-8?q?b?=\r\n").as_deref(), Some("=?utf-8?q?a b"));
        let many = "=?aa?q?".repeat(UNCLOSED + 1);
        assert_eq!(field(&format!("Subject: {many}=?utf-8?q?b?=\r\n")), Some(format!("{} b", many.replace("=?", "= ?"))));
    }

    #[test]
    fn of_parameters_those_in_front_count() {
        let raw = format!("Content-Type: text/plain; charset=x{}\r\n", "; a=b".repeat(1_000_000));
        let header = read(raw.as_bytes(), 0..raw.len()).unwrap();
        let kind = header.value.as_content_type().unwrap();
        assert_eq!((kind.ctype(), kind.attribute("charset")), ("text", Some("x")));
        assert!(kind.attributes().unwrap().len() < PARAMETERS);
    }
}
