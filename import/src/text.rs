//! From bytes to text.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// The text: by its byte order mark, else UTF-8 where it is that, UTF-16 where every other byte of its beginning is zero, or the code page. A
/// zero byte is no part of a text, and becomes a blank.
pub(crate) fn decoded<'b>(bytes: &'b [u8], code_page: &'static Encoding) -> Cow<'b, str> {
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default()).0,
        None => match wide(bytes) {
            Some(encoding) => encoding.decode_without_bom_handling(bytes).0,
            None => match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => code_page.decode_without_bom_handling(bytes).0,
            },
        },
    };
    if text.contains('\0') { Cow::Owned(text.replace('\0', " ")) } else { text }
}

/// UTF-16 without a mark: settings begin with ASCII.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes.get(..4)? {
        [a, 0, b, 0] if *a != 0 && *b != 0 => Some(UTF_16LE),
        [0, a, 0, b] if *a != 0 && *b != 0 => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{WINDOWS_1250, WINDOWS_1252};

    #[test]
    fn each_encoding_of_a_settings_file_is_recognised() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let text = "Größe=Žiga";
        let marked = [b"\xEF\xBB\xBF".to_vec(), text.as_bytes().to_vec()].concat();
        let wide = [b"\xFF\xFE".to_vec(), utf16(text)].concat();
        for bytes in [text.as_bytes().to_vec(), marked, wide, utf16(text), WINDOWS_1250.encode(text).0.into_owned()] {
            assert_eq!(decoded(&bytes, WINDOWS_1250), text);
        }
        assert_eq!(decoded(b"Gr\xF6\xDFe", WINDOWS_1252), "Größe");
        assert_eq!(decoded(b"a\0b", WINDOWS_1252), "a b");
        assert_eq!(decoded(b"\xFF", WINDOWS_1252), "ÿ");
    }
}
