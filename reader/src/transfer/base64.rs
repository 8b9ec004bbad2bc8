//! base64 (RFC 2045, 6.8).
//!
//! The lines of a body are put together without their ends and decoded many at once. Where something is no base64 the characters are looked
//! at one by one. Behind the data there may be text that a mailing list or a virus scanner has put there: it looks like data, too, but for
//! its blanks and punctuation, and it comes after a line that ends the data by its length, by an equals sign, or by having nothing in it.

use super::decode::{BLOCK, Decode, Faults};
use base64_simd::STANDARD;

/// So many characters are decoded at once.
const MANY: usize = 32 * 1024;

/// Behind an equals sign data goes on only in lines of at least so many characters: programs that encode in pieces write long ones.
const PIECE: usize = 16;

/// Data with blanks in it has longer pieces than text has words.
const WORD: usize = 24;

/// A line with fewer characters may be the last one, if it is the only one, too.
const SHORT: usize = 60;

/// Reads base64. Characters outside the alphabet mean nothing.
#[derive(Default)]
pub(super) struct Base64 {
    /// Characters of whole lines that were not decoded yet.
    characters: Vec<u8>,
    /// How long a line is that is not the last.
    usual: usize,
    /// The data may have ended with an earlier line.
    may_be_over: bool,
    is_padded: bool,
    is_over: bool,
    /// Lines that look regular were not.
    is_irregular: bool,
    /// Bits of a quantum that is not complete, and from how many characters.
    bits: u32,
    held: u8,
    is_stray: bool,
    is_truncated: bool,
}

impl Decode for Base64 {
    fn decode(&mut self, input: &[u8], is_last: bool, output: &mut Vec<u8>) -> usize {
        let mut at = 0;
        self.characters.reserve(input.len().min(MANY));
        while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
            let regular = self.regular(rest, output);
            if regular > 0 {
                at += regular;
                continue;
            }
            let end = memchr::memchr(b'\n', rest);
            if end.is_none() && !is_last && (at > 0 || rest.len() < BLOCK) {
                break;
            }
            let line = &rest[..end.unwrap_or(rest.len())];
            self.line(line.trim_ascii());
            at += end.map_or(rest.len(), |end| end + 1);
            if self.characters.len() >= MANY {
                self.characters(output);
            }
        }
        self.characters(output);
        if is_last {
            self.end(output);
        }
        at
    }

    fn faults(&self) -> Faults {
        [self.is_stray.then_some("mime.base64_stray"), self.is_truncated.then_some("mime.base64_truncated")]
    }
}

impl Base64 {
    /// Decodes the lines at the beginning that are as long as those before and end alike, and says how many bytes of input that are. It sees
    /// where they end without looking for it; what is within them shows when they are decoded.
    fn regular(&mut self, input: &[u8], output: &mut Vec<u8>) -> usize {
        let length = self.usual;
        let is_steady = !self.may_be_over && !self.is_padded && !self.is_over && !self.is_irregular && self.held == 0;
        if !is_steady || length < SHORT || !length.is_multiple_of(4) || !self.characters.len().is_multiple_of(4) {
            return 0;
        }
        let end: &[u8] = if input.get(length) == Some(&b'\r') { b"\r\n" } else { b"\n" };
        let (before, stride) = (self.characters.len(), length + end.len());
        for line in input.chunks_exact(stride).take((MANY / length).max(1)) {
            let (line, behind) = line.split_at(length);
            if behind != end || line.last() == Some(&b'=') {
                break;
            }
            // Of the usual length it is known how long it is when this is compiled.
            match line.first_chunk::<76>() {
                Some(usual) if length == usual.len() => self.characters.extend_from_slice(usual),
                _ => self.characters.extend_from_slice(line),
            }
        }
        let lines = (self.characters.len() - before) / length;
        if lines == 0 {
            return 0;
        }
        if STANDARD.decode_append(&self.characters, output).is_err() {
            self.characters.truncate(before);
            self.is_irregular = true;
            return 0;
        }
        self.characters.clear();
        lines * stride
    }

    fn line(&mut self, line: &[u8]) {
        if line.is_empty() {
            self.may_be_over |= self.usual > 0;
            return;
        }
        let is_doubtful = self.may_be_over || line.first().is_some_and(|first| value(*first).is_none());
        let is_text = is_doubtful && self.is_text(line);
        self.is_over |= is_text && self.usual > 0;
        if self.is_over || is_text {
            self.is_stray = true;
            return;
        }
        // Words behind the padding, in the same line.
        let padded = memchr::memchr_iter(b'=', line).find(|sign| matches!(line.get(sign + 1), Some(b' ' | b'\t')));
        let padded = padded.filter(|padded| line[*padded..].iter().any(|byte| !matches!(byte, b'=' | b' ' | b'\t')));
        let line = padded.map_or(line, |padded| &line[..=padded]);
        self.is_over |= padded.is_some();
        self.is_stray |= padded.is_some();
        // Encoded in pieces, or a line that stands twice: nothing tells which.
        self.is_stray |= self.is_padded && line.iter().any(|byte| value(*byte).is_some());
        self.characters.extend_from_slice(line);
        let is_padded = line.last() == Some(&b'=');
        self.is_padded |= is_padded;
        self.may_be_over = is_padded || line.len() < self.usual.max(SHORT);
        self.usual = self.usual.max(line.len());
    }

