//! A request with a message in it, made while it is sent.

use crate::xml::{Document, encoded_length};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postkontor_plugin::exchange::Head;
use postkontor_plugin::{Body, Call, Error, Stage, Status};

/// How many bytes are encoded at once: a multiple of three, so that padding stands at the end only.
const PIECE: usize = 48 * 1024;

/// What a request holds as base64.
pub(crate) trait Passing {
    /// Begins again with the first byte.
    fn restart(&mut self) -> Result<(), Error>;
    /// How many bytes there are, where that is known.
    fn length(&self) -> Option<u64>;
    /// Reads the next bytes into `data`; 0 at the end, which comes only where the length is right.
    fn read(&mut self, data: &mut [u8]) -> Result<usize, Error>;
}

/// A document with base64 in its place.
pub(crate) struct Payload<'p> {
    document: Document,
    content: &'p mut dyn Passing,
    /// What is to be sent next.
    ready: Vec<u8>,
    at: usize,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    Content,
    Over,
}

impl<'p> Payload<'p> {
    pub(crate) fn new(document: Document, content: &'p mut dyn Passing) -> Payload<'p> {
        Payload { document, content, ready: Vec::new(), at: 0, phase: Phase::Before }
    }

    /// The size of a document with so many bytes as base64.
    pub(crate) fn size_of(document: &Document, length: Option<u64>) -> Option<u64> {
        encoded_length(length?)?.checked_add(document.bytes.len() as u64)
    }

    /// Begins again with the first byte.
    pub(crate) fn restart(&mut self) -> Result<(), Error> {
        if self.phase != Phase::Before {
            self.content.restart()?;
        }
        self.ready.clear();
        (self.at, self.phase) = (0, Phase::Before);
        Ok(())
    }

    /// Fills the block as far as there is something; 0 at the end.
    pub(crate) fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < data.len() {
            if self.at == self.ready.len() {
                self.next()?;
                if self.ready.is_empty() {
                    break;
                }
            }
            let count = (self.ready.len() - self.at).min(data.len() - filled);
            data[filled..filled + count].copy_from_slice(&self.ready[self.at..self.at + count]);
            self.at += count;
            filled += count;
        }
        Ok(filled)
    }

    fn next(&mut self) -> Result<(), Error> {
        self.ready.clear();
        self.at = 0;
        let (before, behind) = self.document.parts();
        match self.phase {
            Phase::Before => {
                self.ready.extend_from_slice(before);
                self.phase = Phase::Content;
            }
            Phase::Content => {
                let mut piece = vec![0; PIECE];
                let mut filled = 0;
                while filled < PIECE {
                    match self.content.read(&mut piece[filled..])? {
                        0 => break,
                        count => filled += count,
                    }
                }
                self.ready.resize(filled.div_ceil(3) * 4, 0);
                let written = STANDARD.encode_slice(&piece[..filled], &mut self.ready);
                self.ready.truncate(written.unwrap_or_default());
                if filled < PIECE {
                    self.ready.extend_from_slice(behind);
                    self.phase = Phase::Over;
                }
            }
            Phase::Over => (),
        }
        Ok(())
    }
}

/// A message with other headers than the host gave it.
pub(crate) struct Mime<'m, 'b> {
    /// The headers, with the empty line, and what was read of the body: what comes before the rest of the body.
    before: Vec<u8>,
    at: usize,
    /// How much of the message as the host has it lies before the rest.
    consumed: u64,
    length: Option<u64>,
    read: u64,
    /// The message as the host has it.
    original: Option<u64>,
    body: &'m mut Body<'b>,
    call: &'m Call<'m>,
}

impl<'m, 'b> Mime<'m, 'b> {
    /// The message whose beginning was read, with these headers in the place of its own.
    pub(crate) fn new(
        head: Head,
        fields: Vec<u8>,
        length: Option<u64>,
        original: Option<u64>,
        body: &'m mut Body<'b>,
        call: &'m Call<'m>,
    ) -> Mime<'m, 'b> {
        let consumed = head.consumed();
        let mut before = fields;
        if !head.ends {
            before.extend_from_slice(b"\r\n");
        }
        before.extend_from_slice(&head.body);
        Mime { before, at: 0, consumed, length, read: 0, original, body, call }
    }

    /// The message itself, for what is done with it in another way.
    pub(crate) fn into_body(self) -> &'m mut Body<'b> {
        self.body
    }
}

impl Passing for Mime<'_, '_> {
    fn restart(&mut self) -> Result<(), Error> {
        self.body.rewind()?;
        let mut skipped = vec![0; 16 * 1024];
        let mut left = self.consumed;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(skipped.len());
            match self.body.read(&mut skipped[..most])? {
                0 => return Err(another_size()),
                count => left -= count as u64,
            }
        }
        (self.at, self.read) = (0, 0);
        Ok(())
    }

    fn length(&self) -> Option<u64> {
        self.length
    }

    fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        let count = if self.at < self.before.len() {
            let count = (self.before.len() - self.at).min(data.len());
            data[..count].copy_from_slice(&self.before[self.at..self.at + count]);
            self.at += count;
            count
        } else {
            self.body.read(data)?
        };
        self.read += count as u64;
        let is_wrong = |length| self.read > length || count == 0 && self.read < length;
        if self.length.is_some_and(is_wrong) {
            return Err(another_size());
        }
        self.call.progress(self.read, self.original.unwrap_or_default())?;
        Ok(count)
    }
}

/// The source gave more or less than it had announced.
fn another_size() -> Error {
    Error::new(Status::Local, "message.source_failed").stage(Stage::Content).detail("the size announced is not that of the message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Writer;

    struct Bytes(Vec<u8>, usize);

    impl Passing for Bytes {
        fn restart(&mut self) -> Result<(), Error> {
            self.1 = 0;
            Ok(())
        }

        fn length(&self) -> Option<u64> {
            Some(self.0.len() as u64)
        }

        fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
            let count = (self.0.len() - self.1).min(data.len()).min(1000);
            data[..count].copy_from_slice(&self.0[self.1..self.1 + count]);
            self.1 += count;
            Ok(count)
        }
    }

    #[test]
    fn a_request_has_the_size_that_was_announced_and_can_begin_again() {
        for length in [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let mut xml = Writer::new();
            xml.content("a", &[]);
            let document = xml.document();
            let content: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let mut bytes = Bytes(content.clone(), 0);
            let size = Payload::size_of(&document, bytes.length()).unwrap();
            let mut payload = Payload::new(document, &mut bytes);
            for block in [1000, 7] {
                let (mut whole, mut data) = (Vec::new(), vec![0; block]);
                loop {
                    match payload.read(&mut data).unwrap() {
                        0 => break,
                        count => whole.extend_from_slice(&data[..count]),
                    }
                }
                assert_eq!(whole.len() as u64, size);
                let text = String::from_utf8(whole).unwrap();
                let encoded = text.split_once("<a>").unwrap().1.strip_suffix("</a>").unwrap();
                assert_eq!(STANDARD.decode(encoded).unwrap(), content);
                payload.restart().unwrap();
            }
        }
    }
}
