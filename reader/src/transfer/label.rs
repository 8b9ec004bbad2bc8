//! What a Content-Transfer-Encoding field names.

use super::{base64, uuencode};

/// How the bytes of a part were made fit for their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all: `7bit`, `8bit`, `binary`.
    #[default]
    Identity,
    /// `base64` (RFC 2045, 6.8).
    Base64,
    /// `quoted-printable` (RFC 2045, 6.7).
    QuotedPrintable,
    /// `uuencode`, under any of its names.
    Uuencode,
}

/// The names that nearly all messages have.
const USUAL: [(&[u8], Encoding); 4] = [
    (b"7bit", Encoding::Identity),
    (b"8bit", Encoding::Identity),
    (b"base64", Encoding::Base64),
    (b"quoted-printable", Encoding::QuotedPrintable),
];

impl Encoding {
    /// Reads the value of a Content-Transfer-Encoding field; `None` where it names no encoding that is known.
    ///
    /// Beside the name there may stand comments, blanks, quotes, and what follows a semicolon.
    pub fn read(value: &[u8]) -> Option<Encoding> {
        let name = name(value);
        if let Some((_, usual)) = USUAL.iter().find(|(usual, _)| name.eq_ignore_ascii_case(usual)) {
            return Some(*usual);
        }
        // A hyphen in a known name is where programs differ: `8-bit`, `base-64`.
        let letters: Vec<u8> = name.iter().filter(|byte| !matches!(byte, b'-' | b'_')).map(u8::to_ascii_lowercase).collect();
        Some(match letters.as_slice() {
            b"" | b"7bit" | b"8bit" | b"binary" | b"7bits" | b"8bits" | b"none" | b"plain" | b"7" | b"8" => Encoding::Identity,
            b"base64" | b"xbase64" | b"b64" => Encoding::Base64,
            b"quotedprintable" | b"xquotedprintable" | b"qp" => Encoding::QuotedPrintable,
            b"uuencode" | b"xuuencode" | b"uue" | b"xuue" | b"uuencoded" | b"xuuencoded" => Encoding::Uuencode,
            _ => return None,
        })
    }

    /// Whether a body that begins with these bytes may be encoded so: it is not where its first lines are plain text, or the line that begins a file
    /// is missing.
    pub(crate) fn is_likely(self, first: &[u8]) -> bool {
        match self {
            Encoding::Base64 => base64::is_likely(first),
            Encoding::Uuencode => uuencode::is_likely(first),
            Encoding::Identity | Encoding::QuotedPrintable => true,
        }
    }
}

/// The first word that is no comment.
fn name(value: &[u8]) -> &[u8] {
    let mut rest = value.trim_ascii_start();
    while rest.first() == Some(&b'(') {
        let mut depth = 0_usize;
        let end = rest.iter().position(|byte| {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => (),
            }
            depth == 0
        });
        // A comment without an end reaches to the end.
        rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default().trim_ascii_start();
    }
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| matches!(byte, b';' | b'(' | b'"' | b'\'' | b',') || byte.is_ascii_whitespace());
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_known_whatever_stands_beside_it() {
        for value in
            ["base64", "BASE64", " base64;", "base64 (MIME)", "(this is) (a (nested) one) base64", "\"base64\"", "base-64", "base64\r\n "]
        {
            assert_eq!(Encoding::read(value.as_bytes()), Some(Encoding::Base64), "{value}");
        }
        for value in ["", "8-bit", "7BIT", "binary", "8bit (none)", "7bit;", "()"] {
            assert_eq!(Encoding::read(value.as_bytes()), Some(Encoding::Identity), "{value}");
        }
        for value in ["Quoted-Printable", "quoted-printable; x=y", "quotedprintable"] {
            assert_eq!(Encoding::read(value.as_bytes()), Some(Encoding::QuotedPrintable), "{value}");
        }
        for value in ["x-uuencode", "uuencode", "X-UUE"] {
            assert_eq!(Encoding::read(value.as_bytes()), Some(Encoding::Uuencode), "{value}");
        }
        for value in ["utf-8", "x-yenc", "base6", "base64base64"] {
            assert_eq!(Encoding::read(value.as_bytes()), None, "{value}");
        }
    }
}
