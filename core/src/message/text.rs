//! Text parts: line ends, charset, and the transfer encoding that suits the text.
//!
//! Everything is 7-bit clean, so that no server needs 8BITMIME and no signature breaks on the way.

use super::base64;
use super::charset::{Charset, Unencoded};
use memchr::memchr2_iter;
use std::borrow::Cow;

/// RFC 5322 section 2.1.1.
const LINE_LENGTH: usize = 998;
/// RFC 2045 section 6.7.
const QUOTED_LENGTH: usize = 76;
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Writes the headers and the body of a text part. The body does not end in a line end unless the text does.
pub(super) fn write(out: &mut Vec<u8>, subtype: &str, text: &str, charset: Charset) -> Result<(), Unencoded> {
    let encoded = charset.encode(text)?;
    let body = with_crlf(&encoded.bytes);
    let transfer = Transfer::of(&body);
    for piece in
        ["Content-Type: text/", subtype, "; charset=", encoded.label, "\r\nContent-Transfer-Encoding: ", transfer.name(), "\r\n\r\n"]
    {
        out.extend_from_slice(piece.as_bytes());
    }
    match transfer {
        Transfer::SevenBit => out.extend_from_slice(&body),
        Transfer::Quoted => append_quoted(out, &body),
        Transfer::Base64 => base64::append_lines(out, &body),
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transfer {
    SevenBit,
    Quoted,
    Base64,
}

impl Transfer {
    fn name(self) -> &'static str {
        match self {
            Transfer::SevenBit => "7bit",
            Transfer::Quoted => "quoted-printable",
            Transfer::Base64 => "base64",
        }
    }

    /// What leaves the text readable if it can, and is short if it cannot.
    fn of(body: &[u8]) -> Transfer {
        let is_odd = |byte: u8| byte >= 0x7f || (byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n'));
        // Summed in bytes, which the compiler turns into vector instructions; 128 of them fit into one.
        let odd: usize = body.chunks(128).map(|chunk| usize::from(chunk.iter().map(|byte| u8::from(is_odd(*byte))).sum::<u8>())).sum();
        if odd > 0 {
            return if odd * 3 > body.len() { Transfer::Base64 } else { Transfer::Quoted };
        }
        // Mailbox files put a ">" in front of lines that begin so.
        if has_long_line(body) || body.starts_with(b"From ") || memchr::memmem::find(body, b"\nFrom ").is_some() {
            return Transfer::Quoted;
        }
        Transfer::SevenBit
    }
}

fn has_long_line(body: &[u8]) -> bool {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', body) {
        if end - start > LINE_LENGTH + 1 {
            return true;
        }
        start = end + 1;
    }
    body.len() - start > LINE_LENGTH
}

/// The text with CRLF at the end of each line, however its lines ended before.
fn with_crlf(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut start = 0;
    let mut done = 0;
    for place in memchr2_iter(b'\r', b'\n', text) {
        if place < done {
            continue;
        }
        if text[place..].starts_with(b"\r\n") {
            done = place + 2;
            continue;
        }
        if out.capacity() == 0 {
            out.reserve(text.len() + text.len() / 16 + 2);
        }
        out.extend_from_slice(&text[start..place]);
        out.extend_from_slice(b"\r\n");
        start = place + 1;
        done = start;
    }
    if start == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(&text[start..]);
    Cow::Owned(out)
}

/// Quoted-printable (RFC 2045 section 6.7) of text with CRLF line ends.
fn append_quoted(out: &mut Vec<u8>, body: &[u8]) {
    out.reserve(body.len() + body.len() / 4);
    let mut rest = body;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        append_quoted_line(out, &rest[..end - 1]);
        out.extend_from_slice(b"\r\n");
        rest = &rest[end + 1..];
    }
    append_quoted_line(out, rest);
}

