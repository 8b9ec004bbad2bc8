//! JSON read straight from its text, as nearly every document is written.
//!
//! Half of what a message costs was the general reader looking for the next escape in its text, eight bytes at a time. What is not
//! taken here (a mistake, a number with a sign, a letter outside the basic plane written as an escape) is none of this reader's
//! business: `None` sends its caller to the general one, which takes it or says what is wrong with it, and where.

use super::tree::Json;
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// Reads a text from some place on.
pub(super) struct Direct<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Direct<'a> {
    pub(super) fn new(text: &'a str) -> Direct<'a> {
        Direct { text, at: 0 }
    }

    /// Reads a value under which that many levels may still follow, and nothing behind it.
    pub(super) fn whole(mut self, levels: u8) -> Option<Json<'a>> {
        let value = self.value(levels)?;
        self.is_at_end().then_some(value)
    }

    /// Reads a list and gives each element away before it reads the next; ends where `take` has enough.
    pub(super) fn each(mut self, levels: u8, mut take: impl FnMut(Json<'a>) -> Option<()>) -> Option<()> {
        self.expect(b'[')?;
        self.elements(b']', |reader| take(reader.value(levels)?))?;
        self.is_at_end().then_some(())
    }

    fn value(&mut self, levels: u8) -> Option<Json<'a>> {
        match self.next()? {
            b'"' => self.string().map(Json::Text),
            b'[' => {
                let (below, mut list) = (levels.checked_sub(1)?, Vec::new());
                self.elements(b']', |reader| {
                    list.push(reader.value(below)?);
                    Some(())
                })?;
                Some(Json::List(list))
            }
            b'{' => {
                let (below, mut members) = (levels.checked_sub(1)?, Vec::new());
                self.elements(b'}', |reader| {
                    reader.expect(b'"')?;
                    let name = reader.string()?;
                    reader.expect(b':')?;
                    members.push((name, reader.value(below)?));
                    Some(())
                })?;
                Some(Json::Object(members))
            }
            b't' => self.word("rue").map(|()| Json::Bool(true)),
            b'f' => self.word("alse").map(|()| Json::Bool(false)),
            b'n' => self.word("ull").map(|()| Json::Null),
            first @ b'0'..=b'9' => self.number(first).map(|number| Json::Number(Some(number))),
            _ => None,
        }
    }

    /// Reads what stands between two brackets, of which the first has been read.
    fn elements(&mut self, end: u8, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.peek()? == end {
            self.at += 1;
            return Some(());
        }
        loop {
            element(self)?;
            match self.next()? {
                b',' => {}
                byte if byte == end => return Some(()),
                _ => return None,
            }
        }
    }

    /// Reads a string whose first quote has been read.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let mut unescaped = String::new();
        let (start, mut is_escaped) = (self.at, false);
        loop {
            let rest = self.text.get(self.at..)?;
            let length = match rest.as_bytes().first()? {
                // Escapes stand in pairs, where a line ends.
                b'"' | b'\\' => 0,
                _ => memchr2(b'"', b'\\', rest.as_bytes())?,
            };
            let run = &rest[..length];
            self.at += length + 1;
            if rest.as_bytes()[length] == b'"' {
                // Asked of all bytes at once, so that the compiler makes vector instructions of it.
                let source = &self.text.as_bytes()[start..self.at];
                if source.iter().fold(false, |any, byte| any | (*byte < b' ')) {
                    return None;
                }
                if !is_escaped {
                    return Some(Cow::Borrowed(run));
                }
                unescaped.push_str(run);
                return Some(Cow::Owned(unescaped));
            }
            if !is_escaped {
                is_escaped = true;
                // It ends at the next quote, or goes on behind one that is escaped.
                unescaped.reserve(memchr(b'"', rest.as_bytes()).unwrap_or_default());
            }
            unescaped.push_str(run);
            unescaped.push(self.escape()?);
        }
    }

    /// Reads an escape whose backslash has been read.
    fn escape(&mut self) -> Option<char> {
        let byte = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
                self.at += 4;
                let digit = |number: u32, digit: &u8| Some(number << 4 | char::from(*digit).to_digit(16)?);
                // Half of a pair is no letter.
                char::from_u32(digits.iter().try_fold(0, digit)?)?
            }
            _ => return None,
        })
    }

    /// Reads a number that can count. Those with a sign, a fraction or an exponent are the general reader's.
    fn number(&mut self, first: u8) -> Option<u64> {
        let start = self.at;
        let mut number = u64::from(first - b'0');
        while let Some(digit) = self.text.as_bytes().get(self.at).filter(|byte| byte.is_ascii_digit()) {
            number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        let goes_on = matches!(self.text.as_bytes().get(self.at), Some(b'.' | b'e' | b'E'));
        let is_padded = first == b'0' && self.at > start;
        (!goes_on && !is_padded).then_some(number)
    }

    fn word(&mut self, rest: &str) -> Option<()> {
        self.text.get(self.at..)?.starts_with(rest).then(|| self.at += rest.len())
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// The next byte that is no white space, which is read with it.
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&mut self) -> Option<u8> {
        let blanks = self.text.as_bytes().get(self.at..)?.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        self.at += blanks.count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }
}
