//! A field with addresses cut into the tokens of RFC 5322 (3.2).

use crate::header::encoded_word::Words;
use crate::header::scanner::comment;
use memchr::{memchr, memchr2, memmem};

/// No domain literal is longer.
const LITERAL: usize = 256;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Atom,
    /// A string in quotes.
    Quoted,
    Comment,
    /// An encoded word.
    Word,
    /// A domain in brackets.
    Literal,
    /// One of `,;:<>@.`.
    Special(u8),
}

/// A token, with its quotes or brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: &'a [u8],
}

impl Token<'_> {
    pub(super) fn is(&self, special: u8) -> bool {
        self.kind == Kind::Special(special)
    }

    /// Whether it stands between other tokens and means nothing to an address.
    pub(super) fn is_between(&self) -> bool {
        matches!(self.kind, Kind::Blank | Kind::Comment)
    }

    /// What stands between the quotes or the parentheses, without the backslashes that quote.
    pub(super) fn inner(&self) -> Vec<u8> {
        let inner = self.bytes.get(1..self.bytes.len() - 1).unwrap_or_default();
        let mut plain = Vec::with_capacity(inner.len());
        let mut bytes = inner.iter();
        while let Some(byte) = bytes.next() {
            plain.push(if *byte == b'\\' { *bytes.next().unwrap_or(byte) } else { *byte });
        }
        plain
    }
}

/// Gives the tokens of a value, front to back.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    value: &'a [u8],
    at: usize,
    words: Words<'a>,
    /// False when it is known that no quote, or no parenthesis, closes any more.
    has_quote_ahead: bool,
    has_comment_ahead: bool,
    is_behind_at: bool,
    /// A quote was found that does not close.
    pub(super) is_broken: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn of(value: &'a [u8]) -> Lexer<'a> {
        Lexer {
            value,
            at: 0,
            words: Words::of(value),
            has_quote_ahead: true,
            has_comment_ahead: true,
            is_behind_at: false,
            is_broken: false,
        }
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.value.get(self.at..)?;
        let (kind, length) = match rest.first()? {
            b'"' => match self.quoted(rest) {
                Some(length) => (Kind::Quoted, length),
                None => {
                    // One that does not close is left out, and is as little as a blank.
                    self.is_broken = true;
                    self.at += 1;
                    return Some(Token { kind: Kind::Blank, bytes: &rest[..0] });
                }
            },
            b'(' => match self.comment(rest) {
                Some(length) => (Kind::Comment, length),
                None => (Kind::Atom, 1),
            },
            b'[' if self.is_behind_at => match memchr(b']', &rest[..rest.len().min(LITERAL)]) {
                Some(end) => (Kind::Literal, end + 1),
                None => (Kind::Atom, 1),
            },
            special if b",;:<>@.".contains(special) => (Kind::Special(*special), 1),
            byte if byte.is_ascii_whitespace() => (Kind::Blank, rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()),
            _ => match self.words.at(self.at) {
                Some(word) => (Kind::Word, word.end - self.at),
                None => (Kind::Atom, self.atom(rest)),
            },
        };
        self.at += length;
        let token = Token { kind, bytes: &rest[..length] };
        if !token.is_between() {
            self.is_behind_at = token.is(b'@');
        }
        Some(token)
    }

    /// The bytes of the string in quotes at the beginning.
    fn quoted(&mut self, rest: &[u8]) -> Option<usize> {
        let has_quote_ahead = self.has_quote_ahead;
        let mut at = 1;
        while let Some(found) = memchr2(b'"', b'\\', rest.get(at..).unwrap_or_default()).filter(|_| has_quote_ahead) {
            at += found + 1;
            if rest[at - 1] == b'"' {
                let inner = &rest[1..at - 1];
                // A whole address and a comma in it: the quote in front of a name was never closed.
                let is_list = memmem::find(inner, b">,")
                    .is_some_and(|end| memchr(b'<', &inner[..end]).is_some() && memchr(b'@', &inner[..end]).is_some());
                return (!is_list).then_some(at);
            }
            at += 1;
        }
        self.has_quote_ahead = false;
        None
    }

    fn comment(&mut self, rest: &[u8]) -> Option<usize> {
        let end = if self.has_comment_ahead { comment(rest) } else { None };
        self.has_comment_ahead = end.is_some();
        end
    }

    fn atom(&mut self, rest: &[u8]) -> usize {
        let mut ends = |at: usize, byte: u8| {
            b",;:<>@.\"(".contains(&byte)
                || byte.is_ascii_whitespace()
                || (byte == b'=' && at > 0 && rest.get(at + 1) == Some(&b'?') && self.words.at(self.at + at).is_some())
        };
        rest.iter().enumerate().position(|(at, byte)| ends(at, *byte)).unwrap_or(rest.len()).max(1)
    }
}
