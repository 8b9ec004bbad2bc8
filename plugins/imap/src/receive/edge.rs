//! The end of a text of which only the beginning came: it is moved to the end of a letter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postkontor_reader::Repairs;
use postkontor_reader::header::{ContentType, Fields};

/// Cuts off what is the beginning of something only: of an encoded byte, of a group of base64, of a letter of UTF-8. `header` is the part's own.
pub(super) fn clean(body: &mut Vec<u8>, header: &[u8]) {
    let fields = Fields::read(header);
    let kind = fields.first("Content-Type").map(|field| ContentType::read(field.value(), &mut Repairs::default(), ""));
    let is_utf8 = kind.is_some_and(|kind| {
        kind.kind() == "text"
            && kind
                .parameter("charset")
                .is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8"))
    });
    let encoding = fields.first("Content-Transfer-Encoding").map(|field| field.value().trim_ascii().to_ascii_lowercase());
    match encoding.as_deref() {
        Some(b"base64") => base64(body, is_utf8),
        Some(b"quoted-printable") => quoted_printable(body, is_utf8),
        _ if is_utf8 => body.truncate(body.len() - begun(body)),
        _ => (),
    }
}

/// How many bytes at the end are the beginning of a letter of UTF-8 that does not end.
fn begun(text: &[u8]) -> usize {
    let from = text.len().saturating_sub(4);
    let Some(lead) = text[from..].iter().rposition(|byte| *byte & 0xc0 != 0x80) else { return 0 };
    let letter = &text[from + lead..];
    let length = match letter[0] {
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf8 => 4,
        _ => 1,
    };
    if letter.len() < length { letter.len() } else { 0 }
}

fn quoted_printable(body: &mut Vec<u8>, is_utf8: bool) {
    let escape = body.len().saturating_sub(2);
    if let Some(at) = body[escape..].iter().position(|byte| *byte == b'=') {
        body.truncate(escape + at);
    }
    if !is_utf8 {
        return;
    }
    // The last bytes, each with the place where it begins.
    let (mut end, mut last) = (body.len(), Vec::new());
    while last.len() < 4 && end > 0 {
        let escaped = body[..end].len().checked_sub(3).filter(|at| body[*at] == b'=');
        let digits = escaped.and_then(|at| std::str::from_utf8(&body[at + 1..end]).ok());
        let (byte, at) = match (digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()), escaped) {
            (Some(byte), Some(at)) => (byte, at),
            _ => (body[end - 1], end - 1),
        };
        last.insert(0, (byte, at));
        end = at;
    }
    let bytes: Vec<u8> = last.iter().map(|(byte, _)| *byte).collect();
    if let Some((_, at)) = last.get(bytes.len() - begun(&bytes)) {
        body.truncate(*at);
    }
}

fn base64(body: &mut Vec<u8>, is_utf8: bool) {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let over = body.iter().filter(|byte| is_letter(byte)).count() % 4;
    for _ in 0..over {
        let last = body.iter().rposition(is_letter).unwrap_or_default();
        body.truncate(last);
    }
    if !is_utf8 {
        return;
    }
    // Two groups hold more bytes than a letter has.
    let places: Vec<usize> = body.iter().enumerate().rev().filter(|(_, byte)| is_letter(byte)).map(|(at, _)| at).take(8).collect();
    let Some(first) = places.last().copied() else { return };
    let group: Vec<u8> = places.iter().rev().map(|at| body[*at]).collect();
    let Ok(mut bytes) = STANDARD.decode(&group) else { return };
    let begun = begun(&bytes);
    if begun > 0 {
        bytes.truncate(bytes.len() - begun);
        body.truncate(first);
        body.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Größe € 42 😀 ß\r\nünd so weiter";

    /// What is left of the encoded text after so many bytes, decoded.
    fn left(encoded: &[u8], encoding: &str, length: usize, decode: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let header = format!("Content-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
        let mut body = encoded[..length].to_vec();
        clean(&mut body, header.as_bytes());
        assert!(body.len() <= length + 4);
        decode(&body)
    }

    #[test]
    fn wherever_a_text_is_cut_it_ends_with_a_letter() {
        let quoted: String =
            TEXT.bytes().map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("={byte:02X}") }).collect();
        let unquoted = |body: &[u8]| {
            let mut bytes = Vec::new();
            let mut rest = body;
            while let Some((first, behind)) = rest.split_first() {
                if *first == b'=' {
                    bytes.push(u8::from_str_radix(std::str::from_utf8(&behind[..2]).unwrap(), 16).unwrap());
                    rest = &behind[2..];
                } else {
                    bytes.push(*first);
                    rest = behind;
                }
            }
            bytes
        };
        let lines: Vec<String> =
            STANDARD.encode(TEXT).as_bytes().chunks(10).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
        let base64 = lines.join("\r\n");
        let plain =
            |body: &[u8]| STANDARD.decode(body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>()).unwrap();
        for (encoded, encoding, decode) in [
            (TEXT.as_bytes(), "8bit", &(|body: &[u8]| body.to_vec()) as &dyn Fn(&[u8]) -> Vec<u8>),
            (quoted.as_bytes(), "Quoted-Printable", &unquoted),
            (base64.as_bytes(), "base64", &plain),
        ] {
            let mut longest = 0;
            for length in 0..=encoded.len() {
                let text = String::from_utf8(left(encoded, encoding, length, decode))
                    .unwrap_or_else(|error| panic!("{encoding} {length}: {error}"));
                assert!(TEXT.starts_with(&text) && text.len() >= longest, "{encoding} {length}: {text}");
                longest = text.len();
            }
            assert_eq!(longest, TEXT.len(), "{encoding}");
        }
    }

    #[test]
    fn what_is_no_text_or_not_in_utf8_is_cut_where_it_was() {
        for header in ["", "Content-Type: application/pdf\r\n\r\n", "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n"] {
            for bytes in [&b"Gr\xc3"[..], b"\xff\xff", b"\x80\x80\x80\x80\x80", b""] {
                let mut body = bytes.to_vec();
                clean(&mut body, header.as_bytes());
                assert_eq!(body, bytes, "{header}");
            }
        }
    }
}
