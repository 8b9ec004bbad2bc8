//! Line ends made CRLF: counted before, and written while bytes are copied.

use memchr::{memchr2, memchr2_iter};

/// Counts bytes as they will be once every line end is CRLF.
#[derive(Default)]
pub(super) struct Counter {
    pub(super) size: u64,
    after_cr: bool,
    pub(super) ends_line: bool,
}

impl Counter {
    pub(super) fn add(&mut self, block: &[u8]) {
        let Some(last) = block.last() else { return };
        self.size += block.len() as u64;
        let mut after_cr = self.after_cr.then_some(0);
        for place in memchr2_iter(b'\r', b'\n', block) {
            if block[place] == b'\n' && after_cr == Some(place) {
                continue;
            }
            self.size += 1;
            after_cr = (block[place] == b'\r').then_some(place + 1);
        }
        // A CR was counted as two; the LF behind it was counted by its length, so one of them is too many.
        let pairs = memchr::memmem::find_iter(block, b"\r\n").count() + usize::from(self.after_cr && block[0] == b'\n');
        self.size -= pairs as u64;
        self.after_cr = *last == b'\r';
        self.ends_line = matches!(last, b'\r' | b'\n');
    }
}

/// Makes every line end CRLF while bytes are copied.
#[derive(Debug, Default)]
pub(super) struct Normalizer {
    /// The last byte was a CR, so that an LF now belongs to it.
    after_cr: bool,
    /// The LF of a line end that did not fit any more.
    owed: bool,
}

impl Normalizer {
    /// Copies what there is room for: bytes consumed and bytes written.
    pub(super) fn copy(&mut self, bytes: &[u8], out: &mut [u8]) -> (usize, usize) {
        let (mut from, mut to) = (0, self.finish(out));
        while from < bytes.len() && to < out.len() {
            if self.after_cr && bytes[from] == b'\n' {
                self.after_cr = false;
                from += 1;
                continue;
            }
            self.after_cr = false;
            let window = &bytes[from..bytes.len().min(from + out.len() - to)];
            let length = memchr2(b'\r', b'\n', window).unwrap_or(window.len());
            out[to..to + length].copy_from_slice(&window[..length]);
            from += length;
            to += length;
            if length < window.len() {
                self.after_cr = window[length] == b'\r';
                self.owed = true;
                out[to] = b'\r';
                from += 1;
                to += 1;
                to += self.finish(&mut out[to..]);
            }
        }
        (from, to)
    }

    /// Writes what is owed.
    pub(super) fn finish(&mut self, out: &mut [u8]) -> usize {
        match out.first_mut() {
            Some(first) if self.owed => {
                *first = b'\n';
                self.owed = false;
                1
            }
            _ => 0,
        }
    }
}

/// The message with every line end as CRLF, also the last one.
pub(super) fn with_line_ends(message: Vec<u8>) -> Vec<u8> {
    let mut counter = Counter::default();
    counter.add(&message);
    let mut whole = message;
    if counter.size != whole.len() as u64 {
        let mut normal = vec![0; usize::try_from(counter.size).unwrap_or(usize::MAX)];
        let mut normalizer = Normalizer::default();
        let (_, written) = normalizer.copy(&whole, &mut normal);
        normalizer.finish(&mut normal[written..]);
        whole = normal;
    }
    if !counter.ends_line {
        whole.extend_from_slice(b"\r\n");
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_come_out_the_same_whatever_the_blocks() {
        let source = b"a\r\nb\nc\rd\r\r\n\n\r\n\re\n\r";
        let expected = b"a\r\nb\r\nc\r\nd\r\n\r\n\r\n\r\n\r\ne\r\n\r\n";
        for block in 1..source.len() + 1 {
            let mut counter = Counter::default();
            source.chunks(block).for_each(|block| counter.add(block));
            assert_eq!(counter.size, expected.len() as u64, "blocks of {block}");
            for room in 1..8 {
                let mut normalizer = Normalizer::default();
                let mut out = Vec::new();
                for mut bytes in source.chunks(block) {
                    while !bytes.is_empty() {
                        let mut data = vec![0; room];
                        let (consumed, written) = normalizer.copy(bytes, &mut data);
                        out.extend_from_slice(&data[..written]);
                        bytes = &bytes[consumed..];
                    }
                }
                let mut data = [0; 2];
                let written = normalizer.finish(&mut data);
                out.extend_from_slice(&data[..written]);
                assert_eq!(out, expected, "blocks of {block}, room for {room}");
            }
        }
    }
}
