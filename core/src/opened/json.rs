//! Writes JSON into a text, member by member.
//!
//! Most of a summary is the text of the message, and serde_json looks at it byte by byte. Here what needs no escape, which is
//! nearly all, is found block by block and copied in one piece.

/// JSON in the making.
pub(super) struct Json(String);

impl Json {
    pub(super) fn with_capacity(bytes: usize) -> Json {
        Json(String::with_capacity(bytes))
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// Writes an object with the members that `write` gives it.
    pub(super) fn object(&mut self, write: impl FnOnce(&mut Json)) {
        self.begin('{');
        write(self);
        self.0.push('}');
    }

    /// Writes a list of what `write` makes of each item.
    pub(super) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Json, T)) {
        self.begin('[');
        items.into_iter().for_each(|item| write(self, item));
        self.0.push(']');
    }

    /// Writes the name of a member, which needs no escapes; its value comes next.
    pub(super) fn name(&mut self, name: &str) -> &mut Json {
        self.separate();
        self.0.extend(["\"", name, "\":"]);
        self
    }

    /// Writes a member that may be missing.
    pub(super) fn member(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name).text(value);
        }
    }

    pub(super) fn number(&mut self, number: u64) {
        self.json(&number.to_string());
    }

    /// Writes a value that is JSON already.
    pub(super) fn json(&mut self, value: &str) {
        self.separate();
        self.0.push_str(value);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.separate();
        self.0.reserve(text.len() + 2);
        self.0.push('"');
        let mut rest = text;
        while let Some(at) = unwritable(rest.as_bytes()) {
            self.0.push_str(&rest[..at]);
            match rest.as_bytes()[at] {
                b'\n' => self.0.push_str("\\n"),
                b'\r' => self.0.push_str("\\r"),
                b'\t' => self.0.push_str("\\t"),
                b'"' => self.0.push_str("\\\""),
                b'\\' => self.0.push_str("\\\\"),
                control => self.0.push_str(&format!("\\u{control:04x}")),
            }
            rest = &rest[at + 1..];
        }
        self.0.push_str(rest);
        self.0.push('"');
    }

    fn begin(&mut self, bracket: char) {
        self.separate();
        self.0.push(bracket);
    }

    /// Behind a value, and only there, a comma is due.
    fn separate(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(',');
        }
    }
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
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
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
                    assert_eq!(serde_json::from_str::<String>(&json.into_text()).unwrap(), text);
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
