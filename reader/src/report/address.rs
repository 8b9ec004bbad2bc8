//! Addresses in reports: in fields, where a type stands in front, and in prose.

use std::ops::Range;

/// Longer than this is no address (RFC 5321, 4.5.3.1: 64 characters, an at sign, 255 octets), each letter up to four bytes.
const LOCAL: usize = 64 * 4;
const DOMAIN: usize = 255;

/// `rfc822; anna@example.com` without its type (RFC 3464, 2.3.1), without brackets and comments, and with the letters that RFC 6533 writes as
/// `\x{FC}`.
pub(super) fn of_field(value: &str) -> Option<String> {
    let (kind, text) = super::status::typed(value);
    let text = match (text.rfind('<'), text.rfind('>')) {
        (Some(begin), Some(end)) if begin < end => &text[begin + 1..end],
        _ => text.split_once(" (").map_or(text, |(text, _)| text),
    };
    let text = text.trim().trim_matches(['<', '>']).trim();
    let text = match kind.map(str::to_ascii_lowercase).as_deref() {
        Some("utf-8") => unescaped(text),
        _ if !text.contains('@') => plus_decoded(text).filter(|text| text.contains('@')).unwrap_or_else(|| text.to_owned()),
        _ => text.to_owned(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// `\x{20AC}` as the letter that it stands for (RFC 6533, 3).
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\\x{") {
        out.push_str(before);
        let letter = behind.split_once('}').and_then(|(code, rest)| Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, rest)));
        rest = match letter {
            Some((letter, rest)) => {
                out.push(letter);
                rest
            }
            None => {
                out.push_str("\\x{");
                behind
            }
        };
    }
    out.push_str(rest);
    out
}

/// xtext (RFC 3461, 4): `+40` is an at sign. Servers that forward what they were given leave it so.
pub(super) fn plus_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'+').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// The first address in a text.
pub(super) fn found(text: &str) -> Option<String> {
    next(text, 0).map(|range| text[range].to_owned())
}

/// Where the next address stands in a text. Its domain has a dot: servers write of `root@localhost` only to themselves.
pub(super) fn next(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        at += text.get(at..)?.find('@')?;
        let before = text.get(from..at).unwrap_or_default();
        let local: usize = before.chars().rev().take_while(|letter| is_local(*letter)).map(char::len_utf8).sum();
        let begin = at - local.min(LOCAL);
        // What was cut in the middle of a letter is too long anyway.
        let trimmed = text.get(begin..at).unwrap_or_default().trim_start_matches(['\'', '.', '-', '*', '=']);
        let behind = text.get(at + 1..).unwrap_or_default();
        let domain: usize =
            behind.chars().take_while(|letter| letter.is_alphanumeric() || ".-".contains(*letter)).map(char::len_utf8).sum();
        let domain = behind.get(..domain.min(DOMAIN)).unwrap_or_default().trim_end_matches(['.', '-']);
        if !trimmed.is_empty() && domain.trim_start_matches('.').contains('.') {
            return Some(at - trimmed.len()..at + 1 + domain.len());
        }
        at += 1;
    }
}

/// What may stand in front of the at sign without quotes (RFC 5322, 3.2.3; RFC 6532).
fn is_local(letter: char) -> bool {
    letter.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_field_has_no_type_no_brackets_no_comment() {
        for (value, address) in [
            ("rfc822; anna@example.com", "anna@example.com"),
            ("RFC822;<n@example.com>", "n@example.com"),
            ("rfc822; Anna <n@example.com>", "n@example.com"),
            ("n@example.com", "n@example.com"),
            ("rfc822; n@example.com (expanded from x)", "n@example.com"),
            ("utf-8; \\x{FC}ber@\\x{FC}.example", "über@ü.example"),
            ("utf-8; über@example.com", "über@example.com"),
            ("utf-8; \\x{110000}@example.com", "\\x{110000}@example.com"),
            ("rfc822; anna+40example.com", "anna@example.com"),
            ("rfc822; anna+2B@example.com", "anna+2B@example.com"),
            ("x400; /c=de/s=anna", "/c=de/s=anna"),
        ] {
            assert_eq!(of_field(value).as_deref(), Some(address), "{value}");
        }
        assert_eq!(of_field("rfc822;"), None);
        assert_eq!(of_field("rfc822; <>"), None);
    }

    #[test]
    fn addresses_are_found_in_prose() {
        let all = |text: &str| {
            let mut at = 0;
            std::iter::from_fn(|| next(text, at).inspect(|range| at = range.end).map(|range| text[range].to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(all("to 'anna@example.com', <b.c+d@x.example>."), ["anna@example.com", "b.c+d@x.example"]);
        assert_eq!(all("@ a@ @b a@b root@localhost --- x@y."), Vec::<String>::new());
        assert_eq!(all("anna@müller.example..."), ["anna@müller.example"]);
        assert_eq!(all(&"@".repeat(5000)), Vec::<String>::new());
        assert_eq!(all(&format!("{}@example.com", "ü".repeat(5000))).len(), 1);
    }
}
