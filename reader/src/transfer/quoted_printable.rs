//! quoted-printable (RFC 2045, 6.7).

use super::decode::{BLOCK, Decode, Faults};

/// Reads quoted-printable. An equals sign that begins nothing stands for itself.
#[derive(Default)]
pub(super) struct QuotedPrintable {
    is_invalid: bool,
}

/// What an equals sign begins.
enum Escape {
    Byte(u8),
    /// A line that goes on in the next one, which begins so many bytes behind the sign.
    Break(usize),
    Nothing,
    /// More bytes have to be seen.
    Unknown,
}

impl Decode for QuotedPrintable {
    fn decode(&mut self, input: &[u8], is_last: bool, output: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(found) = memchr::memchr2(b'=', b'\n', rest) else {
                // Blanks at the end of a line are not the author's (rule 3), and whether a line ends here is not known yet.
                let is_kept = |byte: &u8| !matches!(byte, b' ' | b'\t') && (is_last || *byte != b'\r');
                let kept = rest.iter().rposition(is_kept).map_or(0, |last| last + 1);
                let is_all = is_last || kept == 0 && rest.len() >= BLOCK;
                output.extend_from_slice(&rest[..if is_all && !is_last { rest.len() } else { kept }]);
                return if is_all { input.len() } else { at + kept };
            };
            let literal = &rest[..found];
            if rest[found] == b'\n' {
                line(literal, output);
                at += found + 1;
                continue;
            }
            match escape(&rest[found + 1..], is_last) {
                Escape::Unknown if rest.len() - found < BLOCK => {
                    output.extend_from_slice(literal);
                    return at + found;
                }
                Escape::Byte(byte) => {
                    output.extend_from_slice(literal);
                    output.push(byte);
                    at += found + 3;
                }
                Escape::Break(length) => {
                    output.extend_from_slice(literal);
                    at += found + 1 + length;
                }
                Escape::Nothing | Escape::Unknown => {
                    self.is_invalid = true;
                    output.extend_from_slice(&rest[..=found]);
                    at += found + 1;
                }
            }
        }
        input.len()
    }

    fn faults(&self) -> Faults {
        [self.is_invalid.then_some("mime.quoted_printable_invalid"), None]
    }
}

/// Writes what stands in front of a line end, and that.
fn line(literal: &[u8], output: &mut Vec<u8>) {
    let (literal, end) = literal.strip_suffix(b"\r").map_or((literal, &b"\n"[..]), |literal| (literal, b"\r\n"));
    let kept = literal.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
    output.extend_from_slice(&literal[..kept]);
    output.extend_from_slice(end);
}

fn escape(rest: &[u8], is_last: bool) -> Escape {
    if let [high, low, ..] = rest
        && let (Some(high), Some(low)) = (digit(*high), digit(*low))
    {
        return Escape::Byte(high << 4 | low);
    }
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match rest.get(blanks..).unwrap_or_default() {
        [b'\n', ..] => Escape::Break(blanks + 1),
        [b'\r', b'\n', ..] => Escape::Break(blanks + 2),
        // The line end behind it belongs to the delimiter that ended the part.
        [] | [b'\r'] if is_last => Escape::Break(rest.len()),
        [] | [b'\r'] => Escape::Unknown,
        [b'\r', ..] => Escape::Break(blanks + 1),
        [one] if blanks == 0 && !is_last && digit(*one).is_some() => Escape::Unknown,
        _ => Escape::Nothing,
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> (String, bool) {
        let (bytes, faults) = super::super::decode::check(|| Box::<QuotedPrintable>::default(), text.as_bytes(), 12);
        (String::from_utf8_lossy(&bytes).into_owned(), faults[0].is_some())
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for (text, expected) in [
            ("Gr=C3=BC=C3=9Fe", "Grüße"),
            ("gr=c3=bc=c3=9fe\n", "grüße\n"),
            ("a=\r\nb=\nc= \t\r\nd=\re", "abcde"),
            ("a  \r\nb\t\nc =20 \nd =\n e", "a\r\nb\nc  \nd  e"),
            ("a=3D=3D=0D=0Ab", "a==\r\nb"),
            ("the end=", "the end"),
            ("the end=\r", "the end"),
            ("CR\ronly\r", "CR\ronly\r"),
            ("blanks at the end  ", "blanks at the end"),
            ("\r\n\r\n", "\r\n\r\n"),
            ("", ""),
        ] {
            assert_eq!(decode(text), (expected.to_owned(), false), "{text:?}");
        }
    }

    #[test]
    fn an_equals_sign_that_begins_nothing_stands_for_itself_and_is_a_fault() {
        for (text, expected) in
            [("a=b", "a=b"), ("x == y=20", "x == y "), ("=4", "=4"), ("=", ""), ("a=  b=\n", "a=  b"), ("=C3=BX", "\u{fffd}=BX")]
        {
            assert_eq!(decode(text), (expected.to_owned(), text != "="), "{text:?}");
        }
    }
}
