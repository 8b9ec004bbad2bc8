//! Mailboxes written as nearly all are, which need no tokens: what is read here is read there alike.

use super::mailbox::Mailbox;
use memchr::memchr;

/// Reads a field that holds nothing but addresses, each alone or in brackets behind a name of ordinary letters; whether it is such a one.
pub(super) fn read(value: &[u8], mailboxes: &mut Vec<Mailbox>) -> bool {
    let before = mailboxes.len();
    for entry in value.split(|byte| *byte == b',') {
        let Some(mailbox) = mailbox(entry.trim_ascii()) else {
            mailboxes.truncate(before);
            return false;
        };
        mailboxes.push(mailbox);
    }
    true
}

fn mailbox(entry: &[u8]) -> Option<Mailbox> {
    let Some(inner) = entry.strip_suffix(b">") else {
        return Some(Mailbox { address: Some(address(entry)?), ..Mailbox::default() });
    };
    let open = memchr(b'<', inner)?;
    let address = address(inner.get(open + 1..)?)?;
    Some(Mailbox { name: name(inner.get(..open)?.trim_ascii_end())?, address: Some(address), ..Mailbox::default() })
}

fn address(bytes: &[u8]) -> Option<String> {
    let sign = memchr(b'@', bytes)?;
    let (local, host) = (bytes.get(..sign)?, bytes.get(sign + 1..)?);
    let is_dotted = |part: &[u8], is_letter: fn(&u8) -> bool| {
        part.split(|byte| *byte == b'.').all(|atom| !atom.is_empty() && atom.iter().all(is_letter))
    };
    let is_local = is_dotted(local, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+'));
    let is_host = is_dotted(host, |byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if is_local && is_host { String::from_utf8(bytes.to_vec()).ok() } else { None }
}

/// The name in front of an address, if there is one; `None` where anything in it has to be looked at more closely.
fn name(bytes: &[u8]) -> Option<Option<String>> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | b'.' | b'\'' | b'&' | b'/' | b'+');
    let quoted = bytes.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\""));
    let name = quoted.unwrap_or(bytes).trim_ascii();
    // Between words outside of quotes one blank counts.
    let is_joined = quoted.is_some() || !bytes.windows(2).any(|pair| pair == b"  ");
    if !is_joined || !name.iter().all(is_plain) {
        return None;
    }
    Some(Some(String::from_utf8(name.to_vec()).ok()?).filter(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, List};
    use crate::Repairs;

    /// Whatever is read here is read from tokens alike, and needs no repair there.
    #[test]
    fn what_is_plain_is_read_as_its_tokens_are() {
        let names = [
            "",
            " ",
            "Anna",
            "Anna Adler ",
            "\"Anna Adler\" ",
            "\" Anna  Adler \"",
            "Anna  Adler ",
            "J. R. O'Hara ",
            "'Anna' ",
            "\"\" ",
            "A-B_C & D/E+F ",
            "Anna\r\n ",
            "Anna\tAdler ",
            "Anna (x) ",
            "a@b ",
            "\"a@b\" ",
            ". ",
            "A.B ",
            "=?utf-8?q?a?= ",
            "M\u{fc}ller ",
            "\"a\\\"b\" ",
            "\"Adler, Anna\" ",
            "Adler, Anna ",
            "group: ",
            "Anna\" ",
            "\"Anna ",
            "\"A\" B ",
            "'",
        ];
        let addresses = [
            "<anna@example.com>",
            "anna@example.com",
            "<a.b+c_d-e@x-y.example.com>",
            "<a..b@example.com>",
            "<.a@example.com>",
            "<a@example>",
            "<@example.com>",
            "<a@>",
            "<>",
            "a",
            "<a@b@c>",
            "<a @b>",
            "<a@b.>",
            "<<a@b>>",
            "<a@b> ",
            "<a@b>>",
            "'a@b'",
            "a@b'",
            "<'a@b'>",
            "<a@[1.2.3.4]>",
            "<a@b\r\n>",
            "",
        ];
        let (mut plain, mut others) = (0, 0);
        for (first, second) in names.iter().flat_map(|name| addresses.iter().map(move |address| (name, address))) {
            for value in [format!(" {first}{second}\r\n"), format!("x@y.z,\r\n {first}{second}"), format!("{first}{second}, Bo <x@y.z>")] {
                let mut read = Vec::new();
                if !super::read(value.as_bytes(), &mut read) {
                    assert_eq!(read, []);
                    others += 1;
                    continue;
                }
                plain += 1;
                let mut repairs = Repairs::default();
                let mut list = List::new(Entry { fallback: None }, &mut repairs, "");
                list.tokens(value.as_bytes());
                assert_eq!((read, &[][..]), (list.mailboxes, repairs.as_slice()), "{value:?}");
            }
        }
        assert!(plain > 100 && others > 500, "{plain} {others}");
    }
}
