//! A message as MIME in base64, as the service takes it, read from the host while it is sent.

use crate::ask::Again;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use postkontor_plugin::exchange::read_head;
use postkontor_plugin::{Body, Error};

/// How much of the message is encoded at once: whole groups of base64.
const BLOCK: usize = 3 * 16 * 1024;

/// A message with these headers in the place of its own.
pub(crate) struct Mime<'m, 'b> {
    body: &'m mut Body<'b>,
    /// The headers with the empty line behind them.
    fields: &'m [u8],
    /// Bytes of the whole message with these headers.
    size: u64,
    /// What was read of the body together with the head, until the message begins for the first time.
    read: Option<Vec<u8>>,
    /// What comes before the rest of the body.
    start: Vec<u8>,
    encoded: Vec<u8>,
    position: usize,
}

impl<'m, 'b> Mime<'m, 'b> {
    /// `read` is what stands behind the head and was read with it; nothing where the body has to begin anew.
    pub(crate) fn new(body: &'m mut Body<'b>, fields: &'m [u8], size: u64, read: Option<Vec<u8>>) -> Mime<'m, 'b> {
        Mime { body, fields, size, read, start: Vec::new(), encoded: Vec::new(), position: 0 }
    }

    /// Reads the next block, whole unless the message ends.
    fn block(&mut self) -> Result<Vec<u8>, Error> {
        let mut block = vec![0; BLOCK];
        let mut filled = self.start.len().min(BLOCK);
        block[..filled].copy_from_slice(&self.start[..filled]);
        self.start.drain(..filled);
        while filled < BLOCK {
            match self.body.read(&mut block[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        block.truncate(filled);
        Ok(block)
    }
}

/// The bytes of base64 for so many.
pub(crate) fn encoded_size(bytes: u64) -> u64 {
    bytes.div_ceil(3) * 4
}

impl Again for Mime<'_, '_> {
    fn begin(&mut self) -> Result<u64, Error> {
        let read = match self.read.take() {
            Some(read) => read,
            None => {
                self.body.rewind()?;
                read_head(self.body)?.body
            }
        };
        self.start = [self.fields, &read].concat();
        (self.encoded, self.position) = (Vec::new(), 0);
        Ok(encoded_size(self.size))
    }

    fn fill(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        if self.position == self.encoded.len() {
            let block = self.block()?;
            (self.encoded, self.position) = (BASE64_STANDARD.encode(block).into_bytes(), 0);
        }
        let left = &self.encoded[self.position..];
        let count = left.len().min(data.len());
        data[..count].copy_from_slice(&left[..count]);
        self.position += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::testing::TestHost;

    #[test]
    fn the_message_is_encoded_with_its_new_headers_and_twice_the_same() {
        let text = "text\r\n".repeat(30_000);
        let original = format!("To: a@x\r\n\r\n{text}");
        let host = TestHost::new().with_message(original.as_str()).giving_at_once(1000);
        let call = host.call();
        let mut body = call.body(1);
        let fields = b"To: a@x\r\nBcc: b@x\r\n\r\n";
        let size = (fields.len() + text.len()) as u64;
        let mut mime = Mime::new(&mut body, fields, size, None);
        for _ in 0..2 {
            let (announced, mut sent, mut data) = (mime.begin().unwrap(), Vec::new(), [0; 777]);
            loop {
                match mime.fill(&mut data).unwrap() {
                    0 => break,
                    count => sent.extend_from_slice(&data[..count]),
                }
            }
            assert_eq!(announced, sent.len() as u64);
            let decoded = BASE64_STANDARD.decode(sent).unwrap();
            assert_eq!(String::from_utf8(decoded).unwrap(), format!("To: a@x\r\nBcc: b@x\r\n\r\n{text}"));
        }
    }
}
