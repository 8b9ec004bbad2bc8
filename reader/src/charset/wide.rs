//! Sets of two and four bytes a letter, and the marks that texts in Unicode begin with.

use super::label::Charset;
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};

/// The charset that the byte order mark at the beginning tells, and the bytes of the mark that are no part of the text.
pub(super) fn mark(bytes: &[u8]) -> Option<(Charset, usize)> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some((Charset::Standard(UTF_8), 3)),
        // In UTF-32 the mark tells the order of the bytes and is taken away with it.
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some((Charset::Utf32, 0)),
        [0xff, 0xfe, ..] => Some((Charset::Standard(UTF_16LE), 2)),
        [0xfe, 0xff, ..] => Some((Charset::Standard(UTF_16BE), 2)),
        _ => None,
    }
}

/// The text of UTF-32, and whether all of it was valid. Without a mark the order is the one in which the letters are possible.
pub(super) fn utf32(bytes: &[u8], is_whole: bool) -> (String, bool) {
    let (units, rest) = bytes.as_chunks::<4>();
    let is_little = units.first().is_some_and(|unit| unit.ends_with(&[0, 0]) && !unit.starts_with(&[0, 0]));
    let units = units.iter().map(|unit| if is_little { u32::from_le_bytes(*unit) } else { u32::from_be_bytes(*unit) });
    let letters = units.enumerate().filter(|(index, unit)| (*index, *unit) != (0, 0xfeff)).map(|(_, unit)| char::from_u32(unit));
    let mut is_valid = rest.is_empty() || !is_whole;
    let mut text = String::with_capacity(bytes.len() / 4);
    for letter in letters {
        is_valid &= letter.is_some();
        text.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    (text, is_valid)
}
