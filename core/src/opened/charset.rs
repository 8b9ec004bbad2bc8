//! Texts whose charset label is evidently wrong.

use super::tree;
use mail_parser::{MessagePart, MimeHeaders};
use std::borrow::Cow;

/// The text of a part: as the parser decoded it, unless the bytes prove its label wrong.
///
/// A text that is valid UTF-8 with bytes above 127 is UTF-8, whatever single-byte set its label claims: by chance it
/// practically never is. A text that claims UTF-8, or nothing, and is not, is windows-1252, as browsers take it to be.
pub(super) fn text<'a>(part: &'a MessagePart<'_>, decoded: &'a str, raw: &[u8]) -> Cow<'a, str> {
    if decoded.is_ascii() {
        return Cow::Borrowed(decoded);
    }
    let label = part.content_type().and_then(|kind| kind.attribute("charset")).unwrap_or("utf-8");
    let charset = encoding_rs::Encoding::for_label(label.trim().as_bytes());
    let Some(charset) = charset.filter(|charset| charset.is_single_byte() || *charset == encoding_rs::UTF_8) else {
        return Cow::Borrowed(decoded);
    };
    let range = part.offset_body as usize..(part.offset_end as usize).min(raw.len());
    let bytes = raw.get(range).unwrap_or_default();
    let bytes = tree::decoded(bytes, part.encoding);
    let Some(bytes) = bytes else { return Cow::Borrowed(decoded) };
    let is_utf8 = std::str::from_utf8(&bytes).is_ok();
    if is_utf8 == (charset == encoding_rs::UTF_8) {
        return Cow::Borrowed(decoded);
    }
    let evident = if is_utf8 {
        encoding_rs::UTF_8
    } else if charset == encoding_rs::UTF_8 {
        encoding_rs::WINDOWS_1252
    } else {
        charset
    };
    Cow::Owned(evident.decode_without_bom_handling(&bytes).0.into_owned())
}
