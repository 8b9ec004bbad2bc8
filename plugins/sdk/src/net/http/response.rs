//! What a server answers.

use super::body::Framing;
use super::coding::{PACKED, Unpacker};
use super::connection::Connection;
use super::head::{Fields, Head, excerpt};
use super::refusal;
use super::url::Url;
use crate::{Call, Error, Status};
use std::io::{self, BufRead, ErrorKind, Read};

/// How much is unpacked at once.
const BLOCK: usize = 32 * 1024;

/// How much of a body is read for nothing to keep its connection.
const DISCARDED: u64 = 256 * 1024;

/// The longest words of a server that an error shows.
const TEXT: u64 = 1000;

/// How much a packed body may unpack to unless [`Response::set_limit`] says otherwise: a few bytes can become any number of them.
const UNPACKED: u64 = 512 << 20;

/// An answer, whose body is read as it arrives.
///
/// Once all of its body was read, the connection is kept for the next request; where an answer is dropped before, the connection is closed.
pub struct Response<'c> {
    connection: &'c mut Connection,
    /// What was asked for.
    url: Url,
    head: Head,
    framing: Framing,
    unpacker: Option<Unpacker>,
    /// Something of a packed body has come. Nothing at all counts as unpacked where it has an end of its own.
    is_fed: bool,
    block: Vec<u8>,
    start: usize,
    end: usize,
    /// How much more may come.
    limit: u64,
    left: u64,
    keeps: bool,
}

impl<'c> Response<'c> {
    /// `is_whole`: all of the request has left. `has_none`: the request was HEAD.
    pub(super) fn new(connection: &'c mut Connection, url: Url, head: Head, is_whole: bool, has_none: bool) -> Result<Response<'c>, Error> {
        let Some(stream) = connection.stream() else { return Err(closed()) };
        let framing = Framing::of(&head, has_none, stream)?;
        let codings = head.fields.words("content-encoding");
        let unpacker = match codings.as_slice() {
            [] => None,
            [coding] if coding == "identity" => None,
            _ if matches!(framing, Framing::Over) => None,
            [coding] if Unpacker::of(coding).is_some() => Unpacker::of(coding),
            codings => {
                let error = Error::new(Status::Protocol, "http.coding_unknown").arg("host", super::head::host(stream));
                return Err(error.arg("coding", excerpt(&codings.join(", "))));
            }
        };
        let words = head.fields.words("connection");
        let says = |word: &str| words.iter().any(|other| other == word);
        let keeps = is_whole && !says("close") && (!head.is_old || says("keep-alive")) && !matches!(framing, Framing::UntilClose);
        let limit = if unpacker.is_some() { UNPACKED } else { u64::MAX };
        let block = if unpacker.is_some() { vec![0; BLOCK] } else { Vec::new() };
        let mut response =
            Response { connection, url, head, framing, unpacker, is_fed: false, block, start: 0, end: 0, limit, left: limit, keeps };
        response.settle();
        Ok(response)
    }

    /// The status code, 200 to 599.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        matches!(self.head.status, 200..=299)
    }

    /// The fields of the head.
    pub fn fields(&self) -> &Fields {
        &self.head.fields
    }

