//! A message that is ready to be sent: its envelope, and its bytes as a stream.

use postkontor_plugin::{Dsn, Error};

/// Somebody who gets the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address for the envelope; an international domain is written in its ASCII form.
    pub address: String,
    /// Where the message document names it, as JSON pointer; `/file` when it was found inside a ready-made message.
    pub pointer: String,
}

/// A message that is ready to be sent: its envelope, and its bytes as a stream. Borrows the parts that it was composed from.
#[derive(Debug)]
pub struct Composed<'a> {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients in the order to, cc, bcc; each address once.
    pub recipients: Vec<Recipient>,
    /// The Message-ID without its angle brackets.
    pub message_id: String,
    /// The exact number of bytes that [`Composed::read`] will give.
    pub size: u64,
    /// The message has bytes above 127 in its body; only ready-made messages have.
    pub eight_bit: bool,
    /// An address needs SMTPUTF8 (RFC 6531).
    pub utf8: bool,
    /// The delivery reports that the message asks for.
    pub dsn: Option<Dsn>,
    pub(super) head: Vec<u8>,
    pub(super) position: usize,
    pub(super) parts: std::marker::PhantomData<&'a [u8]>,
}

impl Composed<'_> {
    /// Writes the next bytes into `data` and returns their number, 0 at the end. Lines end in CRLF.
    ///
    /// An error means that an attached file could not be read to its end or has changed since the message was composed:
    /// what was sent of the message must not be completed. After an error only [`Composed::rewind`] helps.
    pub fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        let rest = &self.head[self.position..];
        let count = rest.len().min(data.len());
        data[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        Ok(count)
    }

    /// Starts again at the first byte, for a second attempt with the same Message-ID.
    pub fn rewind(&mut self) {
        self.position = 0;
    }
}