    /// Whether a line behind what may be the end of the data is no data.
    fn is_text(&self, line: &[u8]) -> bool {
        let line = unquoted(line);
        let data = line.strip_suffix(b"==").or_else(|| line.strip_suffix(b"=")).unwrap_or(line);
        if data.is_empty() {
            return false;
        }
        let strays = data.iter().filter(|byte| value(**byte).is_none()).count();
        let longest = data.split(|byte| matches!(byte, b' ' | b'\t')).map(<[u8]>::len).max().unwrap_or_default();
        let is_words = longest < data.len() && longest < WORD;
        let is_no_piece = self.is_padded && (strays > 0 || !line.len().is_multiple_of(4) || line.len() < PIECE);
        is_words || is_no_piece || strays * 6 >= data.len()
    }

    /// Decodes what was put together.
    fn characters(&mut self, output: &mut Vec<u8>) {
        let characters = std::mem::take(&mut self.characters);
        let mut rest = characters.as_slice();
        while self.held > 0
            && let [first, after @ ..] = rest
        {
            self.character(*first, output);
            rest = after;
        }
        let (quanta, rest) = rest.split_at(rest.len() - rest.len() % 4);
        // What it cannot decode it leaves alone.
        if STANDARD.decode_append(quanta, output).is_ok() {
            rest.iter().for_each(|character| self.character(*character, output));
        } else {
            quanta.iter().chain(rest).for_each(|character| self.character(*character, output));
        }
        self.characters = characters;
        self.characters.clear();
    }

    fn character(&mut self, character: u8, output: &mut Vec<u8>) {
        if let Some(value) = value(character) {
            self.bits = self.bits << 6 | u32::from(value);
            self.held += 1;
            if self.held == 4 {
                let [_, bytes @ ..] = self.bits.to_be_bytes();
                output.extend_from_slice(&bytes);
                (self.bits, self.held) = (0, 0);
            }
        } else if character == b'=' {
            self.quantum(output);
        } else if !character.is_ascii_whitespace() {
            self.is_stray = true;
        }
    }

    /// Ends a quantum that has fewer than four characters.
    fn quantum(&mut self, output: &mut Vec<u8>) {
        let [_, first, second, _] = (self.bits << (6 * (4 - u32::from(self.held)))).to_be_bytes();
        match self.held {
            2 => output.push(first),
            3 => output.extend_from_slice(&[first, second]),
            1 => self.is_truncated = true,
            _ => (),
        }
        (self.bits, self.held) = (0, 0);
    }

    fn end(&mut self, output: &mut Vec<u8>) {
        self.is_truncated |= self.held > 0;
        self.quantum(output);
    }
}

/// A line without the marks that a reply has put in front of it.
fn unquoted(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|byte| matches!(byte, b'>' | b' ')).count();
    line.get(marks..).filter(|_| line.first() == Some(&b'>')).unwrap_or(line)
}

/// Whether one of the first two lines of a body may be data.
pub(super) fn is_likely(first: &[u8]) -> bool {
    let lines = first.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let mut lines = lines.take(2).peekable();
    // What is all of the alphabet need not be looked at more closely.
    let is_clean = |line: &[u8]| line.iter().all(|byte| value(*byte).is_some());
    lines.peek().is_none() || lines.any(|line| is_clean(line) || !Base64::default().is_text(line))
}

