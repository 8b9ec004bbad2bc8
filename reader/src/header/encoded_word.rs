//! Encoded words (RFC 2047): finding them in a value, and decoding those that stand side by side as one text.

use crate::transfer::base64_value;
use memchr::memchr;

/// No charset has a longer name, with a language behind it (RFC 2231, 5).
const CHARSET: usize = 80;

/// An encoded word, not decoded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The charset without the language.
    pub(super) charset: &'a str,
    is_base64: bool,
    payload: &'a [u8],
    /// Where the word ends in the value.
    pub(super) end: usize,
}

/// Finds the words of a value from front to back.
#[derive(Debug)]
pub(super) struct Words<'a> {
    value: &'a [u8],
    /// The first end of a word at or behind the place that was asked for last.
    close: usize,
}

impl<'a> Words<'a> {
    pub(super) fn of(value: &'a [u8]) -> Words<'a> {
        Words { value, close: 0 }
    }

    /// The first word that begins at `at` or behind it, with its place. Places must not become smaller from call to call.
    pub(super) fn next(&mut self, mut at: usize) -> Option<(usize, Word<'a>)> {
        while let Some(found) = beginnings(self.value.get(at..)?).next() {
            if let Some(word) = self.at(at + found) {
                return Some((at + found, word));
            }
            at += found + 1;
        }
        None
    }

    /// The word that begins exactly here. Places must not become smaller from call to call.
    pub(super) fn at(&mut self, at: usize) -> Option<Word<'a>> {
        let (charset, is_base64, start) = beginning(self.value, at)?;
        if self.close < start || self.close == 0 {
            self.close = self.value.get(start..).and_then(end).map_or(usize::MAX, |found| start + found);
        }
        let payload = self.value.get(start..self.close)?;
        // What nothing ends before the next word begins is no word.
        let is_ended = beginnings(payload).all(|inner| beginning(self.value, start + inner).is_none());
        is_ended.then_some(Word { charset, is_base64, payload, end: self.close + 2 })
    }
}

/// The charset and the encoding with which a word begins here, and where what it says begins.
fn beginning(value: &[u8], at: usize) -> Option<(&str, bool, usize)> {
    let rest = value.get(at..)?.strip_prefix(b"=?")?;
    let mark = memchr(b'?', &rest[..rest.len().min(CHARSET)])?;
    let is_base64 = match rest.get(mark + 1..mark + 3)? {
        b"b?" | b"B?" => true,
        b"q?" | b"Q?" => false,
        _ => return None,
    };
    let charset = rest[..mark].split(|byte| *byte == b'*').next()?;
    let is_charset = !charset.is_empty() && rest[..mark].iter().all(u8::is_ascii_graphic);
    Some((std::str::from_utf8(charset).ok().filter(|_| is_charset)?, is_base64, at + mark + 5))
}

/// Where the next two characters stand with which words end. Values are too short for a search that has to be set up.
fn end(value: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'?', value).find(|at| value.get(at + 1) == Some(&b'='))
}

/// Whether something here begins as a word does.
pub(super) fn begins(value: &[u8]) -> bool {
    beginnings(value).any(|at| beginning(value, at).is_some())
}

/// Where the two characters stand with which words begin. Values are short, and most have none: to look for one character costs less to set up.
fn beginnings(value: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'=', value).filter(|at| value.get(at + 1) == Some(&b'?'))
}

/// The bytes of words of one charset that stand side by side: a letter may begin in one and end in the next.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) bytes: Vec<u8>,
    /// Bits of base64 that are not a byte yet, and how many.
    left: (u32, u32),
    is_broken: bool,
}

impl Joined {
    pub(super) fn push(&mut self, word: &Word<'_>) {
        self.bytes.reserve(word.payload.len());
        if word.is_base64 {
            self.base64(word.payload);
        } else {
            self.end_base64();
            self.quoted(word.payload);
        }
    }

    /// Whether all that was pushed could be decoded.
    pub(super) fn is_valid(&mut self) -> bool {
        self.end_base64();
        !self.is_broken
    }

