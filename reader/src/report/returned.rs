//! The message that a report is about, by its Message-ID.

use super::address;
use super::outcome::Given;
use crate::blocks::{self, Field};

/// The part of an attached message that is looked at: its header is in it.
const HEADER: usize = 64 * 1024;

/// The kinds of entities that hold a returned message or its header.
const KINDS: [&str; 6] =
    ["message/rfc822", "message/global", "text/rfc822-headers", "text/rfc822-header", "message/global-headers", "message/rfc822-headers"];

/// The Message-ID of the returned message, of its header, or of what the prose quotes of it.
pub(super) fn message_id(given: &Given<'_>) -> Option<String> {
    let mut returned = given.entities.iter().filter(|entity| KINDS.contains(&entity.kind));
    returned.find_map(|entity| of_header(entity.bytes)).or_else(|| {
        // Servers that return nothing as a part often show the header in the text.
        let line = (given.text)().lines().map(|line| line.trim_start_matches([' ', '\t', '>'])).find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("message-id").then(|| bare(value))?
        });
        line.filter(|id| id.contains('@'))
    })
}

fn of_header(bytes: &[u8]) -> Option<String> {
    let block = blocks::header(bytes, HEADER);
    blocks::value(&block, "message-id").and_then(bare)
}

/// The Message-ID that a block of a report names.
pub(super) fn named(block: &[Field<'_>]) -> Option<String> {
    let named = ["original-message-id", "x-original-message-id"].iter().find_map(|name| blocks::value(block, name).and_then(bare));
    // An envelope identifier (RFC 3461, 4.4) of ours is the Message-ID.
    let envelope = || {
        let id = address::plus_decoded(blocks::value(block, "original-envelope-id")?)?;
        bare(&id).filter(|id| id.contains('@') && !id.contains(' '))
    };
    named.or_else(envelope)
}

/// The message that a report answers, by its own header; the last of the references is the nearest one.
pub(super) fn answered(header: &[Field<'_>]) -> Option<String> {
    named(header).or_else(|| blocks::value(header, "in-reply-to").and_then(bare)).or_else(|| {
        let references = blocks::value(header, "references")?;
        bare(references.rsplit_once('<').map_or(references, |(_, last)| last))
    })
}

/// A Message-ID without its angle brackets.
fn bare(id: &str) -> Option<String> {
    let id = id.trim();
    let id = match (id.find('<'), id.find('>')) {
        (Some(begin), Some(end)) if begin < end => &id[begin + 1..end],
        _ => id.split_whitespace().next().unwrap_or_default().trim_matches(['<', '>']),
    };
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_has_no_brackets() {
        for (value, id) in [("<1@x>", Some("1@x")), (" 1@x ", Some("1@x")), ("<1@x> (comment)", Some("1@x")), ("", None), ("<>", None)] {
            assert_eq!(bare(value).as_deref(), id, "{value}");
        }
        let header = blocks::blocks(b"References: <a@x> <b@x>\r\n", 100);
        assert_eq!(answered(&header[0]).as_deref(), Some("b@x"));
        let block = blocks::blocks(b"Original-Envelope-Id: 1+2B2@example.com\r\n", 100);
        assert_eq!(named(&block[0]).as_deref(), Some("1+2@example.com"));
        let block = blocks::blocks(b"Original-Envelope-Id: QQ314159\r\n", 100);
        assert_eq!(named(&block[0]), None);
    }
}
