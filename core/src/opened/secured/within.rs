//! The content of a layer as a message: the header fields of the message, then those of the content.

use super::scratch::Scratch;
use postkontor_reader::source::Source;
use std::io;

/// A longer header of the content is taken as it stands.
const HEADER: usize = 64 * 1024;

/// Content that is being written.
pub(super) struct Within<'a> {
    /// The fields of the message, without those that say how its content is written.
    head: &'a [u8],
    /// The header of the content, until it is whole.
    pending: Option<Vec<u8>>,
    scratch: Scratch,
}

impl<'a> Within<'a> {
    pub(super) fn new(head: &'a [u8]) -> Self {
        Self { head, pending: Some(Vec::new()), scratch: Scratch::new(&[]) }
    }

    /// Its bytes so far.
    pub(super) fn size(&self) -> u64 {
        self.scratch.size()
    }

    /// Adds a block.
    pub(super) fn add(&mut self, block: &[u8]) -> io::Result<()> {
        let Some(pending) = &mut self.pending else { return self.scratch.add(block) };
        // The end may lie across two blocks.
        let from = pending.len().saturating_sub(3);
        pending.extend_from_slice(block);
        let is_whole = pending.len() > HEADER || has_none(pending) || pending.get(from..).is_some_and(|new| end(new).is_some());
        if is_whole { self.begin() } else { Ok(()) }
    }

    /// What was written, to be read.
    pub(super) fn source(mut self) -> io::Result<Source> {
        self.begin()?;
        Ok(self.scratch.source())
    }

    fn begin(&mut self) -> io::Result<()> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        let header = if has_none(&pending) { 0 } else { end(&pending).unwrap_or(0) };
        let (header, body) = pending.split_at(header);
        self.scratch.add(&merged(self.head, header))?;
        self.scratch.add(body)
    }
}

/// Whether content begins with the empty line that ends its header.
fn has_none(content: &[u8]) -> bool {
    content.starts_with(b"\n") || content.starts_with(b"\r\n")
}

/// Where a header ends: behind the line end before the empty line.
fn end(bytes: &[u8]) -> Option<usize> {
    let place = |pattern: &[u8]| bytes.windows(pattern.len()).position(|window| window == pattern).map(|at| at + 1);
    let ends = [place(b"\n\r\n"), place(b"\n\n")];
    ends.into_iter().flatten().min()
}

/// The fields of a message and those of its content. What stands in both (RFC 9788) counts as it stands outside, where the sender's address is compared with the certificate; of the subject, which is often
/// hidden outside, what stands within counts where the content says that it protects fields.
fn merged(head: &[u8], header: &[u8]) -> Vec<u8> {
    let (outside, within) = (fields(head), fields(header));
    let has = |fields: &[(Vec<u8>, &[u8])], name: &[u8]| fields.iter().any(|(known, _)| known == name);
    let protects = within.iter().any(|(name, field)| {
        let field = String::from_utf8_lossy(field).to_ascii_lowercase();
        name == b"content-type" && (field.contains("hp=") || field.contains("protected-headers="))
    });
    let hidden: &[u8] = if protects && has(&within, b"subject") { b"subject" } else { b"" };
    let kept =
        outside.iter().filter(|(name, _)| name != hidden).chain(within.iter().filter(|(name, _)| name == hidden || !has(&outside, name)));
    kept.flat_map(|(_, field)| field.iter().copied()).collect()
}

/// The fields of a header with their names in small letters; lines that go on belong to the field before.
fn fields(header: &[u8]) -> Vec<(Vec<u8>, &[u8])> {
    let (mut fields, mut begin, mut at) = (Vec::new(), 0, 0);
    let mut add = |field: &'_ [u8], range: std::ops::Range<usize>| {
        let name = field.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        fields.push((name, range));
    };
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        let goes_on = line.starts_with(b" ") || line.starts_with(b"\t");
        if !goes_on && at > begin {
            add(header.get(begin..at).unwrap_or_default(), begin..at);
            begin = at;
        }
        at += line.len();
    }
    if at > begin {
        add(header.get(begin..at).unwrap_or_default(), begin..at);
    }
    fields.into_iter().map(|(name, range)| (name, header.get(range).unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(content: &[u8], step: usize) -> String {
        let mut within = Within::new(b"From: a@x\r\nSubject: [...]\r\n");
        content.chunks(step).for_each(|block| within.add(block).unwrap());
        let source = within.source().unwrap();
        String::from_utf8(source.piece(0..source.size()).unwrap().into_owned()).unwrap()
    }

    #[test]
    fn content_follows_the_fields_of_its_message_in_blocks_of_any_size() {
        const HEAD: &str = "From: a@x\r\nSubject: [...]\r\n";
        let protected = "From: b@x\r\nSubject: one\r\n two\r\nContent-Type: text/plain;\r\n hp=\"cipher\"\r\n\r\nFrom: c\r\n\r\nd";
        let shown = "From: a@x\r\nSubject: one\r\n two\r\nContent-Type: text/plain;\r\n hp=\"cipher\"\r\n\r\nFrom: c\r\n\r\nd";
        let plain = "Content-Type: text/plain\nX: y\n\nFrom: c\n";
        for step in 1..=protected.len() {
            assert_eq!(written(protected.as_bytes(), step), shown);
            for content in [plain, "\r\nFrom: c\r\n\r\nd", "\nx", "", "X: y", "X: y\r\n"] {
                assert_eq!(written(content.as_bytes(), step), format!("{HEAD}{content}"), "{step}");
            }
        }
    }
}
