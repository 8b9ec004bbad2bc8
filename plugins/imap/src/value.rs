//! The values that responses are made of (RFC 9051, section 9), read without recursion, whatever a server sends.

use std::borrow::Cow;

/// A value in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// What stands between parentheses.
    List(&'a [u8]),
    /// A quoted string, without the backslashes that protect it, or a literal.
    String(Cow<'a, [u8]>),
    /// Anything else, up to the next space: a word, a number, NIL.
    Atom(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The value at the beginning, and what stands behind it.
    pub(crate) fn read(text: &'a [u8]) -> Option<(Value<'a>, &'a [u8])> {
        if text.first() == Some(&b'(') {
            return list(text);
        }
        if let Some(inside) = text.strip_prefix(b"\"") {
            let (inside, rest) = inside.split_at_checked(quoted(inside)?)?;
            return Some((Value::String(plain(inside)), &rest[1..]));
        }
        if let Some((literal, rest)) = literal(text) {
            return Some((Value::String(Cow::Borrowed(literal)), rest));
        }
        let end = text.iter().position(|byte| b" ()\"\r\n".contains(byte))?;
        (end > 0).then(|| (Value::Atom(&text[..end]), &text[end..]))
    }

    /// A word or a string, as text.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::List(_) => None,
            Value::String(text) => Some(String::from_utf8_lossy(text)),
            Value::Atom(atom) if atom.eq_ignore_ascii_case(b"NIL") => None,
            Value::Atom(atom) => Some(String::from_utf8_lossy(atom)),
        }
    }

    /// A number of 32 bits.
    pub(crate) fn number(&self) -> Option<u32> {
        let Value::Atom(digits) = self else { return None };
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}

/// A list whose end is found by counting.
fn list(text: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        at += match text.get(at)? {
            b'"' => 2 + quoted(&text[at + 1..])?,
            b'{' => literal(&text[at..]).map_or(1, |(_, rest)| text.len() - at - rest.len()),
            b'(' => {
                depth += 1;
                1
            }
            b')' if depth == 1 => return Some((Value::List(&text[1..at]), &text[at + 1..])),
            b')' => {
                depth -= 1;
                1
            }
            _ => 1,
        };
    }
}

/// Where the quoted string ends that has begun before this text.
fn quoted(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// What stands in a quoted string, without the backslashes that protect it.
fn plain(inside: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', inside).is_none() {
        return Cow::Borrowed(inside);
    }
    let mut plain = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter().copied();
    while let Some(byte) = bytes.next() {
        plain.extend(if byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    Cow::Owned(plain)
}

/// A literal at the beginning, and what stands behind it.
fn literal(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = text.strip_prefix(b"~").unwrap_or(text).strip_prefix(b"{")?;
    let end = memchr::memchr(b'}', &digits[..digits.len().min(20)])?;
    let (length, rest) = digits.split_at(end);
    let length = std::str::from_utf8(length.strip_suffix(b"+").unwrap_or(length)).ok()?.parse().ok()?;
    rest.strip_prefix(b"}\r\n")?.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_to_their_end() {
        let read = |text: &'static str| Value::read(text.as_bytes()).map(|(value, rest)| (value, std::str::from_utf8(rest).unwrap()));
        let text = |text: &'static str| Value::String(Cow::Borrowed(text.as_bytes()));
        assert_eq!(read("abc)"), Some((Value::Atom(b"abc"), ")")));
        assert_eq!(read("\"a (\\\"b\\\\\" c"), Some((text("a (\"b\\"), " c")));
        assert_eq!(read("{3}\r\na)\" b"), Some((text("a)\""), " b")));
        assert_eq!(read("~{0}\r\n b"), Some((text(""), " b")));
        assert_eq!(read("(a (b \")\") {2}\r\n)) c) d"), Some((Value::List(b"a (b \")\") {2}\r\n)) c"), " d")));
        for wrong in ["", " ", ")", "(", "(()", "\"", "\"a\\\"", "\"\\", "(\")", "abc"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        let deep = ["(".repeat(1_000_000), ")".repeat(1_000_000)].concat();
        assert!(matches!(Value::read(deep.as_bytes()), Some((Value::List(_), b""))));
    }
}