    /// The value of the first field of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.fields.get(name)
    }

    /// The type of the body in lower case, without parameters; empty where there is none.
    pub fn media_type(&self) -> String {
        self.field("content-type").and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether the body ends where the connection ends: then nothing but TLS tells a whole body from one that was cut.
    pub fn ends_with_connection(&self) -> bool {
        matches!(self.framing, Framing::UntilClose)
    }

    /// Sets how many bytes the body may have, unpacked; more are an error.
    pub fn set_limit(&mut self, limit: u64) {
        let read = self.limit - self.left;
        self.limit = limit;
        self.left = limit.saturating_sub(read);
    }

    /// What has arrived of the body and was not taken yet, unpacked, waiting for the first byte; empty at the end. The bytes are taken
    /// with [`Response::consume`], so that a large body passes through without being copied.
    pub fn peek(&mut self, call: &Call) -> Result<&[u8], Error> {
        let available = self.available(call).inspect_err(|_| self.connection.close())?;
        if available as u64 > self.left {
            self.connection.close();
            return Err(Error::new(Status::Protocol, "http.too_large").arg("host", self.url.host()).arg("limit", self.limit));
        }
        if available == 0 {
            return Ok(&[]);
        }
        if self.unpacker.is_some() {
            return Ok(&self.block[self.start..self.end]);
        }
        let Some(stream) = self.connection.stream() else { return Err(closed()) };
        Ok(&stream.peek(call)?[..available])
    }

    /// Takes bytes that [`Response::peek`] has shown.
    pub fn consume(&mut self, length: usize) {
        self.left = self.left.saturating_sub(length as u64);
        if self.unpacker.is_some() {
            self.start = self.end.min(self.start + length);
        } else if let Some(stream) = self.connection.stream() {
            self.framing.take(length, stream);
            self.settle();
        }
    }

    /// Reads what is there of the body, unpacked, waiting for the first byte; 0 at the end.
    pub fn read(&mut self, data: &mut [u8], call: &Call) -> Result<usize, Error> {
        if data.is_empty() {
            return Ok(0);
        }
        let there = self.peek(call)?;
        let length = there.len().min(data.len());
        data[..length].copy_from_slice(&there[..length]);
        self.consume(length);
        Ok(length)
    }

    /// Reads the whole body, of which there may be so many bytes.
    pub fn bytes(&mut self, limit: u64, call: &Call) -> Result<Vec<u8>, Error> {
        self.set_limit(limit);
        // Memory follows what has arrived, not what was announced.
        let mut bytes = Vec::new();
        loop {
            let there = self.peek(call)?;
            let length = there.len();
            if length == 0 {
                return Ok(bytes);
            }
            bytes.extend_from_slice(there);
            self.consume(length);
        }
    }

    /// Reads the body for nothing, so that the connection can be kept; a long one is not worth it, and the connection is closed.
    pub fn discard(mut self, call: &Call) -> Result<(), Error> {
        let mut discarded = 0;
        self.unpacker = None;
        while discarded < DISCARDED {
            let length = match self.peek(call) {
                Ok(there) => there.len(),
                // The answer is known; only the connection is lost.
                Err(error) if matches!(error.status, Status::Cancelled | Status::Timeout) => return Err(error),
                Err(_) => break,
            };
            if length == 0 {
                break;
            }
            self.consume(length);
            discarded += length as u64;
        }
        Ok(())
    }

    /// The body as a reader for parsers that want one. Its errors hold the [`Error`] of this crate: [`Reader::error`] finds it.
    pub fn reader<'r>(&'r mut self, call: &'r Call<'r>) -> Reader<'r, 'c> {
        Reader { response: self, call, error: None }
    }

    /// What was asked for: behind redirects within the origin another URL than the request's.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where the server redirects to; `None` where it does not, or not to a URL.
    pub fn location(&self) -> Option<Url> {
        let location = self.field("location").filter(|_| matches!(self.status(), 201 | 300..=399))?;
        self.url.join(location).ok()
    }

    /// Refuses a body of another type than these, for example `text/xml`: a web page in its place comes from a proxy or a login form.
    pub fn expect_type(&self, types: &[&str]) -> Result<(), Error> {
        let found = self.media_type();
        if types.contains(&found.as_str()) {
            return Ok(());
        }
        let code = if found == "text/html" { "http.web_page" } else { "http.type_unexpected" };
        Err(Error::new(Status::Protocol, code).arg("host", self.url.host()).arg("type", excerpt(&found)).arg("expected", types.join(", ")))
    }

    /// The error that an answer stands for which is no success, as far as HTTP itself tells: with the status, the server's words, the time
    /// to wait and the name of the request. What the service means by it is the caller's to say.
    pub fn refusal(&mut self, call: &Call) -> Error {
        let location = self.location().map(|url| format!("{}://{}", if url.is_secure() { "https" } else { "http" }, url.host()));
        let location = location.or_else(|| self.field("location").map(|text| excerpt(&self.clean(text.as_bytes())))).unwrap_or_default();
        let is_text = self.media_type() == "text/plain";
        let mut text = self.head.reason.clone().into_bytes();
        if is_text
            && let Ok(body) = self.bytes(TEXT, call)
            && !body.is_empty()
        {
            text = body;
        }
        let text = self.connection.clean(text.trim_ascii());
        refusal::error(self.head.status, &self.head.fields, self.url.host(), text, &location)
    }

    /// A server's text as errors show it: secrets masked, control characters as escapes.
    pub fn clean(&self, text: &[u8]) -> String {
        self.connection.clean(text)
    }

    /// How much can be shown; 0 at the end.
    fn available(&mut self, call: &Call) -> Result<usize, Error> {
        let Some(unpacker) = &mut self.unpacker else {
            let length = match (&self.framing, self.connection.stream()) {
                (Framing::Over, _) => 0,
                (_, None) => return Err(closed()),
                (_, Some(stream)) => self.framing.available(stream, call)?,
            };
            self.settle();
            return Ok(length);
        };
        while self.start == self.end {
            match unpacker.read(&mut self.block) {
                Ok(0) => {
                    self.settle();
                    return Ok(0);
                }
                Ok(length) => (self.start, self.end) = (0, length),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let Some(stream) = self.connection.stream() else { return Err(closed()) };
                    let is_framed = !matches!(self.framing, Framing::UntilClose);
                    let length = self.framing.available(stream, call)?.min(PACKED);
                    if length == 0 && !self.is_fed && is_framed {
                        self.unpacker = None;
                        self.settle();
                        return Ok(0);
                    }
                    self.is_fed = true;
                    if length == 0 {
                        unpacker.feed(&[]);
                    } else {
                        unpacker.feed(&stream.peek(call)?[..length]);
                        self.framing.take(length, stream);
                    }
                }
                Err(error) => {
                    let broken = Error::new(Status::Protocol, "http.unpacking_failed").arg("host", self.url.host());
                    return Err(broken.detail(error.to_string()));
                }
            }
        }
        Ok(self.end - self.start)
    }

    /// Closes the connection behind the last byte where it is of no further use.
    fn settle(&mut self) {
        if let Framing::Sized(0) = self.framing {
            self.framing = Framing::Over;
        }
        if matches!(self.framing, Framing::Over) && !self.keeps && self.unpacker.is_none() {
            self.connection.close();
        }
    }
}

impl Drop for Response<'_> {
    fn drop(&mut self) {
        if !matches!(self.framing, Framing::Over) || !self.keeps {
            self.connection.close();
        }
    }
}

/// The body of a [`Response`] as a reader.
pub struct Reader<'r, 'c> {
    response: &'r mut Response<'c>,
    call: &'r Call<'r>,
    error: Option<Error>,
}

impl Reader<'_, '_> {
    /// The error that reading has ended with, if one did.
    pub fn error(self) -> Option<Error> {
        self.error
    }
}

impl Read for Reader<'_, '_> {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(data)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Reader<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let Reader { response, call, error } = self;
        response.peek(call).map_err(|why| {
            *error = Some(why.clone());
            io::Error::other(why)
        })
    }

    fn consume(&mut self, length: usize) {
        self.response.consume(length);
    }
}

fn closed() -> Error {
    Error::new(Status::Network, "net.broken").detail("the connection was closed before")
}
