//! The common form of a FETCH response, read in one pass.
//!
//! imap-proto tries some twenty forms for each item, which is most of the work of listing a large folder. What servers send as a
//! rule is read here; of everything else imap-proto is the judge.

use crate::folders::{Known, rfc3339};

/// Reads `* 3 FETCH (UID 17 FLAGS (\Seen) INTERNALDATE "…" RFC822.SIZE 1234)`, the items in any order. `None` means only that the
/// response is not of exactly this form.
pub(crate) fn scan(line: &[u8]) -> Option<Known> {
    let (number, rest) = count(line.strip_prefix(b"* ")?)?;
    let mut rest = rest.strip_prefix(b" FETCH (")?;
    let mut known = Known { number, ..Known::default() };
    loop {
        let after = if let Some(item) = rest.strip_prefix(b"UID ") {
            let (uid, after) = count(item)?;
            known.uid = uid;
            after
        } else if let Some(item) = rest.strip_prefix(b"RFC822.SIZE ") {
            let (size, after) = count(item)?;
            (known.size, known.has_size) = (size.into(), true);
            after
        } else if let Some(item) = rest.strip_prefix(b"FLAGS (") {
            let (flags, after) = item.split_at_checked(memchr::memchr(b')', item)?)?;
            known.flags = if flags.is_empty() { Vec::new() } else { flags.split(|byte| *byte == b' ').map(flag).collect::<Option<_>>()? };
            &after[1..]
        } else {
            let item = rest.strip_prefix(b"INTERNALDATE \"")?;
            let (date, after) = item.split_at_checked(memchr::memchr(b'"', item)?)?;
            let is_plain = date.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\');
            known.received = rfc3339(std::str::from_utf8(date).ok().filter(|_| is_plain)?);
            &after[1..]
        };
        rest = match after {
            b")\r\n" => return Some(known).filter(|known| known.uid > 0),
            [b' ', after @ ..] => after,
            _ => return None,
        };
    }
}

/// A number that fits into 32 bits for certain, and what stands behind it.
fn count(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits).filter(|_| (1..10).contains(&digits))?;
    Some((number.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')), rest))
}

fn flag(word: &[u8]) -> Option<String> {
    let name = word.strip_prefix(b"\\").unwrap_or(word);
    let is_plain = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"$-_".contains(byte));
    std::str::from_utf8(word).ok().filter(|_| is_plain).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_form_is_read_in_any_order() {
        let known =
            scan(b"* 3 FETCH (FLAGS (\\Seen $Done) RFC822.SIZE 1234 INTERNALDATE \"20-Nov-2026 10:00:00 +0100\" UID 17)\r\n").unwrap();
        assert_eq!((known.number, known.uid, known.size, known.has_size), (3, 17, 1234, true));
        assert_eq!(known.flags, ["\\Seen", "$Done"]);
        assert_eq!(known.received.as_deref(), Some("2026-11-20T10:00:00+01:00"));
    }

    /// Responses of pieces in any order, with a byte changed in most of them: whatever is read here imap-proto reads alike.
    #[test]
    fn what_is_read_here_imap_proto_reads_alike() {
        const ITEMS: [&str; 10] = [
            "UID 17",
            "UID 0",
            "UID 999999999",
            "UID 4294967295",
            "RFC822.SIZE 007",
            "FLAGS ()",
            "FLAGS (\\Seen)",
            "FLAGS (\\Seen \\Answered $Forwarded NonJunk)",
            "INTERNALDATE \" 1-Nov-2026 10:00:00 +0100\"",
            "MODSEQ (12)",
        ];
        const BYTES: &[u8] = b"\"\\() {}*%[]\r\n09aZ.$-_\x00\x7f\x80\xff";
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as usize % below
        };
        let (mut read, mut judged) = (0, 0);
        for _ in 0..200_000 {
            let items: Vec<&str> = (0..=random(4)).map(|_| ITEMS[random(ITEMS.len())]).collect();
            let mut line = format!("* {} FETCH ({})\r\n", random(100), items.join(" ")).into_bytes();
            if random(4) > 0 {
                let at = random(line.len());
                line[at] = BYTES[random(BYTES.len())];
            }
            match scan(&line) {
                Some(known) => {
                    assert_eq!(Some(known), Known::judged(&line), "{}", line.escape_ascii());
                    read += 1;
                }
                None => judged += 1,
            }
        }
        assert!(read > 10_000 && judged > 10_000, "{read} read here, {judged} left to imap-proto");
    }
}
