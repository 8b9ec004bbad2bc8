//! By what a message is known again beside its unique identifier, which some servers give to another message later.

use md5::{Digest, Md5};

/// The headers that tell messages apart and that no server changes while a message lies in its mailbox.
const TELLING: [&[u8]; 4] = [b"message-id:", b"date:", b"from:", b"subject:"];

/// Where the headers end if a blank line does not say so before.
const HEADERS: usize = 64 * 1024;

/// The longest piece of one line that is looked at.
const LINE: usize = 4096;

/// A digest of a message's telling headers, made while the message passes in pieces of any size.
#[derive(Default)]
pub(crate) struct Fingerprint {
    hash: Md5,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    seen: usize,
    is_telling: bool,
    is_done: bool,
}

impl Fingerprint {
    /// Looks at the next piece of the message.
    pub(crate) fn push(&mut self, mut piece: &[u8]) {
        while !self.is_done && !piece.is_empty() {
            let Some(end) = memchr::memchr(b'\n', piece) else {
                self.keep(piece);
                self.seen += piece.len();
                return;
            };
            let (line, rest) = piece.split_at(end + 1);
            if self.line.is_empty() {
                self.look_at(&line[..line.len().min(LINE)], line.len());
            } else {
                self.keep(line);
                let whole = std::mem::take(&mut self.line);
                self.look_at(&whole, line.len());
            }
            piece = rest;
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = LINE.saturating_sub(self.line.len()).min(piece.len());
        self.line.extend_from_slice(&piece[..room]);
    }

    fn look_at(&mut self, line: &[u8], length: usize) {
        self.seen += length;
        let line = line.trim_ascii_end();
        if line.is_empty() || self.seen > HEADERS {
            self.is_done = true;
            return;
        }
        // A line that begins with a blank goes on with the header before.
        if !line[0].is_ascii_whitespace() {
            let begins = |name: &&[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            self.is_telling = TELLING.iter().filter(|name| name[0] == line[0].to_ascii_lowercase()).any(begins);
        }
        if self.is_telling {
            self.hash.update(line);
            self.hash.update(b"\n");
        }
    }

    /// The digest.
    pub(crate) fn finish(self) -> u32 {
        let digest = self.hash.finalize();
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(message: &str, piece: usize) -> u32 {
        let mut fingerprint = Fingerprint::default();
        message.as_bytes().chunks(piece).for_each(|piece| fingerprint.push(piece));
        fingerprint.finish()
    }

    #[test]
    fn telling_headers_count_and_nothing_else_whatever_the_pieces() {
        let message = "Received: x\r\nMessage-ID:\r\n <1@example.com>\r\nStatus: O\r\nSubject: a\r\n\r\nSubject: b\r\n";
        for piece in 1..message.len() {
            assert_eq!(fingerprint(message, piece), fingerprint(message, message.len()), "in pieces of {piece}");
        }
        for (other, is_same) in [
            (message.replace("Status: O", "Status: RO\r\nX-UIDL: 1"), true),
            (message.replace("Subject: b", "another body"), true),
            (message.replace("\r\n", "\n"), true),
            (message.replace("<1@", "<2@"), false),
            (message.replace("Subject: a", "Subject: c"), false),
        ] {
            assert_eq!(fingerprint(&other, 1000) == fingerprint(message, 1000), is_same, "{other}");
        }
    }

    #[test]
    fn a_line_of_a_megabyte_is_not_held() {
        let mut fingerprint = Fingerprint::default();
        (0..1000).for_each(|_| fingerprint.push(&[b'x'; 1024]));
        assert!(fingerprint.line.len() <= LINE);
    }
}
