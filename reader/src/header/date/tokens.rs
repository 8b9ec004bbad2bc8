//! A date cut into numbers, words and signs.

use crate::charset;
use crate::header::scanner::comment;

/// A date has at most so many.
const MOST: usize = 40;

/// A piece of a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits, and how many.
    Number(u32, usize),
    /// Letters, in lower case.
    Word(String),
    Sign(char),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Whether no blank stands before it.
    pub(super) is_glued: bool,
}

/// The pieces of a value, and the first comment in it; `None` where it has more than any date.
pub(super) fn of(value: &[u8]) -> Option<(Vec<Token>, Option<String>)> {
    let (plain, note) = without_comments(value);
    let text = charset::decode_raw(&plain, None, &mut |_| {});
    let (mut tokens, mut rest) = (Vec::new(), &*text);
    while let Some(first) = rest.chars().next() {
        if tokens.len() == MOST {
            return None;
        }
        let is_glued = rest.len() < text.len() && !text[..text.len() - rest.len()].ends_with(|letter: char| letter.is_whitespace());
        let run = |is_part: fn(char) -> bool| rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let (kind, length) = if first.is_ascii_digit() {
            let length = run(|letter| letter.is_ascii_digit());
            // More digits are no number of a date.
            (Some(Kind::Number(rest[..length].parse().unwrap_or(u32::MAX), length)), length)
        } else if first.is_alphabetic() {
            let length = run(char::is_alphabetic);
            (Some(Kind::Word(rest[..length].to_lowercase())), length)
        } else {
            let is_blank = first.is_whitespace() || first == '\0';
            ((!is_blank).then_some(Kind::Sign(first)), first.len_utf8())
        };
        rest = &rest[length..];
        tokens.extend(kind.map(|kind| Token { kind, is_glued }));
    }
    Some((tokens, note))
}

/// The value with a blank for each comment (RFC 5322, 3.2.2), and the first of them.
fn without_comments(value: &[u8]) -> (Vec<u8>, Option<String>) {
    let (mut plain, mut note, mut rest) = (Vec::new(), None, value);
    while let Some(start) = memchr::memchr(b'(', rest) {
        plain.extend_from_slice(&rest[..start]);
        plain.push(b' ');
        // One that does not end takes all that follows.
        let end = comment(&rest[start..]).map_or(rest.len(), |length| start + length);
        let inner = rest[start + 1..end].strip_suffix(b")").unwrap_or_default();
        note = note.or_else(|| Some(String::from_utf8_lossy(inner).trim().to_lowercase()));
        rest = &rest[end..];
    }
    plain.extend_from_slice(rest);
    (plain, note)
}
