//! Texts in their character sets, also where the label is evidently wrong.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;
use std::borrow::Cow;

/// A text as its label says, unless the bytes prove it wrong.
///
/// A text that is valid UTF-8 with bytes above 127 is UTF-8, whatever single-byte set its label claims: by chance it
/// practically never is. A text that claims UTF-8, or nothing, and is not, is windows-1252, as browsers take it to be.
/// Most texts are ASCII, which in nearly every set needs no decoding and no copy.
pub(super) fn text<'a>(bytes: Cow<'a, [u8]>, label: Option<&str>) -> Cow<'a, str> {
    let charset = Encoding::for_label(label.unwrap_or("utf-8").trim().as_bytes());
    let is_simple = charset.is_some_and(|charset| charset.is_single_byte() || charset == UTF_8);
    if is_simple && std::str::from_utf8(&bytes).is_ok() {
        return match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).unwrap_or_default()),
        };
    }
    match charset.filter(|_| is_simple) {
        Some(charset) => {
            let charset = if charset == UTF_8 { WINDOWS_1252 } else { charset };
            Cow::Owned(charset.decode_without_bom_handling(&bytes).0.into_owned())
        }
        None => Cow::Owned(match label.and_then(|label| charset_decoder(label.as_bytes())) {
            Some(decoder) => decoder(&bytes),
            None => String::from_utf8_lossy(&bytes).into_owned(),
        }),
    }
}