    /// The Q encoding (RFC 2047, 4.2).
    fn quoted(&mut self, payload: &[u8]) {
        let mut rest = payload;
        while let Some((byte, behind)) = rest.split_first() {
            rest = behind;
            match byte {
                b'_' => self.bytes.push(b' '),
                b'\r' | b'\n' => {}
                b'=' => match behind.first_chunk().and_then(hexadecimal) {
                    Some(decoded) => {
                        self.bytes.push(decoded);
                        rest = &behind[2..];
                    }
                    None => {
                        self.bytes.push(b'=');
                        self.is_broken = true;
                    }
                },
                _ => self.bytes.push(*byte),
            }
        }
    }

    /// The B encoding. A writer that cuts base64 anywhere leaves bits for the next word; zero bits are the end of one without padding.
    fn base64(&mut self, payload: &[u8]) {
        if self.left.1 < 6 && self.left.0 == 0 {
            self.left = (0, 0);
        }
        let (mut bits, mut count) = self.left;
        for byte in payload {
            let Some(value) = base64_value(*byte) else {
                self.is_broken |= !matches!(byte, b'=' | b' ' | b'\t' | b'\r' | b'\n');
                if *byte == b'=' {
                    self.is_broken |= count == 6;
                    (bits, count) = (0, 0);
                }
                continue;
            };
            bits = bits << 6 | u32::from(value);
            count += 6;
            if count >= 8 {
                count -= 8;
                self.bytes.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        self.left = (bits, count);
    }

    fn end_base64(&mut self) {
        self.is_broken |= self.left.1 == 6 || self.left.0 != 0;
        self.left = (0, 0);
    }
}

/// The byte that two hexadecimal digits are.
pub(super) fn hexadecimal(digits: &[u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()));
    Some(high? << 4 | low?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_their_mark_and_not_behind_the_next_one() {
        let value = b"=?utf-8?q?a =?utf-8*de?Q?=C3=BC?==?x?B??= =?y?z?a?= =?utf-8?q?open";
        let mut words = Words::of(value);
        let (mut at, mut found) = (0, Vec::new());
        while let Some((start, word)) = words.next(at) {
            found.push((start, word.charset, word.is_base64, std::str::from_utf8(word.payload).unwrap()));
            at = word.end;
        }
        assert_eq!(found, [(12, "utf-8", false, "=C3=BC"), (33, "x", true, "")]);
        assert!(begins(&value[at..]) && !begins(b"=?y?z?a?= a=?b"));
    }

    #[test]
    fn payloads_are_decoded_over_the_ends_of_words() {
        let table: [(&[&str], &[u8], bool); 12] = [
            (&["?Q?a_b=3f=C3=bc"], b"a b?\xc3\xbc", true),
            (&["?Q?=C3", "?Q?=BC"], b"\xc3\xbc", true),
            (&["?B?w7w="], b"\xc3\xbc", true),
            (&["?B?w7w"], b"\xc3\xbc", true),
            (&["?B?w7", "?B?w="], b"\xc3\xbc", true),
            (&["?B?YQ", "?B?Yg"], b"ab", true),
            (&["?B?YQ==", "?Q?_", "?B?Yg=="], b"a b", true),
            (&["?B?YQ==Yg=="], b"ab", true),
            (&["?B?Y Q\r\n =="], b"a", true),
            (&["?B?YQ=!"], b"a", false),
            (&["?B?Y"], b"", false),
            (&["?Q?100=", "?Q?=zz=4"], b"100==zz=4", false),
        ];
        for (words, bytes, is_valid) in table {
            let mut joined = Joined::default();
            let values: Vec<String> = words.iter().map(|word| format!("=?x{word}?=")).collect();
            values.iter().for_each(|value| joined.push(&Words::of(value.as_bytes()).at(0).unwrap()));
            assert_eq!((joined.is_valid(), &*joined.bytes), (is_valid, bytes), "{words:?}");
        }
    }
}
