//! Mailboxes written as nearly all are, which need no tokens: what is read here is read there alike.

use super::mailbox::Mailbox;
use memchr::memchr;

/// One of those who stand in From, To and the like, where nothing there had to be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain<'v> {
    /// The name.
    pub name: Option<&'v str>,
    /// The address.
    pub address: &'v str,
}

/// All who stand in fields of one name, if they are written as nearly all are; else [`super::mailboxes`] reads them.
pub fn plain_mailboxes<'v>(values: impl Iterator<Item = &'v [u8]>) -> Option<Vec<Plain<'v>>> {
    let mut people = Vec::new();
    for value in values {
        for entry in entries(value) {
            people.push(entry?);
        }
    }
    Some(people)
}

/// Reads a field that holds nothing but addresses, each alone or in brackets behind a name of ordinary letters; whether it is such a one.
pub(super) fn read(value: &[u8], mailboxes: &mut Vec<Mailbox>) -> bool {
    let before = mailboxes.len();
    for entry in entries(value) {
        let Some(Plain { name, address }) = entry else {
            mailboxes.truncate(before);
            return false;
        };
        let name = name.map(str::to_owned);
        mailboxes.push(Mailbox { name, address: Some(address.to_owned()), ..Mailbox::default() });
    }
    true
}

fn entries(value: &[u8]) -> impl Iterator<Item = Option<Plain<'_>>> {
    value.split(|byte| *byte == b',').map(|entry| mailbox(entry.trim_ascii()))
}

fn mailbox(entry: &[u8]) -> Option<Plain<'_>> {
    let Some(inner) = entry.strip_suffix(b">") else { return Some(Plain { name: None, address: address(entry)? }) };
    let open = memchr(b'<', inner)?;
    let address = address(inner.get(open + 1..)?)?;
    Some(Plain { name: name(inner.get(..open)?.trim_ascii_end())?, address })
}

fn address(bytes: &[u8]) -> Option<&str> {
    let sign = memchr(b'@', bytes)?;
    let (local, host) = (bytes.get(..sign)?, bytes.get(sign + 1..)?);
    let is_local = is_dotted(local, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+'));
    let is_host = is_dotted(host, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_local && is_host { std::str::from_utf8(bytes).ok() } else { None }
}

/// Whether these are words with a dot between each two.
fn is_dotted(part: &[u8], is_letter: impl Fn(u8) -> bool) -> bool {
    let mut is_behind_dot = true;
    for byte in part {
        let is_dot = *byte == b'.';
        if is_dot && is_behind_dot || !is_dot && !is_letter(*byte) {
            return false;
        }
        is_behind_dot = is_dot;
    }
    !is_behind_dot
}

/// The name in front of an address, if there is one; `None` where anything in it has to be looked at more closely.
fn name(bytes: &[u8]) -> Option<Option<&str>> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | b'.' | b'\'' | b'&' | b'/' | b'+');
    let quoted = bytes.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\""));
    let name = quoted.unwrap_or(bytes).trim_ascii();
    // Between words outside of quotes one blank counts.
    let is_joined = quoted.is_some() || !bytes.windows(2).any(|pair| pair == b"  ");
    if !is_joined || !name.iter().all(is_plain) {
        return None;
    }
    Some(Some(std::str::from_utf8(name).ok()?).filter(|name| !name.is_empty()))
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
