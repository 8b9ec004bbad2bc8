//! Character sets that write everything in seven bits: UTF-7 (RFC 2152), HZ (RFC 1843) and ISO-2022-KR (RFC 1557).

use crate::transfer::base64_value;
use std::borrow::Cow;

/// The text of UTF-7, and whether all of it was valid.
pub(super) fn utf7(bytes: &[u8]) -> (String, bool) {
    let (mut text, mut is_whole) = (String::with_capacity(bytes.len()), true);
    let mut rest = bytes;
    while let Some(start) = memchr::memchr(b'+', rest) {
        is_whole &= plain(&rest[..start], &mut text);
        rest = &rest[start + 1..];
        let length = rest.iter().take_while(|byte| base64_value(**byte).is_some()).count();
        let (word, behind) = rest.split_at(length);
        // `+-` is the plus itself, and a minus that ends a word belongs to it.
        match (word, behind.first()) {
            ([], Some(b'-')) => text.push('+'),
            ([], _) => {
                text.push('+');
                is_whole = false;
            }
            _ => is_whole &= shifted(word, &mut text),
        }
        rest = behind.strip_prefix(b"-").unwrap_or(behind);
    }
    is_whole &= plain(rest, &mut text);
    (text, is_whole)
}

/// Bytes that stand for themselves; those above 127 stand for nothing.
fn plain(bytes: &[u8], text: &mut String) -> bool {
    text.extend(bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER }));
    bytes.is_ascii()
}

/// UTF-16 in base64 without padding.
fn shifted(word: &[u8], text: &mut String) -> bool {
    let (mut bits, mut count) = (0_u32, 0);
    let mut units = Vec::with_capacity(word.len() * 6 / 16);
    for value in word.iter().filter_map(|byte| base64_value(*byte)) {
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count & 0xffff) as u16);
        }
    }
    let is_ended = count < 6 && bits & ((1 << count) - 1) == 0;
    let decoded: Vec<_> = char::decode_utf16(units).collect();
    text.extend(decoded.iter().map(|letter| *letter.as_ref().unwrap_or(&char::REPLACEMENT_CHARACTER)));
    is_ended && decoded.iter().all(Result::is_ok)
}

/// HZ as GBK: what stands between `~{` and `~}` has its highest bit set.
pub(super) fn hz(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'~', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let (mut gbk, mut is_shifted, mut at) = (Vec::with_capacity(bytes.len()), false, 0);
    while let Some(byte) = bytes.get(at) {
        let step = match (byte, bytes.get(at + 1)) {
            (b'~', Some(b'{')) => {
                is_shifted = true;
                2
            }
            (b'~', Some(b'}')) => {
                is_shifted = false;
                2
            }
            (b'~', Some(b'~')) if !is_shifted => {
                gbk.push(b'~');
                2
            }
            (b'~', Some(b'\n')) if !is_shifted => 2,
            (b'\n', _) => {
                // A line ends the mode, too, as many readers have it.
                is_shifted = false;
                gbk.push(b'\n');
                1
            }
            (0x21..=0x7e, Some(second @ 0x21..=0x7e)) if is_shifted => {
                gbk.extend([byte | 0x80, second | 0x80]);
                2
            }
            _ => {
                gbk.push(*byte);
                1
            }
        };
        at += step;
    }
    Cow::Owned(gbk)
}

/// ISO-2022-KR as EUC-KR: what stands between SO and SI has its highest bit set.
pub(super) fn iso_2022_kr(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(0x0e, 0x1b, bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let (mut euc, mut is_shifted, mut rest) = (Vec::with_capacity(bytes.len()), false, bytes);
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            0x1b if behind.starts_with(b"$)C") => rest = &behind[3..],
            0x0e => is_shifted = true,
            0x0f => is_shifted = false,
            b'\r' | b'\n' => {
                is_shifted = false;
                euc.push(*byte);
            }
            0x21..=0x7e if is_shifted => euc.push(byte | 0x80),
            _ => euc.push(*byte),
        }
    }
    Cow::Owned(euc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_7_is_read_with_its_shifts() {
        let table = [
            ("A+ImIDkQ.", "A≢Α.", true),
            ("Hi Mom -+Jjo--!", "Hi Mom -☺-!", true),
            ("+ZeVnLIqe-", "日本語", true),
            ("Item 3 is +AKM-1.", "Item 3 is £1.", true),
            ("1 +- 1 = 2", "1 + 1 = 2", true),
            ("Gr+APwA3w-e +2D3eAA", "Grüße 😀", true),
            ("a + b", "a + b", false),
            ("+2D0-", "\u{fffd}", false),
            ("+AP", "", false),
        ];
        for (given, text, is_whole) in table {
            assert_eq!(utf7(given.as_bytes()), (text.to_owned(), is_whole), "{given}");
        }
        assert_eq!(utf7(b"\xfc"), ("\u{fffd}".to_owned(), false));
    }

    #[test]
    fn shifts_of_hz_and_iso_2022_kr_set_the_highest_bit() {
        assert_eq!(&*hz(b"a~~ ~{<:Ky2;~}~\nb ~{<:\n~"), b"a~ \xbc\xba\xcb\xf9\xb2\xbbb \xbc\xba\n~");
        assert_eq!(&*iso_2022_kr(b"\x1b$)Ca \x0e>H3g\x0f b\x0e>\nc"), b"a \xbe\xc8\xb3\xe7 b\xbe\nc");
    }
}
