//! RTF taken apart: groups, control words, and the bytes between them.

/// A piece of RTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    /// A control word with its number.
    Word(&'a [u8], Option<i32>),
    /// A control symbol: a backslash and what is no letter.
    Symbol(u8),
    /// A byte as `\'hh`.
    Byte(u8),
    /// Bytes that stand for themselves; line ends stand for nothing and are no part of them.
    Text(&'a [u8]),
}

/// Gives the tokens one after the other; every input has some.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn new(rtf: &'a [u8]) -> Tokens<'a> {
        Tokens { rest: rtf }
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// What follows a backslash.
    fn control(&mut self) -> Option<Token<'a>> {
        let first = *self.rest.first()?;
        if first == b'\'' {
            let digits = self.rest.get(1..3).and_then(|digits| std::str::from_utf8(digits).ok());
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            self.skip(if byte.is_some() { 3 } else { 1 });
            return byte.map_or_else(|| self.next(), |byte| Some(Token::Byte(byte)));
        }
        if !first.is_ascii_alphabetic() {
            self.skip(1);
            return Some(Token::Symbol(first));
        }
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        let number = self.number();
        if self.rest.first() == Some(&b' ') {
            self.skip(1);
        }
        if word == b"bin" {
            // So many bytes of a picture follow, which are no RTF.
            self.skip(number.and_then(|number| usize::try_from(number).ok()).unwrap_or_default());
        }
        Some(Token::Word(word, number))
    }

    fn number(&mut self) -> Option<i32> {
        let sign = usize::from(self.rest.first() == Some(&b'-'));
        let digits = self.rest.iter().skip(sign).take(10).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let number = self.rest.get(..sign + digits).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        self.skip(sign + digits);
        number
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let line_ends = self.rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | 0)).count();
        self.skip(line_ends);
        let first = *self.rest.first()?;
        match first {
            b'{' | b'}' => {
                self.skip(1);
                Some(if first == b'{' { Token::Open } else { Token::Close })
            }
            b'\\' => {
                self.skip(1);
                self.control()
            }
            _ => {
                let is_text = |byte: &u8| !matches!(byte, b'{' | b'}' | b'\\' | b'\r' | b'\n' | 0);
                let length = self.rest.iter().take_while(|byte| is_text(byte)).count();
                let (text, rest) = self.rest.split_at(length);
                self.rest = rest;
                Some(Token::Text(text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_words_symbols_and_bytes_are_distinguished() {
        let tokens: Vec<Token<'_>> = Tokens::new(b"{\\rtf1\\b-1 a\r\nb\\'e4\\~\\bin3 {}{x\\u8364?}\\'zz\\").collect();
        let word = |word: &'static [u8], number| Token::Word(word, number);
        let expected = [
            Token::Open,
            word(b"rtf", Some(1)),
            word(b"b", Some(-1)),
            Token::Text(b"a"),
            Token::Text(b"b"),
            Token::Byte(0xe4),
            Token::Symbol(b'~'),
            word(b"bin", Some(3)),
            Token::Text(b"x"),
            word(b"u", Some(8364)),
            Token::Text(b"?"),
            Token::Close,
            Token::Text(b"zz"),
        ];
        assert_eq!(tokens, expected);
    }
}
