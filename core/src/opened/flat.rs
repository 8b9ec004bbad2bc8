//! Keeps the parser from descending into attached messages.
//!
//! mail-parser reads a message within a message into nested structures, and gives these up one within the other: a message of
//! a few megabytes with a hundred thousand levels overflows the stack, which nothing survives. An attached message is
//! a part like any other here, opened when somebody asks for it. So the words that would make the parser descend are, wherever they stand
//! in what could be a `Content-Type`, disguised in a copy of the message, of the same length, and restored in the summary; parts are taken
//! from the original.

use memchr::memmem;
use std::borrow::Cow;
use std::ops::Range;

/// The subtypes that make the parser descend (`message/rfc822`, `message/global`, and `multipart/digest`, whose parts are messages),
/// with the place of the letter that is replaced.
const WORDS: [(&[u8], usize); 3] = [(b"rfc822", 3), (b"global", 3), (b"digest", 2)];

/// What replaces the letter: the first stands for the small one, the second for the capital.
const MARKS: [[u8; 2]; 3] = [[0x11, 0x12], [0x13, 0x14], [0x15, 0x16]];

/// The message with the words disguised.
pub(super) fn disguised(raw: &[u8]) -> Cow<'_, [u8]> {
    let mut copy = Cow::Borrowed(raw);
    let mut end = 0;
    for colon in memchr::memchr_iter(b':', raw) {
        // What stands before has been seen; a field full of colons is not to be read once for each.
        if colon >= end && could_end_the_name(&raw[..colon]) {
            end = end_of_field(raw, colon);
            disguise(raw, colon..end, &mut copy);
        }
    }
    copy
}

/// Whether the colon after this could be that of `Content-Type`, within whose name the parser skips blanks.
fn could_end_the_name(before: &[u8]) -> bool {
    let last = before.iter().rev().find(|byte| !byte.is_ascii_whitespace());
    last.is_some_and(|last| last.eq_ignore_ascii_case(&b'e'))
}

/// Where the first line ends that no blank continues.
fn end_of_field(raw: &[u8], start: usize) -> usize {
    let mut ends = memchr::memchr_iter(b'\n', &raw[start..]).map(|at| start + at);
    ends.find(|at| !matches!(raw.get(at + 1), Some(b' ' | b'\t'))).unwrap_or(raw.len())
}

fn disguise(raw: &[u8], field: Range<usize>, copy: &mut Cow<'_, [u8]>) {
    for ((word, place), marks) in WORDS.into_iter().zip(MARKS) {
        let (small, capital) = (word[place], word[place].to_ascii_uppercase());
        for at in memchr::memchr2_iter(small, capital, &raw[field.clone()]).map(|at| field.start + at) {
            let Some(start) = at.checked_sub(place) else { continue };
            let is_word = raw.get(start..start + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
            if is_word && could_be_a_subtype(raw, start, start + word.len()) {
                let is_capital = raw[at] != small;
                copy.to_mut()[at] = marks[usize::from(is_capital)];
            }
        }
    }
}

/// Before a subtype stands the slash or the end of a comment; it ends where the word does.
fn could_be_a_subtype(raw: &[u8], start: usize, end: usize) -> bool {
    let before = raw[..start].iter().rev().find(|byte| !byte.is_ascii_whitespace());
    let after = raw.get(end);
    before.is_some_and(|byte| !byte.is_ascii_alphanumeric()) && after.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-')
}

/// A text of the disguised message as it was.
pub(super) fn restored(text: &str) -> String {
    let is_marked = text.bytes().any(|byte| MARKS.as_flattened().contains(&byte));
    if is_marked { replace(text, |mark| char::from(mark).to_string()) } else { text.to_owned() }
}

/// The same for texts within JSON, where the marks are escaped.
pub(super) fn restored_json(json: String) -> String {
    // All marks begin like this.
    let is_marked = memmem::find(json.as_bytes(), b"\\u001").is_some();
    if is_marked { replace(&json, |mark| format!("\\u{mark:04x}")) } else { json }
}

fn replace(text: &str, shown: impl Fn(u8) -> String) -> String {
    let mut text = Cow::Borrowed(text);
    for ((word, place), marks) in WORDS.into_iter().zip(MARKS) {
        for (index, mark) in marks.into_iter().enumerate() {
            let shown = shown(mark);
            if memmem::find(text.as_bytes(), shown.as_bytes()).is_none() {
                continue;
            }
            let letter = if index == 0 { word[place] } else { word[place].to_ascii_uppercase() };
            let mut plain = String::with_capacity(text.len());
            let mut rest = &*text;
            while let Some(at) = rest.find(&shown) {
                let (before, after) = (&rest[..at], &rest[at + shown.len()..]);
                plain.push_str(before);
                // A mark that the message itself contains stays.
                let ends = |part: &[u8], of: &[u8]| part.len() >= of.len() && part[part.len() - of.len()..].eq_ignore_ascii_case(of);
                let begins = |part: &[u8], of: &[u8]| part.len() >= of.len() && part[..of.len()].eq_ignore_ascii_case(of);
                if ends(plain.as_bytes(), &word[..place]) && begins(after.as_bytes(), &word[place + 1..]) {
                    plain.push(char::from(letter));
                } else {
                    plain.push_str(&shown);
                }
                rest = after;
            }
            plain.push_str(rest);
            text = Cow::Owned(plain);
        }
    }
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_disguised_where_the_parser_would_take_them_for_a_subtype() {
        for text in [
            "Content-Type: message/rfc822",
            "CONTENT-TYPE:Message/RFC822; x",
            "content-type \t : message / rfc822\r\n",
            "Subject: x\nContent-Type:\r\n message/(c) \r\n\t Global",
            "x: y\n\nContent - Type: multipart/diGest; boundary=x\r\n",
            "Subject: date: the\r\nContent-Type: multipart/digest\r\nx",
        ] {
            let disguise = disguised(text.as_bytes()).into_owned();
            assert_ne!(disguise, text.as_bytes(), "{text}");
            assert_eq!(restored(std::str::from_utf8(&disguise).unwrap()), text);
            let json = serde_json::to_string(std::str::from_utf8(&disguise).unwrap()).unwrap();
            assert_eq!(restored_json(json), serde_json::to_string(text).unwrap());
        }
        let type_is = |value: &str| format!("Content-Type: {value}");
        let others = ["text/rfc822-headers", "x/y; a=\"the global market\"", "message/rfc8222", "message/xglobal", "xdigest"].map(type_is);
        for text in others.iter().map(String::as_str).chain(["message/rfc822", "Content-Type: text/plain\nSubject: (global)"]) {
            assert_eq!(disguised(text.as_bytes()), text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn marks_of_the_message_itself_stay() {
        for text in ["a\u{11}b", "rfc\u{11}23", "\u{13}", "di\u{16}"] {
            assert_eq!(restored(text), text);
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(restored_json(json.clone()), json);
        }
    }

    #[test]
    fn colons_do_not_cost_more_than_their_number() {
        let raw = format!("Content-Type: x\r\n{}", " type: global\r\n".repeat(500_000));
        let started = std::time::Instant::now();
        assert_ne!(disguised(raw.as_bytes()), raw.as_bytes());
        assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
    }
}
