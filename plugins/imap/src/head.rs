//! What a FETCH response says before the body, and a body that stands in it.

use crate::value::Value;
use crate::reader::Section;
use crate::scan::{Known, items, opening};

/// The body in a FETCH response that gives it as a quoted string.
pub(crate) fn quoted_body(line: &[u8]) -> Option<(Section, Vec<u8>)> {
    memchr::memchr(b'"', line)?;
    let mut found = None;
    items(line, |name, value| {
        let section = match name {
            b"BODY[]" | b"RFC822" => Section::Whole,
            b"BODY[HEADER]" | b"RFC822.HEADER" => Section::Headers,
            _ => return Some(()),
        };
        if let Value::String(body) = value {
            found = Some((section, body.into_owned()));
        }
        Some(())
    })?;
    found
}

/// What a FETCH response tells before its body, which is the last item of `head`, or a response that is whole.
pub(crate) fn described(head: &[u8]) -> Option<Known> {
    if head.ends_with(b"\r\n") {
        return Known::parse(head);
    }
    let item = memchr::memrchr2(b' ', b'(', head.strip_suffix(b" ")?.trim_ascii_end())?;
    Known::parse(&[&head[..item], b")\r\n"].concat())
}

/// The UID in the part of a FETCH response that stands before the body, or in a response that is whole. Never what looks like one in the
/// value of another item: keywords are named by whoever shares the folder.
pub(crate) fn uid(head: &[u8]) -> Option<u32> {
    let (_, items) = opening(head)?;
    first_uid(items).or_else(|| described(head).map(|known| known.uid))
}

/// The UID where it is the first item, as it is with most servers.
fn first_uid(items: &[u8]) -> Option<u32> {
    let digits = items.split_at_checked(4).filter(|(name, _)| name.eq_ignore_ascii_case(b"UID ")).map(|(_, digits)| digits)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let uid = std::str::from_utf8(&digits[..end]).ok()?.parse().ok()?;
    matches!(digits[end], b' ' | b')').then_some(uid).filter(|uid| *uid > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_body_may_stand_in_quotes() {
        assert_eq!(quoted_body(b"* 1 FETCH (UID 5 BODY[] \"a \\\"b\\\"\")\r\n"), Some((Section::Whole, b"a \"b\"".to_vec())));
        assert_eq!(quoted_body(b"* 1 FETCH (UID 5 RFC822 \"ab\")\r\n"), Some((Section::Whole, b"ab".to_vec())));
        assert_eq!(quoted_body(b"* 1 FETCH (UID 5 BODY[HEADER] \"\")\r\n"), Some((Section::Headers, Vec::new())));
        for line in ["* 1 FETCH (UID 5 BODY[] NIL)\r\n", "* 1 FETCH (UID 5 BODY[1] \"a\")\r\n", "* 1 FETCH (UID 5 BODY[]<0> \"a\")\r\n"] {
            assert_eq!(quoted_body(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_uid_is_found_before_the_body() {
        assert_eq!(uid(b"* 1 FETCH (UID 5 BODY[] "), Some(5));
        assert_eq!(uid(b"* 1 FETCH (FLAGS (\\Seen) UID 77 BODY[] "), Some(77));
        assert_eq!(uid(b"* 1 fetch (uid 5)\r\n"), Some(5));
        for head in ["* 1 FETCH (BODY[] ", "* 1 FETCH (FLAGS (UID 7) BODY[] ", "* 1 FETCH (X \"UID 7 \" BODY[] ", "* OK (UID 5 BODY[] "] {
            assert_eq!(uid(head.as_bytes()), None, "{head}");
        }
        assert_eq!(uid(b"* 1 FETCH (FLAGS (UID 7) UID 5 BODY[] "), Some(5));
        assert_eq!(described(b"* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[] ").map(|known| (known.uid, known.has_flags)), Some((5, true)));
        assert_eq!(described(b"* 1 FETCH (UID 5 FLAGS () BODY[] \"a\")\r\n").map(|known| (known.uid, known.has_flags)), Some((5, true)));
        assert_eq!((described(b"* 1 FETCH (BODY[] "), described(b"* 1 FETCH (FLAGS () BODY[] "), described(b"")), (None, None, None));
        assert_eq!(opening(b"* 12 FETCH (BODY[] ").map(|(number, _)| number), Some(12));
    }
}
