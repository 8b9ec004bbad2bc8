//! The server's message, of which no byte is believed.

use super::format::{SIGNATURE, TARGET_INFO, UNICODE, attribute};

/// CHALLENGE_MESSAGE (MS-NLMP, section 2.2.1.2).
pub(super) struct Challenge<'a> {
    pub(super) flags: u32,
    pub(super) nonce: &'a [u8; 8],
    /// The server's names and other attributes, in its order, without the end mark.
    pub(super) attributes: Vec<(u16, &'a [u8])>,
}

impl<'a> Challenge<'a> {
    /// `None` if it is no challenge, if any field reaches beyond the message, or if the server knows no Unicode.
    pub(super) fn parse(message: &'a [u8]) -> Option<Challenge<'a>> {
        let rest = message.strip_prefix(SIGNATURE)?;
        if number(rest)? != 2 {
            return None;
        }
        let flags = number(message.get(20..)?)?;
        if flags & UNICODE == 0 {
            return None;
        }
        let nonce = message.get(24..)?.first_chunk()?;
        let attributes = if flags & TARGET_INFO == 0 { Vec::new() } else { attributes(field(message, 40)?)? };
        Some(Challenge { flags, nonce, attributes })
    }

    /// The time at the server, where it says it.
    pub(super) fn timestamp(&self) -> Option<u64> {
        let (_, value) = self.attributes.iter().find(|(kind, _)| *kind == attribute::TIMESTAMP)?;
        Some(u64::from_le_bytes(*value.first_chunk()?))
    }
}

/// The bytes that a field of the header points to: its length, the room for it, and where it begins.
fn field(message: &[u8], at: usize) -> Option<&[u8]> {
    let header = message.get(at..)?;
    let length = usize::from(u16::from_le_bytes(*header.first_chunk()?));
    let start = usize::try_from(number(header.get(4..)?)?).ok()?;
    message.get(start..start.checked_add(length)?)
}

/// A list of AV_PAIR (MS-NLMP, section 2.2.2.1), which has to have its end mark. An empty one says nothing at all.
fn attributes(mut list: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut attributes = Vec::new();
    while !list.is_empty() {
        let kind = u16::from_le_bytes(*list.first_chunk()?);
        if kind == attribute::END {
            return Some(attributes);
        }
        let length = usize::from(u16::from_le_bytes(*list.get(2..)?.first_chunk()?));
        let end = 4 + length;
        attributes.push((kind, list.get(4..end)?));
        list = list.get(end..)?;
    }
    attributes.is_empty().then_some(attributes)
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
