//! Message-IDs: of a message itself, and of those that it answers or refers to (RFC 5322, 3.6.4 and 4.5.4).

use super::scanner::comment;
use super::text::{text, unfolded};
use crate::Repairs;
use crate::charset;
use std::borrow::Cow;

/// More are not read.
const MOST: usize = 5000;

/// The first id in a value, without angle brackets.
///
/// Else like [`message_ids`]; one written as nearly all are is not copied.
pub fn message_id(value: &[u8]) -> Option<Cow<'_, str>> {
    let inner = value.trim_ascii().strip_prefix(b"<").and_then(|inner| inner.strip_suffix(b">"));
    let is_letter = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>');
    match inner.filter(|inner| !inner.is_empty() && inner.iter().all(is_letter)) {
        // All of it is ASCII.
        Some(inner) => std::str::from_utf8(inner).ok().map(Cow::Borrowed),
        None => message_ids(value).into_iter().next().map(Cow::Owned),
    }
}

/// The ids in a value, in order, without angle brackets.
///
/// Words between ids are left out, as RFC 5322 (4.5.4) wants it, unless they look like an id: they have an @, or are all there is. A fold within an
/// id is taken away; other blanks in it stay, so that it is the one that was written.
pub fn message_ids(value: &[u8]) -> Vec<String> {
    let value = value.trim_ascii();
    if value.starts_with(b"=?") && memchr::memchr(b'<', value).is_none() {
        // A gateway encoded the whole field.
        let decoded = text(value, None, &mut Repairs::default(), "");
        return ids(decoded.as_bytes());
    }
    ids(value)
}

fn ids(value: &[u8]) -> Vec<String> {
    let (mut ids, mut bare, mut rest) = (Vec::new(), 0, value);
    let mut has_comment_ahead = true;
    while let Some(first) = rest.first().filter(|_| ids.len() < MOST) {
        rest = match first {
            b'<' => bracketed(&rest[1..], &mut ids),
            b'(' => {
                let end = if has_comment_ahead { comment(rest) } else { None };
                has_comment_ahead = end.is_some();
                &rest[end.unwrap_or(1)..]
            }
            first if is_between(*first) => &rest[1..],
            _ => {
                bare += 1;
                unbracketed(rest, bare == 1, &mut ids)
            }
        };
    }
    ids
}

/// What stands in brackets; one that is not closed ends before the next one.
fn bracketed<'a>(bytes: &'a [u8], ids: &mut Vec<String>) -> &'a [u8] {
    let end = memchr::memchr2(b'<', b'>', bytes).unwrap_or(bytes.len());
    push(&bytes[..end], ids);
    let rest = &bytes[end..];
    rest.strip_prefix(b">").unwrap_or(rest)
}

/// A word outside of brackets. One without an @ is an id only where it is all there is.
fn unbracketed<'a>(bytes: &'a [u8], is_first: bool, ids: &mut Vec<String>) -> &'a [u8] {
    let end = bytes.iter().position(|byte| is_between(*byte) || matches!(byte, b'<' | b'(')).unwrap_or(bytes.len());
    let (word, rest) = bytes.split_at(end);
    let word = word.strip_suffix(b">").unwrap_or(word);
    let is_alone = is_first && ids.is_empty() && rest.iter().all(|byte| is_between(*byte));
    if memchr::memchr(b'@', word).is_some() || is_alone {
        push(word, ids);
    }
    rest
}

fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b'"' | 0)
}

fn push(bytes: &[u8], ids: &mut Vec<String>) {
    // A fold is the line end with the blanks behind it: an id is not written over two lines otherwise.
    let whole: Vec<u8>;
    let bytes = if memchr::memchr2(b'\r', b'\n', bytes).is_some() {
        whole = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).flat_map(<[u8]>::trim_ascii).copied().collect();
        &whole
    } else {
        bytes.trim_ascii()
    };
    let bytes = unfolded(bytes);
    if !bytes.is_empty() {
        let id = charset::decode_raw(&bytes, None, &mut |_| {});
        ids.push(if memchr::memchr(0, id.as_bytes()).is_some() { id.replace('\0', " ") } else { id.into_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_with_and_without_their_brackets() {
        let table: [(&str, &[&str]); 21] = [
            (" <a@b>", &["a@b"]),
            ("<a@b> <c@d>\r\n\t<e@f>\r\n", &["a@b", "c@d", "e@f"]),
            ("<a@b><c@d>", &["a@b", "c@d"]),
            ("<a@b>, <c@d>;<e@f>", &["a@b", "c@d", "e@f"]),
            ("a@b", &["a@b"]),
            ("a@b c@d", &["a@b", "c@d"]),
            ("abc123", &["abc123"]),
            ("<abc123>", &["abc123"]),
            ("<a b@c>", &["a b@c"]),
            ("< a@b >", &["a@b"]),
            ("<a.long.\r\n id@b>", &["a.long.id@b"]),
            ("<a@b> (from <x@y>) <c@d>", &["a@b", "c@d"]),
            ("Your message of \"Tue, 5 May\" <a@b>", &["a@b"]),
            ("Your message of Tuesday", &[]),
            ("<a@b <c@d>", &["a@b", "c@d"]),
            ("<a@b", &["a@b"]),
            ("a@b>", &["a@b"]),
            ("<>", &[]),
            ("(a (b@c", &["b@c"]),
            ("", &[]),
            ("=?utf-8?Q?=3Ca=40b=3E?=", &["a@b"]),
        ];
        for (value, ids) in table {
            assert_eq!(message_ids(value.as_bytes()), ids, "{value}");
        }
        assert_eq!(message_ids(b"<gr\xfcn@b>"), ["grün@b"]);
        assert_eq!(message_ids("<a ".repeat(100_000).as_bytes()).len(), MOST);
    }
}
