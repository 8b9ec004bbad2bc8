//! Writes JSON into a text, member by member.
//!
//! Most of a summary is the text of the message, and serde_json looks at it byte by byte. Here what needs no escape, which is
//! nearly all, is found block by block and copied in one piece.

/// JSON in the making.
pub(super) struct Json {
    text: String,
    /// How long it would be, where only that is asked for.
    measured: Option<usize>,
    /// Whether a value stands in front of what comes next.
    is_comma_due: bool,
}

impl Json {
    pub(super) fn with_capacity(bytes: usize) -> Json {
        Json { text: String::with_capacity(bytes), measured: None, is_comma_due: false }
    }

    /// What `write` writes, in a text that is as large as it has to be and never grows: while it does, it is in memory twice.
    pub(super) fn measured(write: impl Fn(&mut Json)) -> String {
        let mut length = Json { measured: Some(0), ..Json::with_capacity(0) };
        write(&mut length);
        let mut json = Json::with_capacity(length.measured.unwrap_or_default());
        write(&mut json);
        json.into_text()
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    #[inline]
    fn push(&mut self, text: &str) {
        match &mut self.measured {
            None => self.text.push_str(text),
            Some(length) => *length += text.len(),
        }
    }

    /// Writes an object with the members that `write` gives it.
    pub(super) fn object(&mut self, write: impl FnOnce(&mut Json)) {
        self.within("{", write, "}");
    }

    /// Writes a list of what `write` makes of each item.
    pub(super) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Json, T)) {
        self.array(|json| items.into_iter().for_each(|item| write(json, item)));
    }

    /// Writes a list of the values that `write` gives it.
    pub(super) fn array(&mut self, write: impl FnOnce(&mut Json)) {
        self.within("[", write, "]");
    }

    fn within(&mut self, open: &str, write: impl FnOnce(&mut Json), close: &str) {
        self.separate();
        self.push(open);
        self.is_comma_due = false;
        write(self);
        self.push(close);
        self.is_comma_due = true;
    }

    /// Writes the name of a member, which needs no escapes; its value comes next.
    #[inline]
    pub(super) fn name(&mut self, name: &str) -> &mut Json {
        self.push(if self.is_comma_due { ",\"" } else { "\"" });
        self.push(name);
        self.push("\":");
        self.is_comma_due = false;
        self
    }

    /// Writes a member that may be missing.
    pub(super) fn member(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name).text(value);
        }
    }

    pub(super) fn number(&mut self, mut number: u64) {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while let Some(digit) = at.checked_sub(1).and_then(|before| digits.get_mut(before)) {
            // It is below ten.
            *digit = b'0' + (number % 10) as u8;
            (number, at) = (number / 10, at - 1);
            if number == 0 {
                break;
            }
        }
        self.json(std::str::from_utf8(&digits[at..]).unwrap_or_default());
    }

    /// Writes a value that is JSON already.
    pub(super) fn json(&mut self, value: &str) {
        self.separate();
        self.push(value);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.separate();
        if self.measured.is_none() {
            self.text.reserve(text.len() + 2);
        }
        self.push("\"");
        let mut rest = text;
        while rest.len() > SHORT {
            let (piece, behind) = rest.split_at(piece(rest));
            if !self.prose(piece) {
                self.lines(piece);
            }
            rest = behind;
        }
        self.lines(rest);
        self.push("\"");
    }

    /// Writes text of which nothing but line ends, LF or CRLF, needs an escape; of any other it writes nothing, and the answer is `false`.
    fn prose(&mut self, text: &str) -> bool {
        let (length, measured) = (self.text.len(), self.measured);
        let (bytes, mut from, mut escaped) = (text.as_bytes(), 0, 0);
        for end in memchr::memchr_iter(b'\n', bytes) {
            let before = end.saturating_sub(1);
            // Pieces whose length is known when this is compiled are written faster.
            if before >= from && bytes.get(before) == Some(&b'\r') {
                self.push(&text[from..before]);
                self.push("\\r\\n");
                escaped += 2;
            } else {
                self.push(&text[from..end]);
                self.push("\\n");
                escaped += 1;
            }
            from = end + 1;
        }
        self.push(&text[from..]);
        let is_all = escaped == escapes(text.as_bytes());
        if !is_all {
            self.text.truncate(length);
            self.measured = measured;
        }
        is_all
    }

    /// Writes any text.
    fn lines(&mut self, text: &str) {
        let mut rest = text;
        // Most of what needs an escape are line ends.
        while let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) {
            let line = &rest[..end];
            let (line, escape) = line.strip_suffix('\r').map_or((line, "\\n"), |line| (line, "\\r\\n"));
            self.line(line);
            self.push(escape);
            rest = &rest[end + 1..];
        }
        self.line(rest);
    }

    /// Writes text without line ends.
    fn line(&mut self, line: &str) {
        let mut rest = line;
        if is_clean(line.as_bytes()) {
            return self.push(line);
        }
        while let Some(at) = unwritable(rest.as_bytes()) {
            self.push(&rest[..at]);
            match rest.as_bytes()[at] {
                b'\r' => self.push("\\r"),
                b'\t' => self.push("\\t"),
                b'"' => self.push("\\\""),
                b'\\' => self.push("\\\\"),
                control => {
                    let digit = |value: u8| b"0123456789abcdef".get(usize::from(value)).copied().map_or('0', char::from);
                    let mut place = [0; 4];
                    self.push("\\u00");
                    self.push(digit(control >> 4).encode_utf8(&mut place));
                    self.push(digit(control & 0xf).encode_utf8(&mut place));
                }
            }
            rest = &rest[at + 1..];
        }
        self.push(rest);
    }

    /// Behind a value, and only there, a comma is due.
    fn separate(&mut self) {
        if self.is_comma_due {
            self.push(",");
        }
        self.is_comma_due = true;
    }
}