/// The six bits that a character stands for (RFC 4648, 4).
pub(crate) fn value(character: u8) -> Option<u8> {
    Some(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRAY: Faults = [Some("mime.base64_stray"), None];
    const TRUNCATED: Faults = [None, Some("mime.base64_truncated")];

    fn decode(text: &str) -> (Vec<u8>, Faults) {
        super::super::decode::check(|| Box::<Base64>::default(), text.as_bytes(), 12)
    }

    fn lines(bytes: &[u8]) -> String {
        let text = STANDARD.encode_to_string(bytes);
        text.as_bytes().chunks(76).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect()
    }

    #[test]
    fn what_is_encoded_is_decoded_whatever_its_length_and_its_lines() {
        for length in 0..300 {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 7 % 256) as u8).collect();
            for text in [
                lines(&bytes),
                STANDARD.encode_to_string(&bytes),
                lines(&bytes).replace("\r\n", "\r"),
                format!("\r\n \n{}\r\n\r\n", lines(&bytes)),
            ] {
                assert_eq!(decode(&text), (bytes.clone(), [None; 2]), "{text}");
            }
        }
    }

    #[test]
    fn what_is_missing_at_the_end_is_a_fault_and_what_is_there_is_kept() {
        for (text, expected) in [("YWJjZA", "abcd"), ("YWJjZGU", "abcde"), ("YWJjZ", "abc"), ("YWJj\r\nZA", "abcd"), ("YWJjZ=", "abc")] {
            assert_eq!(decode(text), (expected.as_bytes().to_vec(), TRUNCATED), "{text}");
        }
        assert_eq!(decode("YWJjZA="), (b"abcd".to_vec(), [None; 2]));
        // Bits beyond the last byte need not be zero.
        assert_eq!(decode("YWJjZH=="), (b"abcd".to_vec(), [None; 2]));
    }

    #[test]
    fn characters_outside_the_alphabet_mean_nothing() {
        let bytes: Vec<u8> = (0..400).map(|at| (at * 11 % 256) as u8).collect();
        let clean = lines(&bytes);
        for (at, stray) in [(10, "!"), (80, "\0"), (81, "!?"), (200, "\u{e4}"), (clean.len() - 10, "."), (0, "-")] {
            let mut text = clean.clone();
            text.insert_str(at, stray);
            assert_eq!(decode(&text), (bytes.clone(), STRAY), "{at} {stray}");
        }
        assert_eq!(decode(" YW Jj\tZG Vm\r\n"), (b"abcdef".to_vec(), [None; 2]));
        assert_eq!(decode("YWJj\nZA=\n=\n"), (b"abcd".to_vec(), [None; 2]));
        let quoted: String = clean.lines().map(|line| format!("> {line}\n")).collect();
        assert_eq!(decode(&quoted), (bytes.clone(), STRAY));
        assert!(is_likely(quoted.as_bytes()));
        let spaced: String = clean
            .lines()
            .map(|line| format!("{} {} {}\n", &line[..3], &line[3..40.min(line.len())], &line[40.min(line.len())..]))
            .collect();
        assert_eq!(decode(&spaced), (bytes.clone(), [None; 2]));
        // Encoded in pieces, each with its own end.
        let pieces = lines(&bytes[..100]) + &lines(&bytes[100..]);
        assert_eq!(decode(&pieces).0, bytes);
    }

    #[test]
    fn lines_that_look_regular_are_read_as_any_others() {
        let bytes: Vec<u8> = (0..500).map(|at| (at * 7 % 256) as u8).collect();
        let read = |is_irregular: bool, text: &[u8]| {
            let mut decoder = Base64 { is_irregular, ..Base64::default() };
            let mut output = Vec::new();
            decoder.decode(text, true, &mut output);
            (output, decoder.faults())
        };
        for (clean, width) in [(lines(&bytes), 76), (lines(&bytes).replace("\r\n", "\n"), 76), (lines(&bytes).replace("\r\n", ""), 80)] {
            let clean =
                if width == 76 { clean } else { clean.as_bytes().chunks(width).map(|line| format!("{}\n", line.escape_ascii())).collect() };
            for at in 0..clean.len() {
                for stray in *b"!=\n\r A" {
                    let mut text = clean.clone().into_bytes();
                    text[at] = stray;
                    assert_eq!(read(false, &text), read(true, &text), "{at} {stray}");
                }
            }
            assert_eq!(read(false, clean.as_bytes()), (bytes.clone(), [None; 2]));
        }
    }

    #[test]
    fn plain_text_is_no_base64() {
        for text in ["!", "Guten Tag,", "Dear all,\n\nthis is text", "* * *\nList of things:\n"] {
            assert!(!is_likely(text.as_bytes()), "{text}");
        }
        for text in ["", "\n\n", "YWJj", "this is base64:\nYWJj", "YWJj\n\nnot this"] {
            assert!(is_likely(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_footer_of_a_mailing_list_is_not_decoded() {
        let footers = [
            "_______________________________________________\r\nList mailing list\r\nList@example.com\r\nhttps://example.com/listinfo\r\n",
            "\r\n_______________________________________________\r\nList mailing list\r\n",
            "\r\n-- \r\nTo unsubscribe send a mail\r\n",
            "\r\nThis message was scanned\r\nfor viruses\r\n",
        ];
        for length in [1, 2, 3, 56, 57, 58, 300, 301, 302] {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 13 % 256) as u8).collect();
            for footer in footers {
                assert_eq!(decode(&(lines(&bytes) + footer)), (bytes.clone(), STRAY), "{length} {footer}");
            }
        }
    }
}
