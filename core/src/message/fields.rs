//! The header fields of a message that exists.

use super::address::{self, Address};
use super::findings::Findings;
use super::reader::is_identifier;
use memchr::{memchr, memchr2};

/// How a message is protected by S/MIME or OpenPGP before anything is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Already {
    /// Not at all.
    Plain,
    Signed,
    /// Maybe signed within.
    Encrypted,
}

/// Where the body begins: behind the first empty line. `ended` says that no more bytes follow.
pub(super) fn end_of_head(bytes: &[u8], ended: bool) -> Option<usize> {
    let mut start = 0;
    loop {
        let Some(length) = memchr2(b'\r', b'\n', &bytes[start..]) else { return ended.then_some(bytes.len()) };
        let place = start + length;
        let next = match bytes[place..] {
            [b'\r'] if !ended => return None,
            [b'\r', b'\n', ..] => place + 2,
            _ => place + 1,
        };
        if length == 0 {
            return Some(next);
        }
        start = next;
    }
}

/// The headers of a block.
#[derive(Default)]
pub(super) struct Fields<'h>(pub(super) Vec<Field<'h>>);

/// One header with its continuation lines.
pub(super) struct Field<'h> {
    name: &'h [u8],
    lines: Vec<&'h [u8]>,
}

impl<'h> Fields<'h> {
    /// Divides a header block; nothing when there is a line in it that no header has.
    pub(super) fn parse(head: &'h [u8]) -> Option<Fields<'h>> {
        let mut fields: Vec<Field<'h>> = Vec::new();
        for line in head.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty()) {
            if matches!(line[0], b' ' | b'\t') {
                fields.last_mut()?.lines.push(line);
                continue;
            }
            let name = line[..memchr(b':', line)?].trim_ascii_end();
            if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
                return None;
            }
            fields.push(Field { name, lines: vec![line] });
        }
        Some(Fields(fields))
    }

    /// How many bytes they give at most.
    pub(super) fn size(&self) -> usize {
        self.0.iter().flat_map(|field| &field.lines).map(|line| line.len() + 2).sum()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.is(name))
    }

    /// Writes the fields that stand in the message itself: all but Bcc, and but those about the content where that is protected.
    pub(super) fn write_outside(&self, is_protected: bool, out: &mut Vec<u8>) {
        let is_left_out = |field: &Field<'_>| field.is("bcc") || field.is("resent-bcc") || is_protected && field.is_of_content();
        self.0.iter().filter(|field| !is_left_out(field)).for_each(|field| field.write(out));
    }

    /// Writes the fields that say what the message consists of, which stay with that where it is signed or encrypted, and the empty line behind them.
    pub(super) fn write_content(&self, out: &mut Vec<u8>) {
        let begun = out.len();
        self.0.iter().filter(|field| field.is_of_content()).for_each(|field| field.write(out));
        if out.len() == begun {
            // RFC 2045, section 5.2: as it is without.
            out.extend_from_slice(b"Content-Type: text/plain\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }

    /// How the message is protected already.
    pub(super) fn protection(&self) -> Already {
        let kind = self.0.iter().find(|field| field.is("content-type")).map(Field::value).unwrap_or_default().to_ascii_lowercase();
        let says = |what: &str| kind.contains(what);
        if kind.starts_with("multipart/encrypted") {
            Already::Encrypted
        } else if kind.starts_with("multipart/signed") {
            Already::Signed
        } else if kind.starts_with("application/pkcs7-mime") || kind.starts_with("application/x-pkcs7-mime") {
            match () {
                () if says("signed-data") => Already::Signed,
                () if says("certs-only") || says("compressed-data") => Already::Plain,
                () => Already::Encrypted,
            }
        } else {
            Already::Plain
        }
    }
}

impl Field<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for line in &self.lines {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Whether it is about what the message consists of (RFC 2045, section 3).
    pub(super) fn is_of_content(&self) -> bool {
        self.name.get(..8).is_some_and(|begin| begin.eq_ignore_ascii_case(b"content-"))
    }

    fn value(&self) -> String {
        let whole = String::from_utf8_lossy(&self.lines.concat()).into_owned();
        whole.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    }

    pub(super) fn identifier(&self) -> String {
        let value = self.value();
        let identifier = value.trim_start_matches('<').trim_end_matches('>');
        // What others wrote may be anything; what goes into receipts and to transports is a plain word or nothing.
        if is_identifier(identifier) { identifier.to_owned() } else { String::new() }
    }

    pub(super) fn addresses(&self, findings: &mut Findings<'_>) -> Vec<Address<'static>> {
        let list = plain_list(&self.value());
        let addresses = address::parse_list(&list, "/file", findings).into_iter();
        addresses.map(|found| Address { name: found.name.into_owned().into(), address: found.address.into_owned().into() }).collect()
    }
}

/// An address list without comments and without the names of groups (RFC 5322 sections 3.2.2 and 3.4).
fn plain_list(value: &str) -> String {
    let mut list = String::with_capacity(value.len());
    let (mut quoted, mut escaped, mut literal, mut comments) = (false, false, false, 0_usize);
    let mut start = 0;
    for c in value.chars() {
        if escaped {
            escaped = false;
        } else {
            match c {
                '\\' if quoted || comments > 0 => escaped = true,
                '"' if comments == 0 => quoted = !quoted,
                '(' if !quoted => comments += 1,
                ')' if !quoted && comments > 0 => {
                    comments -= 1;
                    continue;
                }
                '[' if !quoted => literal = true,
                ']' if !quoted => literal = false,
                ':' if !quoted && !literal && comments == 0 => {
                    list.truncate(start);
                    continue;
                }
                _ => (),
            }
        }
        if comments > 0 {
            continue;
        }
        list.push(if c == '\t' { ' ' } else { c });
        if !quoted && matches!(c, ',' | ';') {
            start = list.len();
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_ends_at_the_first_empty_line() {
        assert_eq!(end_of_head(b"A: b\r\n\r\nbody", false), Some(8));
        assert_eq!(end_of_head(b"A: b\n\nbody", false), Some(6));
        assert_eq!(end_of_head(b"A: b\r\n\r", false), None);
        assert_eq!(end_of_head(b"A: b\r\n", true), Some(6));
        assert_eq!(end_of_head(b"\r\nbody", false), Some(2));
    }

    #[test]
    fn groups_and_comments_are_no_addresses() {
        assert_eq!(
            plain_list("Team (all): a@example.com, \"B: (x)\" <b@example.com>;, c@[IPv6:::1]"),
            " a@example.com, \"B: (x)\" <b@example.com>;, c@[IPv6:::1]"
        );
        assert_eq!(plain_list("undisclosed-recipients:;"), ";");
    }
}