/// So many bytes are written at once; shorter texts are written line by line.
const PIECE: usize = 4096;
const SHORT: usize = 128;

/// How long the next piece of a text is: it ends with a line, if one ends in it.
fn piece(text: &str) -> usize {
    let Some(piece) = text.as_bytes().get(..PIECE) else { return text.len() };
    let mut end = memchr::memrchr(b'\n', piece).map_or(PIECE, |end| end + 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// How many bytes of a piece need an escape.
fn escapes(piece: &[u8]) -> usize {
    let (blocks, rest) = piece.as_chunks::<32>();
    // A piece has so few blocks that no number becomes too large for its byte.
    let mut found = [0_u8; 32];
    for block in blocks {
        found.iter_mut().zip(block).for_each(|(found, byte)| *found = found.wrapping_add(u8::from(needs_escape(*byte))));
    }
    found.iter().map(|found| usize::from(*found)).sum::<usize>() + rest.iter().filter(|byte| needs_escape(**byte)).count()
}

/// Whether a JSON string may contain the bytes as they are.
fn is_clean(bytes: &[u8]) -> bool {
    // The last block may begin within the one before.
    let Some(last) = bytes.last_chunk::<32>() else { return unwritable(bytes).is_none() };
    let mut found = [false; 32];
    // What was found is put together at the end only, which takes longer than to find it.
    for block in bytes.as_chunks::<32>().0.iter().chain([last]) {
        found.iter_mut().zip(block).for_each(|(found, byte)| *found |= needs_escape(*byte));
    }
    !found.iter().fold(false, |any, found| any | found)
}

/// Where the first byte is that a JSON string must not contain as it is.
fn unwritable(bytes: &[u8]) -> Option<usize> {
    // The compiler makes a few vector instructions of each block, and cannot where there is a way out in between.
    let blocks = bytes.as_chunks::<32>().0.iter();
    let clean = blocks.take_while(|block| !block.iter().fold(false, |found, byte| found | needs_escape(*byte))).count() * 32;
    // A multiplication by one for each byte puts the byte everywhere.
    const EACH: u64 = u64::MAX / 255;
    // The highest bit of each byte that is below the limit; wrong only above a byte for which it is right.
    let below = |word: u64, limit: u64| word.wrapping_sub(EACH * limit) & !word & (EACH * 0x80);
    let (words, rest) = bytes[clean..].as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = below(word, 0x20) | below(word ^ (EACH * u64::from(b'"')), 1) | below(word ^ (EACH * u64::from(b'\\')), 1);
        if found != 0 {
            return Some(clean + index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| needs_escape(*byte))?;
    Some(clean + words.len() * 8 + at)
}

/// A quote, a backslash, a control character.
fn needs_escape(byte: u8) -> bool {
    // With this bit turned over the quote stands right behind the control characters: one comparison finds both.
    ((byte ^ 2) <= 0x20) | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn every_byte_at_every_place_is_written_as_serde_json_reads_it() {
        for place in 0..70 {
            for character in (0..=0x100).filter_map(char::from_u32) {
                for after in ["", "\u{1f}", "Grüße, \"šunka\" \\ 日本\r\n"] {
                    let text = format!("{}{character}{after}", "x".repeat(place));
                    let mut json = Json::with_capacity(0);
                    json.text(&text);
                    let json = json.into_text();
                    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
                    let measured = Json::measured(|json| json.text(&text));
                    assert_eq!((measured.capacity(), measured), (json.len(), json));
                }
            }
        }
    }

    #[test]
    fn every_byte_at_every_place_of_a_long_text_is_written_as_serde_json_reads_it() {
        let lines = |end: &str| format!("Zwölf Kisten Äpfel, wie vereinbart.{end}").repeat(140);
        for text in [lines("\r\n"), lines("\n"), lines("\r"), lines(""), lines("\r\r\n"), format!("{}\r", lines("\n"))] {
            for place in (0..40).chain(4070..4110).chain(text.len() - 40..text.len()).filter(|place| text.is_char_boundary(*place)) {
                for inserted in ["", "\r", "\n", "\"", "\\", "\u{1f}", "ü"] {
                    let text = [&text[..place], inserted, &text[place..]].concat();
                    let mut json = Json::with_capacity(0);
                    json.text(&text);
                    let json = json.into_text();
                    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
                    assert_eq!(Json::measured(|json| json.text(&text)), json);
                }
            }
        }
    }

    #[test]
    fn commas_stand_between_values_only() {
        let mut json = Json::with_capacity(0);
        json.object(|json| {
            json.name("a").text(":");
            json.name("b").list([1, 2], Json::number);
            json.member("x", None);
            json.name("c").list(["{", "["], |json, text| json.object(|json| json.name("x").text(text)));
            json.name("d").list([0_u64; 0], Json::number);
            json.name("e").json("true");
        });
        let expected = json!({"a": ":", "b": [1, 2], "c": [{"x": "{"}, {"x": "["}], "d": [], "e": true});
        assert_eq!(serde_json::from_str::<Value>(&json.into_text()).unwrap(), expected);
    }
}