fn append_quoted_line(out: &mut Vec<u8>, line: &[u8]) {
    let mut column = 0;
    let mut rest = line;
    if rest.starts_with(b"From ") {
        out.extend_from_slice(b"=46");
        (column, rest) = (3, &rest[1..]);
    }
    // A space that ends a line would be lost on the way.
    let last_is_space = matches!(rest.last(), Some(b' ' | b'\t'));
    while !rest.is_empty() {
        let plain = rest.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(rest.len());
        let plain = if plain == rest.len() { plain - usize::from(last_is_space) } else { plain };
        // The last place of a line is for the "=" that says it goes on, unless it does not.
        let room = QUOTED_LENGTH - column;
        let fitting = if plain == rest.len() && plain <= room { plain } else { plain.min(room - 1) };
        out.extend_from_slice(&rest[..fitting]);
        column += fitting;
        rest = &rest[fitting..];
        if rest.is_empty() {
            break;
        }
        let room = QUOTED_LENGTH - column - usize::from(rest.len() > 1);
        if fitting < plain || room < 3 {
            out.extend_from_slice(b"=\r\n");
            column = 0;
            continue;
        }
        let byte = rest[0];
        out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        column += 3;
        rest = &rest[1..];
    }
}

/// What quoted-printable leaves as it is, but for spaces at the end of a line.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = byte != b'=';
        byte += 1;
    }
    plain[b'\t' as usize] = true;
    plain
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Unencodable;

    fn part(charset: &str, text: &str) -> (String, String) {
        let mut out = Vec::new();
        write(&mut out, "plain", text, Charset::find(charset, Unencodable::Utf8).unwrap()).unwrap();
        let out = String::from_utf8(out).unwrap();
        let (head, body) = out.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[test]
    fn every_line_end_becomes_crlf() {
        assert_eq!(part("utf-8", "a\nb\r\nc\rd\n\r\re\n").1, "a\r\nb\r\nc\r\nd\r\n\r\n\r\ne\r\n");
        assert!(matches!(with_crlf(b"a\r\nb"), Cow::Borrowed(_)));
    }

    #[test]
    fn short_ascii_lines_are_left_alone() {
        let (head, body) = part("windows-1250", "Hello\nAnna");
        assert_eq!(head, "Content-Type: text/plain; charset=windows-1250\r\nContent-Transfer-Encoding: 7bit");
        assert_eq!(body, "Hello\r\nAnna");
    }

    #[test]
    fn some_umlauts_are_quoted_and_many_foreign_letters_become_base64() {
        assert_eq!(part("utf-8", "Grüße aus der Küche, Herr Doktor").1, "Gr=C3=BC=C3=9Fe aus der K=C3=BCche, Herr Doktor");
        assert_eq!(part("iso-8859-2", "Račun za Češko knjigo").1, "Ra=E8un za =C8e=B9ko knjigo");
        assert!(part("utf-8", "日本語").0.ends_with("base64"));
    }

    #[test]
    fn long_lines_are_broken_softly_and_spaces_at_line_ends_survive() {
        let (head, body) = part("utf-8", &format!("{}\nend \nFrom here\t\nFrom", "x".repeat(2000)));
        assert!(head.ends_with("quoted-printable"));
        assert!(body.lines().all(|line| line.len() <= QUOTED_LENGTH), "{body}");
        assert!(body.ends_with("\r\nend=20\r\n=46rom here=09\r\nFrom"), "{body}");
        assert_eq!(body.replace("=\r\n", "").lines().next().unwrap(), "x".repeat(2000));
    }

    #[test]
    fn a_line_of_998_characters_needs_no_encoding_and_one_of_999_does() {
        assert!(part("utf-8", &format!("{}\nb", "x".repeat(998))).0.ends_with("7bit"));
        assert!(part("utf-8", &format!("{}\nb", "x".repeat(999))).0.ends_with("quoted-printable"));
        assert!(part("utf-8", &"x".repeat(999)).0.ends_with("quoted-printable"));
    }
}
