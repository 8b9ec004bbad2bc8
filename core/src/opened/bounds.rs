//! How much of a message is taken apart.
//!
//! The parser needs some hundred bytes for each header field and each part, so that a message that consists of nothing else would need forty
//! times its size. Such a message is read up to the place where it has more of them than any program writes.

use super::PARSER;
use mail_parser::MimeHeaders;

/// A smaller message cannot hold so many that it matters.
const SMALL: usize = 1024 * 1024;

/// The most parts, and the most of them that have parts themselves.
const PARTS: usize = 20_000;
const MULTIPARTS: usize = 64;

/// The most header fields, and bytes of them, in all parts together.
const FIELDS: usize = 50_000;
const FIELD_BYTES: usize = 1024 * 1024;

/// The beginning of a message that is taken apart: as a rule all of it.
pub(super) fn bounded(raw: &[u8]) -> &[u8] {
    if raw.len() <= SMALL {
        return raw;
    }
    let mut boundaries: Vec<Vec<u8>> = Vec::new();
    let (mut fields, mut field_bytes) = (0, 0);
    let mut at = 0;
    for _ in 0..PARTS {
        let start = at;
        while let Some(line) = field(&raw[at..]) {
            fields += 1;
            field_bytes += line;
            if fields > FIELDS || field_bytes > FIELD_BYTES {
                return &raw[..at];
            }
            at += line;
        }
        if let Some(boundary) = boundary(&raw[start..at]).filter(|boundary| !boundaries.contains(boundary)) {
            if boundaries.len() == MULTIPARTS {
                return &raw[..start];
            }
            boundaries.push(boundary);
        }
        match next(raw, at, &boundaries) {
            Some(next) => at = next,
            None => return raw,
        }
    }
    &raw[..at]
}

/// The length of the header line with which these bytes begin; nothing where the header ends.
fn field(bytes: &[u8]) -> Option<usize> {
    let length = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
    (!matches!(&bytes[..length], b"" | b"\n" | b"\r\n")).then_some(length)
}

fn boundary(header: &[u8]) -> Option<Vec<u8>> {
    let header = [header, b"\r\n"].concat();
    let message = PARSER.parse_headers(&*header)?;
    let boundary = message.parts.first()?.content_type()?.attribute("boundary")?;
    (!boundary.is_empty()).then(|| boundary.as_bytes().to_vec())
}

/// Where the header of the next part begins. The parser looks for boundaries in the middle of lines, too.
fn next(raw: &[u8], from: usize, boundaries: &[Vec<u8>]) -> Option<usize> {
    if boundaries.is_empty() {
        return None;
    }
    let mut at = from;
    loop {
        at += memchr::memmem::find(&raw[at..], b"--")? + 2;
        let Some(boundary) = boundaries.iter().find(|boundary| raw[at..].starts_with(boundary)) else {
            // Of three dashes the last two may be meant.
            at -= 1;
            continue;
        };
        at += boundary.len();
        if !raw[at..].starts_with(b"--") {
            // The blanks and the line end behind the boundary are its own.
            at += raw[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
            return Some(at + usize::from(raw.get(at) == Some(&b'\n')));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_write_is_taken_apart_as_a_whole() {
        let table = b"2026-11-20T10:00:00;--;5,00\r\n".repeat(40_000);
        let log = b"10:00:00 all is well\r\n".repeat(300_000);
        for body in [table, log, vec![b'-'; 3_000_000], vec![b':'; 3_000_000], b"\r\n".repeat(2_000_000)] {
            for head in ["Content-Type: text/plain\r\n\r\n", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"] {
                let raw = [head.as_bytes(), &body, b"\r\n--b\r\n\r\nx\r\n--b--\r\n"].concat();
                assert_eq!(bounded(&raw).len(), raw.len());
            }
        }
    }

    #[test]
    fn what_consists_of_fields_or_parts_is_cut() {
        let part = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
        for (many, most) in [
            ("X:\r\n".repeat(1_000_000), FIELDS * 4 + 100),
            (format!("To: {}", "a@b,".repeat(1_000_000)), FIELD_BYTES + 100),
            (format!("To: {}", "a@b,\r\n ".repeat(1_000_000)), FIELD_BYTES + 100),
            (part.repeat(100_000), PARTS * part.len() + 100),
            (format!("{part}\r\n{}", "x--b\n\n".repeat(1_000_000)), PARTS * 6 + 100),
            (format!("{part}\r\nx\r\n---b\r\n{}", "X:\r\n".repeat(1_000_000)), FIELDS * 4 + 200),
            ((0..50_000).map(|n| format!("{}{n}\r\n\r\n--b{n}\r\n", &part[..part.len() - 9])).collect(), MULTIPARTS * 70),
        ] {
            let raw = format!("Subject: x\r\n{many}");
            assert!(bounded(raw.as_bytes()).len() <= most, "{}", &many[..60]);
        }
    }
}
