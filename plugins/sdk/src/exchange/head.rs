//! The head of a message, read off its beginning.

use crate::{Body, Error, Stage, Status};

/// The most bytes of headers. Thousands of recipients need less.
const LIMIT: usize = 4 * 1024 * 1024;

/// How much is read at once.
const BLOCK: usize = 32 * 1024;

/// The head of a message, and what was read behind it.
#[derive(Debug, Default)]
pub struct Head {
    /// The headers, without the empty line behind them.
    pub fields: Vec<u8>,
    /// The beginning of the body, as far as it was read.
    pub body: Vec<u8>,
    /// The message has no body, not even an empty line before it.
    pub ends: bool,
}

/// Reads a message up to the end of its headers.
pub fn read_head(body: &mut Body) -> Result<Head, Error> {
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        let from = bytes.len();
        bytes.resize(from + BLOCK, 0);
        let count = body.read(&mut bytes[from..])?;
        bytes.truncate(from + count);
        if bytes.starts_with(b"\r\n") {
            return Ok(Head { fields: Vec::new(), body: bytes.split_off(2), ends: false });
        }
        // The empty line may have begun in the block before.
        if let Some(end) = memchr::memmem::find(&bytes[from.saturating_sub(3)..], b"\r\n\r\n") {
            let end = from.saturating_sub(3) + end + 2;
            let behind = bytes.split_off(end + 2);
            bytes.truncate(end);
            return Ok(Head { fields: bytes, body: behind, ends: false });
        }
        if count == 0 {
            return Ok(Head { fields: bytes, body: Vec::new(), ends: true });
        }
        if bytes.len() > LIMIT {
            return Err(Error::new(Status::Argument, "exchange.headers_too_large").stage(Stage::Message).usable());
        }
    }
}

impl Head {
    /// The length of the message's beginning that was read.
    pub fn consumed(&self) -> u64 {
        (self.fields.len() + if self.ends { 0 } else { 2 } + self.body.len()) as u64
    }
}
