//! Fields like those of a header, in blocks: a header, or a part of a report.

use memchr::memchr;
use std::borrow::Cow;

/// A field, as it stands; its value is trimmed and in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    name: &'a [u8],
    pub(crate) value: Cow<'a, str>,
}

impl Field<'_> {
    /// Whether it has this name, in whatever case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// A field with this name begins what is said of a recipient. Where it stands again, a blank line was forgotten.
const FIRST: &str = "final-recipient";

/// The fields up to the first blank line, in the first `most` bytes.
pub(crate) fn header(bytes: &[u8], most: usize) -> Vec<Field<'_>> {
    let mut fields = Vec::with_capacity(16);
    for line in lines(bytes.get(..most).unwrap_or(bytes)).take_while(|line| !line.trim_ascii().is_empty()) {
        take(&mut fields, line);
    }
    fields
}

/// The blocks of fields in the first `most` bytes; blank lines stand between them.
pub(crate) fn blocks(bytes: &[u8], most: usize) -> Vec<Vec<Field<'_>>> {
    let mut blocks = vec![Vec::new()];
    for line in lines(bytes.get(..most).unwrap_or(bytes)) {
        if line.trim_ascii().is_empty() {
            if let Some(block) = blocks.last_mut().filter(|block| !block.is_empty()) {
                block.shrink_to_fit();
                blocks.push(Vec::new());
            }
            continue;
        }
        let Some(block) = blocks.last_mut() else { continue };
        let is_second = take(block, line)
            && block.last().is_some_and(|last| last.is(FIRST))
            && block.iter().filter(|field| field.is(FIRST)).nth(1).is_some();
        let second = if is_second { block.pop() } else { None };
        blocks.extend(second.map(|field| vec![field]));
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// The value of the first field of a name that is not empty.
pub(crate) fn value<'a>(block: &'a [Field<'_>], name: &str) -> Option<&'a str> {
    block.iter().find(|field| field.is(name) && !field.value.is_empty()).map(|field| field.value.as_ref())
}

/// More fields than this are not kept of a block: what is asked for stands among the first.
const MOST: usize = 1000;

/// So many bytes of a line are looked at: what is asked for stands at its beginning.
const VALUE: usize = 16 * 1024;

/// Adds a line to the fields: as one of its own, and then the answer is `true`, or as more of the last one.
fn take<'a>(fields: &mut Vec<Field<'a>>, line: &'a [u8]) -> bool {
    if fields.len() == MOST {
        return false;
    }
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        if let Some(last) = fields.last_mut() {
            let value = last.value.to_mut();
            if value.len() < VALUE {
                value.push(' ');
                value.push_str(&text(line.trim_ascii()));
            }
        }
        return false;
    }
    let Some(colon) = memchr(b':', line) else { return false };
    let (name, value) = line.split_at(colon);
    let value = text(value.get(1..).unwrap_or_default().trim_ascii());
    fields.push(Field { name: name.trim_ascii(), value });
    true
}

/// Nearly all is UTF-8, which is found out in a fraction of the time that looking for what is not takes.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.get(..VALUE).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (line, behind) = match memchr(b'\n', rest) {
            Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
            None if rest.is_empty() => return None,
            None => (rest, &[][..]),
        };
        rest = behind;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_stand_between_blank_lines_and_lines_are_unfolded() {
        let bytes = b"A: 1\r\n  2\r\n\r\n\r\nFinal-Recipient: x\r\nAction: a\r\nFINAL-Recipient : y\r\nno field\r\n";
        let blocks = blocks(bytes, 1000);
        assert_eq!(blocks.len(), 3);
        assert_eq!(value(&blocks[0], "a"), Some("1 2"));
        assert_eq!((value(&blocks[1], "final-recipient"), value(&blocks[2], "final-recipient")), (Some("x"), Some("y")));
        assert_eq!(header(bytes, 1000), blocks[0]);
        assert_eq!(super::blocks(b"", 1000), Vec::<Vec<Field<'_>>>::new());
        assert_eq!(header(b"A: \xfc", 1000)[0].value, "\u{fffd}");
    }

    #[test]
    fn a_block_of_many_fields_takes_no_longer_than_its_length() {
        let many = "Final-Recipient: x\n".repeat(50_000) + &"A: 1\n".repeat(50_000) + &" x\n".repeat(50_000);
        assert_eq!(blocks(many.as_bytes(), usize::MAX).len(), 50_000);
        let folded = "A: 1\n".repeat(50_000) + "Final-Recipient: x\n" + &" x\n".repeat(50_000);
        assert_eq!(blocks(folded.as_bytes(), usize::MAX).len(), 1);
    }
}
