//! Transfer encodings (RFC 2045, section 6), line by line.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use postkontor_reader::transfer::Encoding;

/// Takes what others wrote: with padding or without, and whatever stands in the bits that count for nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// Decodes the lines of one part.
pub(super) enum Decoder {
    /// 7bit, 8bit, binary, and whatever has another name. Holds the line end before the next line, which belongs to a boundary if one
    /// follows.
    Plain { held: Vec<u8> },
    /// Base64; the characters of a group that is not whole yet.
    Base64 { group: Vec<u8> },
    /// Quoted-printable, with the line end that is held as above.
    Quoted { held: Vec<u8> },
}

impl Decoder {
    /// The decoder of an encoding.
    pub(super) fn of(encoding: Encoding) -> Decoder {
        match encoding {
            Encoding::Base64 => Decoder::Base64 { group: Vec::new() },
            Encoding::QuotedPrintable => Decoder::Quoted { held: Vec::new() },
            Encoding::Identity | Encoding::Uuencode => Decoder::Plain { held: Vec::new() },
        }
    }

    /// Decodes a line with its end.
    pub(super) fn line(&mut self, text: &[u8], end: &[u8], out: &mut Vec<u8>) {
        match self {
            Decoder::Plain { held } => {
                out.append(held);
                out.extend_from_slice(text);
                held.extend_from_slice(end);
            }
            Decoder::Base64 { group } => base64(group, text, out),
            Decoder::Quoted { held } => {
                out.append(held);
                let text = if end.is_empty() { text } else { text.trim_ascii_end() };
                let (text, end) = text.strip_suffix(b"=").map_or((text, end), |text| (text, &end[..0]));
                quoted(text, out);
                held.extend_from_slice(end);
            }
        }
    }

    /// Decodes what is left at the end of the part, whose last line end belongs to the boundary unless the message ends there.
    pub(super) fn finish(&mut self, is_message_end: bool, out: &mut Vec<u8>) {
        match self {
            Decoder::Plain { held } | Decoder::Quoted { held } => {
                if is_message_end {
                    out.append(held);
                }
                held.clear();
            }
            Decoder::Base64 { group } => flush(group, out),
        }
    }
}

fn base64(group: &mut Vec<u8>, text: &[u8], out: &mut Vec<u8>) {
    // Nearly every line is whole groups and nothing else.
    let before = out.len();
    if group.is_empty() && text.len().is_multiple_of(4) && LENIENT.decode_vec(text, out).is_ok() {
        return;
    }
    out.truncate(before);
    for byte in text {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                group.push(*byte);
                if group.len() == 4 {
                    flush(group, out);
                }
            }
            b'=' => flush(group, out),
            // What is no character of the alphabet counts for nothing (RFC 2045, section 6.8).
            _ => (),
        }
    }
}

/// Decodes a group, whole or not.
fn flush(group: &mut Vec<u8>, out: &mut Vec<u8>) {
    if group.len() > 1 {
        // Two to four characters of the alphabet are a group.
        let _ = LENIENT.decode_vec(&*group, out);
    }
    group.clear();
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'=', Some(high), Some(low)) => {
                out.extend(u8::try_from(high * 16 + low));
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: &str, text: &str, is_message_end: bool) -> String {
        let (mut decoder, mut out) = (Decoder::of(Encoding::read(encoding.as_bytes()).unwrap()), Vec::new());
        for line in text.split_inclusive("\r\n") {
            let content = line.strip_suffix("\r\n").unwrap_or(line);
            decoder.line(content.as_bytes(), &line.as_bytes()[content.len()..], &mut out);
        }
        decoder.finish(is_message_end, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn base64_is_decoded_however_it_is_broken_into_lines() {
        for text in ["SGVsbG8gd29ybGQ=\r\n", "SGVs\r\nbG8gd29\r\nybGQ", "S G-V\r\n\r\nsbG8gd29ybGQ==\r\n", "SGVsbG8g\r\nd29ybGQ=\r\n"] {
            assert_eq!(decoded("BASE64", text, false), "Hello world", "{text:?}");
        }
        // Two texts one behind the other, each with its padding.
        assert_eq!(decoded("base64", "YQ==YmI=\r\n", false), "abb");
    }

    #[test]
    fn quoted_printable_is_decoded_line_by_line() {
        assert_eq!(decoded("quoted-printable", "J=C3=BCrgen =\r\nund =3d  \r\nx=\r\n", false), "Jürgen und =\r\nx");
        assert_eq!(decoded("quoted-printable", "a=ZZ=4\r\n", true), "a=ZZ=4\r\n");
    }

    #[test]
    fn the_last_line_end_belongs_to_the_boundary() {
        assert_eq!(decoded("7bit", "a\r\nb\r\n", false), "a\r\nb");
        assert_eq!(decoded("8bit", "a\r\nb\r\n", true), "a\r\nb\r\n");
    }
}
