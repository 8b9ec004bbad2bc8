//! Text parts: line ends, charset, and the transfer encoding that suits the text.
//!
//! Everything is 7-bit clean, so that no server needs 8BITMIME and no signature breaks on the way.

use super::base64;
use super::charset::Charset;
use super::findings::{BLOCK, Findings, Place};

/// RFC 5322 section 2.1.1.
const LINE_LENGTH: usize = 998;
/// RFC 2045 section 6.7.
const QUOTED_LENGTH: usize = 76;
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Writes the headers and the body of a text part, which the document holds at `pointer`. The body does not end in a line end unless the
/// text does.
pub(super) fn write(out: &mut Vec<u8>, subtype: &str, text: &str, charset: Charset, pointer: &str, findings: &mut Findings<'_>) {
    let encoded = match charset.encode(text, findings) {
        Ok(encoded) => encoded,
        Err(unencoded) => return unencoded.note(charset, Place::message(pointer), findings),
    };
    for piece in ["Content-Type: text/", subtype, "; charset=", encoded.label, "\r\nContent-Transfer-Encoding: "] {
        out.extend_from_slice(piece.as_bytes());
    }
    match Transfer::of(&encoded.bytes, findings) {
        Transfer::SevenBit => {
            let start = out.len();
            append_transfer(out, Transfer::SevenBit);
            // Whether its lines may go out as they are shows while they are written; nearly always they may.
            if !append_plain(out, &encoded.bytes, findings) {
                out.truncate(start);
                append_transfer(out, Transfer::Quoted);
                append_quoted(out, &encoded.bytes, findings);
            }
        }
        Transfer::Quoted => {
            append_transfer(out, Transfer::Quoted);
            append_quoted(out, &encoded.bytes, findings);
        }
        Transfer::Base64 => {
            append_transfer(out, Transfer::Base64);
            append_base64(out, &encoded.bytes, findings);
        }
    }
}

/// Ends the headers.
fn append_transfer(out: &mut Vec<u8>, transfer: Transfer) {
    out.extend_from_slice(transfer.name().as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
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

    /// What leaves the text readable if it can, and is short if it cannot. Where its bytes allow 7bit, its lines may not.
    fn of(body: &[u8], findings: &mut Findings<'_>) -> Transfer {
        let is_odd = |byte: u8| byte >= 0x7f || (byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n'));
        // Summed in bytes, which the compiler turns into vector instructions; 128 of them fit into one.
        let count = |chunk: &[u8]| usize::from(chunk.iter().map(|byte| u8::from(is_odd(*byte))).sum::<u8>());
        let mut odd: usize = 0;
        for block in body.chunks(BLOCK) {
            odd += block.chunks(128).map(count).sum::<usize>();
            if block.len() == BLOCK && !findings.goes_on() {
                break;
            }
        }
        match odd {
            0 => Transfer::SevenBit,
            odd if odd * 3 > body.len() => Transfer::Base64,
            _ => Transfer::Quoted,
        }
    }
}

/// The lines of a text, however they end.
struct Lines<'b> {
    rest: &'b [u8],
    /// Bytes until the watch is asked again.
    left: usize,
}

impl<'b> Lines<'b> {
    fn of(text: &'b [u8]) -> Lines<'b> {
        Lines { rest: text, left: BLOCK }
    }

    /// The next line without its end, and whether it has one. The last line of a text has none; where nothing stands behind the last
    /// end, there is no such line.
    fn next(&mut self, findings: &mut Findings<'_>) -> Option<(&'b [u8], bool)> {
        if self.rest.is_empty() {
            return None;
        }
        let Some(length) = memchr::memchr2(b'\r', b'\n', self.rest) else {
            return Some((std::mem::take(&mut self.rest), false));
        };
        let line = &self.rest[..length];
        let end = if self.rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
        self.rest = &self.rest[length + end..];
        match self.left.checked_sub(length + end) {
            Some(left) => self.left = left,
            None if findings.goes_on() => self.left = BLOCK,
            None => return None,
        }
        Some((line, true))
    }
}

/// Writes the lines as they are; `false` where one is too long for that, or one that mailbox files would put a ">" in front of.
fn append_plain(out: &mut Vec<u8>, body: &[u8], findings: &mut Findings<'_>) -> bool {
    out.reserve(body.len() + body.len() / 16 + 2);
    let mut lines = Lines::of(body);
    while let Some((line, ends)) = lines.next(findings) {
        if line.len() > LINE_LENGTH || line.starts_with(b"From ") {
            return false;
        }
        out.extend_from_slice(line);
        if ends {
            out.extend_from_slice(b"\r\n");
        }
    }
    true
}

fn append_base64(out: &mut Vec<u8>, body: &[u8], findings: &mut Findings<'_>) {
    const FULL: usize = base64::LINE_BYTES * 256;
    out.reserve(body.len() / 2 * 3);
    let mut collected = Vec::with_capacity(body.len().min(2 * FULL) + 2);
    let mut lines = Lines::of(body);
    while let Some((line, ends)) = lines.next(findings) {
        let end: &[u8] = if ends { b"\r\n" } else { b"" };
        for piece in line.chunks(FULL).chain([end]) {
            collected.extend_from_slice(piece);
            if collected.len() >= FULL {
                // Full lines only, so that nothing ends in the middle.
                base64::append_lines(out, &collected[..FULL]);
                collected.drain(..FULL);
                if !findings.goes_on() {
                    return;
                }
            }
        }
    }
    base64::append_lines(out, &collected);
}

/// Quoted-printable (RFC 2045 section 6.7).
fn append_quoted(out: &mut Vec<u8>, body: &[u8], findings: &mut Findings<'_>) {
    out.reserve(body.len() + body.len() / 4);
    let mut lines = Lines::of(body);
    while let Some((line, ends)) = lines.next(findings) {
        append_quoted_line(out, line, findings);
        if ends {
            out.extend_from_slice(b"\r\n");
        }
    }
}

fn append_quoted_line(out: &mut Vec<u8>, line: &[u8], findings: &mut Findings<'_>) {
    let mut column = 0;
    let mut rest = line;
    if rest.starts_with(b"From ") {
        out.extend_from_slice(b"=46");
        (column, rest) = (3, &rest[1..]);
    }
    // A space that ends a line would be lost on the way.
    let last_is_space = matches!(rest.last(), Some(b' ' | b'\t'));
    let mut ask_at = rest.len().saturating_sub(BLOCK);
    while !rest.is_empty() {
        if rest.len() < ask_at {
            ask_at = rest.len().saturating_sub(BLOCK);
            if !findings.goes_on() {
                return;
            }
        }
        // One byte more than a line can take says as much as all that follow.
        let near = &rest[..rest.len().min(QUOTED_LENGTH + 1)];
        let plain = near.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(near.len());
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
        let (mut out, mut findings) = (Vec::new(), Findings::default());
        write(&mut out, "plain", text, Charset::find(charset, Unencodable::Utf8).unwrap(), "/text", &mut findings);
        findings.into_result().unwrap();
        let out = String::from_utf8(out).unwrap();
        let (head, body) = out.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[test]
    fn every_line_end_becomes_crlf() {
        assert_eq!(part("utf-8", "a\nb\r\nc\rd\n\r\re\n").1, "a\r\nb\r\nc\r\nd\r\n\r\n\r\ne\r\n");
        assert_eq!(part("utf-8", "日\n本\r語\r\n語語語").1, part("utf-8", "日\r\n本\r\n語\r\n語語語").1);
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
