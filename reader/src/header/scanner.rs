//! Goes over the parameters of a field as they are written: names, and values with or without quotes.

use super::encoded_word::Words;
use super::text::unfolded;
use std::borrow::Cow;

/// Behind a blank in a value without quotes, these begin the next parameter: a semicolon was forgotten.
const KNOWN: [&[u8]; 12] = [
    b"charset=",
    b"format=",
    b"delsp=",
    b"name=",
    b"filename=",
    b"boundary=",
    b"type=",
    b"size=",
    b"name*=",
    b"filename*=",
    b"method=",
    b"start=",
];

/// Goes over the parameters of a field.
pub(super) struct Scanner<'a> {
    value: &'a [u8],
    at: usize,
    words: Words<'a>,
    /// False when it is known that no quotation mark follows.
    has_quote_ahead: bool,
    /// False when a comment was found that does not end.
    has_comment_ahead: bool,
    /// Whether something was no parameter, or one that had to be guessed.
    pub(super) is_broken: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn of(value: &'a [u8]) -> Scanner<'a> {
        Scanner { value, at: 0, words: Words::of(value), has_quote_ahead: true, has_comment_ahead: true, is_broken: false }
    }

    /// The next parameter: its name, and its value without quotes.
    pub(super) fn next(&mut self) -> Option<(&'a [u8], Cow<'a, [u8]>)> {
        // Where there was no word in front, the first parameter stands there without a semicolon.
        let mut is_separated = self.at == 0 && self.peek()?.is_ascii_alphanumeric();
        loop {
            let behind = self.at;
            self.skip(|byte| byte == b';' || byte.is_ascii_whitespace());
            is_separated |= memchr::memchr(b';', &self.value[behind..self.at]).is_some();
            self.peek()?;
            if self.skip_comment() {
                continue;
            }
            let start = self.at;
            self.skip(|byte| !matches!(byte, b'=' | b';' | b'"'));
            let name = self.value[start..self.at].trim_ascii();
            // A comment may stand between the name and the sign.
            let name = name.split(|byte| *byte == b'(').next().unwrap_or_default().trim_ascii();
            if self.peek() != Some(b'=') || name.is_empty() {
                self.is_broken = true;
                // What stands in quotes holds no parameter.
                if self.peek() == Some(b'"') {
                    self.quoted();
                } else if self.peek() == Some(b'=') {
                    self.at += 1;
                }
                continue;
            }
            self.at += 1;
            self.skip(|byte| byte.is_ascii_whitespace());
            while self.skip_comment() {
                self.skip(|byte| byte.is_ascii_whitespace());
            }
            let value = if self.peek() == Some(b'"') { self.quoted() } else { self.unquoted() };
            self.is_broken |= !is_separated || name.iter().any(u8::is_ascii_whitespace);
            return Some((name.rsplit(u8::is_ascii_whitespace).next().unwrap_or(name), value));
        }
    }

    fn peek(&self) -> Option<u8> {
        self.value.get(self.at).copied()
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        self.at += self.value[self.at..].iter().take_while(|byte| is_skipped(**byte)).count();
    }

    /// Skips a comment that ends.
    fn skip_comment(&mut self) -> bool {
        let end = self.comment();
        self.at += end.unwrap_or_default();
        end.is_some()
    }

    /// The bytes of the comment that begins here and ends.
    fn comment(&mut self) -> Option<usize> {
        if !self.has_comment_ahead || self.peek() != Some(b'(') {
            return None;
        }
        let end = comment(&self.value[self.at..]);
        self.has_comment_ahead = end.is_some();
        end
    }

    /// A value in quotes, from its first mark on.
    fn quoted(&mut self) -> Cow<'a, [u8]> {
        let start = self.at + 1;
        self.at = start;
        let (mut plain, mut from) = (Vec::new(), start);
        while self.has_quote_ahead {
            let Some(found) = memchr::memchr2(b'"', b'\\', &self.value[self.at..]) else { break };
            let at = self.at + found;
            self.at = at + 1;
            if self.value[at] == b'\\' {
                // A backslash in front of anything else belongs to a path of Windows.
                if matches!(self.value.get(at + 1), Some(b'"' | b'\\')) && !self.ends_path(at) {
                    plain.extend_from_slice(&self.value[from..at]);
                    from = at + 1;
                    self.at = at + 2;
                }
            } else if self.ends_value(at + 1) {
                if plain.is_empty() {
                    return unfolded(&self.value[from..at]);
                }
                plain.extend_from_slice(&self.value[from..at]);
                return Cow::Owned(unfolded(&plain).into_owned());
            } else {
                self.is_broken = true;
            }
        }
        self.has_quote_ahead = false;
        self.unended(start)
    }

    /// Whether the mark behind this backslash ends the last value: `"C:\dir\"`.
    fn ends_path(&self, backslash: usize) -> bool {
        self.value.get(backslash + 1) == Some(&b'"') && self.value[backslash + 2..].iter().all(u8::is_ascii_whitespace)
    }

    /// Whether a value in quotes may end here: with the field, a semicolon, a comment or another parameter behind it.
    fn ends_value(&self, at: usize) -> bool {
        let rest = self.value.get(at..).unwrap_or_default();
        let behind = rest.trim_ascii_start();
        match behind.first() {
            None | Some(b';' | b'(') => true,
            Some(_) => behind.len() < rest.len() && starts_known(behind),
        }
    }

    /// A value whose quotes do not end: up to the next parameter, or to the end.
    fn unended(&mut self, start: usize) -> Cow<'a, [u8]> {
        self.is_broken = true;
        let rest = &self.value[start..];
        let is_parameter = |at: &usize| {
            let behind = rest[at + 1..].trim_ascii_start();
            let name = behind.iter().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-')).count();
            name > 0 && behind.get(name) == Some(&b'=')
        };
        let end = memchr::memchr_iter(b';', rest).find(is_parameter).unwrap_or(rest.len());
        self.at = start + end;
        Cow::Owned(unfolded(rest[..end].trim_ascii_end()).into_owned())
    }

    /// A value without quotes: up to the semicolon, with blanks in it if need be.
    fn unquoted(&mut self) -> Cow<'a, [u8]> {
        let start = self.at;
        let (mut end, mut has_word) = (start, false);
        while let Some(byte) = self.peek().filter(|byte| *byte != b';') {
            if let Some(word) = self.words.at(self.at) {
                has_word = true;
                self.at = word.end;
            } else if byte.is_ascii_whitespace() {
                if self.ends_unquoted() {
                    break;
                }
                continue;
            } else {
                self.at += 1;
            }
            end = self.at;
        }
        let value = &self.value[start..end];
        self.is_broken |= !has_word && value.iter().any(u8::is_ascii_whitespace);
        unfolded(value)
    }

    /// Whether the blanks that follow end a value without quotes: a comment or a parameter behind them.
    fn ends_unquoted(&mut self) -> bool {
        self.skip(|byte| byte.is_ascii_whitespace());
        if starts_known(&self.value[self.at..]) {
            self.is_broken = true;
            return true;
        }
        // `Rechnung (2).pdf` has no comment.
        let behind = self.comment().map(|length| self.at + length);
        let behind = behind.filter(|behind| matches!(self.value[*behind..].trim_ascii_start().first(), None | Some(b';')));
        self.at = behind.unwrap_or(self.at);
        behind.is_some()
    }
}

/// Whether a parameter begins here that everybody uses.
fn starts_known(rest: &[u8]) -> bool {
    KNOWN.iter().any(|known| rest.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known)))
}

/// The bytes of the comment at the beginning, with those in it; `None` if it does not end.
pub(super) fn comment(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match bytes.get(at)? {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'\\' => at += 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}
