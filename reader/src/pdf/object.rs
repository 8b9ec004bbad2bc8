//! Objects of PDF (ISO 32000-1, 7.3), as far as they lead to embedded files.

/// Objects within each other that are read.
const DEPTH: usize = 32;

/// An object; numbers that are no whole ones are 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    Null,
    Number(i64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    List(Vec<Object>),
    Dictionary(Dictionary),
    /// The number of an object that stands elsewhere.
    Reference(u32),
}

/// Names with their values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dictionary(Vec<(Vec<u8>, Object)>);

impl Dictionary {
    /// A dictionary of one member.
    pub(super) fn of(name: &str, value: Object) -> Dictionary {
        Dictionary(vec![(name.as_bytes().to_vec(), value)])
    }

    pub(super) fn get(&self, name: &str) -> Option<&Object> {
        self.0.iter().find(|(known, _)| known == name.as_bytes()).map(|(_, value)| value)
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Object::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether the value of `name` is this name.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        matches!(self.get(name), Some(Object::Name(found)) if found == value.as_bytes())
    }
}

impl Object {
    pub(super) fn into_dictionary(self) -> Option<Dictionary> {
        match self {
            Object::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }
}

/// Reads objects one after the other.
pub(super) struct Parser<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Parser<'a> {
        Parser { bytes, at }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at.checked_add(ahead)?).copied()
    }

    /// Goes to the next byte that is neither blank nor in a comment.
    pub(super) fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek(0) {
            if byte == b'%' {
                while self.peek(0).is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
                    self.at += 1;
                }
            } else if !is_blank(byte) {
                return;
            }
            self.at += 1;
        }
    }

    /// Takes this word, where it comes next.
    pub(super) fn word(&mut self, word: &[u8]) -> bool {
        self.skip_blanks();
        let is_it = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += if is_it { word.len() } else { 0 };
        is_it
    }

    /// A whole number without a sign.
    pub(super) fn count(&mut self) -> Option<u64> {
        self.skip_blanks();
        let start = self.at;
        while self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) && self.at - start < 19 {
            self.at += 1;
        }
        std::str::from_utf8(self.bytes.get(start..self.at)?).ok()?.parse().ok()
    }

    /// What an object begins with: its number, its generation and `obj`.
    pub(super) fn header(&mut self) -> Option<u64> {
        let number = self.count()?;
        self.count()?;
        self.word(b"obj").then_some(number)
    }

    pub(super) fn object(&mut self) -> Option<Object> {
        self.nested(DEPTH)
    }

    fn nested(&mut self, depth: usize) -> Option<Object> {
        let depth = depth.checked_sub(1)?;
        self.skip_blanks();
        match self.peek(0)? {
            b'/' => Some(Object::Name(self.name())),
            b'(' => Some(Object::Text(self.literal())),
            b'<' if self.peek(1) == Some(b'<') => self.dictionary(depth),
            b'<' => Some(Object::Text(self.hexadecimal())),
            b'[' => self.list(depth),
            b'+' | b'-' | b'.' | b'0'..=b'9' => Some(self.number()),
            byte if byte.is_ascii_alphabetic() => {
                // `true`, `false` and `null` lead nowhere; other words end what is read.
                let is_known = self.word(b"true") || self.word(b"false") || self.word(b"null");
                is_known.then_some(Object::Null)
            }
            _ => None,
        }
    }

    fn name(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek(0).filter(|byte| !is_blank(*byte) && !b"()<>[]{}/%".contains(byte)) {
            let digits = (byte == b'#').then(|| Some(digit(self.peek(1)?)? * 16 + digit(self.peek(2)?)?)).flatten();
            name.push(digits.unwrap_or(byte));
            self.at += if digits.is_some() { 3 } else { 1 };
        }
        name
    }

    fn literal(&mut self) -> Vec<u8> {
        self.at += 1;
        let (mut text, mut open) = (Vec::new(), 1);
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\\' => self.escape(&mut text),
                b'(' => open += 1,
                b')' if open == 1 => return text,
                b')' => open -= 1,
                _ => (),
            }
            if byte != b'\\' {
                text.push(byte);
            }
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek(0) else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' if self.peek(0) == Some(b'\n') => self.at += 1,
            b'\r' | b'\n' => (),
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit) = self.peek(0).filter(|byte| matches!(byte, b'0'..=b'7')) else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                text.push(code as u8);
            }
            other => text.push(other),
        }
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut digits = Vec::new();
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            digits.extend(digit(byte));
        }
        digits.chunks(2).map(|pair| pair[0] * 16 + pair.get(1).copied().unwrap_or_default()).collect()
    }

    fn list(&mut self, depth: usize) -> Option<Object> {
        self.at += 1;
        let mut list = Vec::new();
        while !self.word(b"]") {
            list.push(self.nested(depth)?);
        }
        Some(Object::List(list))
    }

    fn dictionary(&mut self, depth: usize) -> Option<Object> {
        self.at += 2;
        let mut members = Vec::new();
        while !self.word(b">>") {
            let Object::Name(name) = self.nested(depth)? else { return None };
            members.push((name, self.nested(depth)?));
        }
        Some(Object::Dictionary(Dictionary(members)))
    }

    /// A number, or a reference: two numbers and `R`.
    fn number(&mut self) -> Object {
        let start = self.at;
        let reference = self.count().and_then(|number| {
            self.count()?;
            self.word(b"R").then_some(())?;
            u32::try_from(number).ok()
        });
        if let Some(number) = reference {
            return Object::Reference(number);
        }
        self.at = start;
        while self.peek(0).is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte)) {
            self.at += 1;
        }
        let digits = self.bytes.get(start..self.at).and_then(|digits| std::str::from_utf8(digits).ok());
        Object::Number(digits.and_then(|digits| digits.parse().ok()).unwrap_or_default())
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read() {
        let mut parser = Parser::new(
            b"7 0 obj % first\n<</Type/File#53pec /UF<FEFF 0041>/F (a\\(\\101\\)(b)\\\n) /EF <</F 8 0 R>> /L [1 -2 0.5 true null]>>endobj",
            0,
        );
        assert_eq!(parser.header(), Some(7));
        let dictionary = parser.object().unwrap().into_dictionary().unwrap();
        assert!(dictionary.is("Type", "FileSpec"));
        assert_eq!(dictionary.get("UF"), Some(&Object::Text(vec![0xfe, 0xff, 0, 0x41])));
        assert_eq!(dictionary.get("F"), Some(&Object::Text(b"a(A)(b)".to_vec())));
        let inner = dictionary.get("EF").cloned().unwrap().into_dictionary().unwrap();
        assert_eq!(inner.get("F"), Some(&Object::Reference(8)));
        let list = [Object::Number(1), Object::Number(-2), Object::Number(0), Object::Null, Object::Null];
        assert_eq!(dictionary.get("L"), Some(&Object::List(list.to_vec())));
    }

    #[test]
    fn no_bytes_keep_it_from_ending() {
        for bytes in [&b"<<"[..], b"[", b"(", b"<", b"/", b"<</A", b"[)", b"((((", b"-", b"\\"] {
            Parser::new(&bytes.repeat(2000), 0).object();
        }
        assert_eq!(Parser::new(&b"[".repeat(100_000), 0).object(), None);
    }
}
