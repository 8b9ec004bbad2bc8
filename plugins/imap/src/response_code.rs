//! Response codes (RFC 9051, section 7.1).

/// A response code in brackets at the beginning of a response text: its name and its arguments (RFC 9051, section 7.1).
pub(crate) fn response_code(words: &[u8]) -> Option<(&str, &str)> {
    let inside = words.strip_prefix(b"[")?;
    let inside = std::str::from_utf8(&inside[..memchr::memchr(b']', inside)?]).ok()?;
    Some(inside.split_once(' ').unwrap_or((inside, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_before_whatever_words() {
        assert_eq!(response_code(b"[UIDVALIDITY 7] ok"), Some(("UIDVALIDITY", "7")));
        assert_eq!(response_code("[READ-ONLY]\u{fc}".as_bytes()), Some(("READ-ONLY", "")));
        assert_eq!((response_code(b"[UIDNEXT 7"), response_code(b"ok [UIDNEXT 7]"), response_code(b"[\xff]")), (None, None, None));
    }
}
