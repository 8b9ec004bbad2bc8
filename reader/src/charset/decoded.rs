//! Decoding by a set of the Encoding Standard, in no more memory than the text takes.

use encoding_rs::{Decoder, Encoding};
use std::borrow::Cow;

/// So many bytes are decoded with room for the longest letters; what is longer is measured first.
const SHORT: usize = 16 * 1024;
/// What is measured is decoded in pieces of this length.
const PIECE: usize = 8 * 1024;

/// The text, and whether each byte was part of a letter; of the last letter the end may be missing where the bytes are not the whole text.
pub(super) fn decoded<'a>(encoding: &'static Encoding, bytes: &'a [u8], is_whole: bool) -> (Cow<'a, str>, bool) {
    let is_last = is_whole || encoding.is_single_byte();
    if bytes.len() <= SHORT && is_last {
        let (text, is_replaced) = encoding.decode_without_bom_handling(bytes);
        return (text, !is_replaced);
    }
    // Of most texts the beginning is ASCII, and of many all.
    let same = Encoding::ascii_valid_up_to(bytes);
    if same == bytes.len() && encoding.is_ascii_compatible() {
        return (String::from_utf8_lossy(bytes), true);
    }
    let mut length = 0;
    pieces(encoding, bytes, is_last, |piece| length += piece.len());
    let mut text = String::with_capacity(length);
    let is_valid = pieces(encoding, bytes, is_last, |piece| text.push_str(piece));
    (Cow::Owned(text), is_valid)
}

/// Gives the text in pieces; whether each byte was part of a letter.
fn pieces(encoding: &'static Encoding, bytes: &[u8], is_last: bool, mut take: impl FnMut(&str)) -> bool {
    let mut decoder: Decoder = encoding.new_decoder_without_bom_handling();
    // Room for the longest letters of a piece, and for what was left of the one before.
    let mut text = String::with_capacity(PIECE * 3 + 16);
    let (mut rest, mut is_valid) = (bytes, true);
    loop {
        let (piece, behind) = rest.split_at(rest.len().min(PIECE));
        let (_, read, is_replaced) = decoder.decode_to_string(piece, &mut text, is_last && behind.is_empty());
        is_valid &= !is_replaced;
        take(&text);
        text.clear();
        rest = rest.get(read..).unwrap_or_default();
        // All of the last piece was read: nothing waits for more room.
        if read == piece.len() && behind.is_empty() {
            return is_valid;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{GB18030, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_1252};

    #[test]
    fn a_long_text_is_the_same_as_one_decoded_at_once() {
        for encoding in [GB18030, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_1252] {
            let whole: &[u8] = b"Gr\xfc\xdfe \x81\x30\x81\x30 \x1b$B$3$s\x1b(B \xe2\x82\xac \xff a\0";
            for (piece, lead) in [(whole, 0), (b"\x80", 1), (b"\xff", 0), (b"\xe2\x82\xac", 2), (b"\xe2\x82", 1), (b"a", 3), (b"\x1b", 1)] {
                let bytes = [&b"aaa"[..lead], &piece.repeat(SHORT * 3 / piece.len() + 1)].concat();
                let (text, is_replaced) = encoding.decode_without_bom_handling(&bytes);
                assert_eq!(decoded(encoding, &bytes, true), (text, !is_replaced), "{} {piece:?}", encoding.name());
            }
        }
    }
}
