//! One message on its way to the host, as it comes.

use crate::ask::Ask;
use crate::entry::Message;
use crate::failure::Failure;
use crate::fault::malformed;
use crate::session::Session;
use postkontor_plugin::net::http::Response;
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::{Action, Call, Error, Incoming, Stage, Status};

/// The most bytes of headers that are kept while it is open whether a message is too large.
const HEADERS: usize = 1 << 20;

/// What became of a message that was handed over.
pub(crate) struct Handed {
    pub(crate) action: Action,
    /// Only its headers were: it has more bytes than are wanted.
    pub(crate) headers_only: bool,
}

/// A message with more bytes is not fetched to look for a text in it.
const WHOLE: usize = 32 * 1024 * 1024;

/// A message that was asked for so that its text can be looked at.
pub(crate) enum Whole {
    Message(Vec<u8>),
    /// It has more bytes than these.
    TooLarge(usize),
    Gone,
}

impl Session<'_, '_> {
    /// All of a message.
    pub(crate) fn whole(&mut self, id: &str) -> Result<Whole, Failure> {
        let target = self.at(&format!("/messages/{}/$value", percent_encoded(id)));
        let host = self.host().to_owned();
        let is_secure = self.base.is_secure();
        let read = self.exchange(Ask::get(target, Stage::Fetch), &mut |response, call| {
            check(response, &host, is_secure)?;
            let mut bytes = Vec::new();
            // What is too large is read to its end, so that the connection can be used again.
            let mut is_kept = true;
            loop {
                let block = response.peek(call)?;
                let count = block.len();
                if count == 0 {
                    return Ok(if is_kept { Whole::Message(bytes) } else { Whole::TooLarge(WHOLE) });
                }
                is_kept &= bytes.len() + count <= WHOLE;
                if is_kept {
                    bytes.extend_from_slice(block);
                } else {
                    bytes = Vec::new();
                }
                response.consume(count);
            }
        });
        match read {
            Err(failure) if failure.is_missing() => Ok(Whole::Gone),
            read => read,
        }
    }

    /// Hands a message over; nothing where it is gone.
    pub(crate) fn hand_over(&mut self, message: &Message, folder: &str, max_bytes: Option<u64>) -> Result<Option<Handed>, Failure> {
        let target = self.at(&format!("/messages/{}/$value", percent_encoded(&message.id)));
        let host = self.host().to_owned();
        let is_secure = self.base.is_secure();
        let incoming = Incoming {
            id: message.id.clone(),
            folder: Some(folder.to_owned()),
            flags: message.flags(),
            received: message.received_date_time.clone(),
            ..Incoming::default()
        };
        let handed = self.exchange(Ask::get(target, Stage::Fetch), &mut |response, call| {
            check(response, &host, is_secure)?;
            deliver(response, &incoming, max_bytes, call)
        });
        match handed {
            Ok(handed) => Ok(Some(handed)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

/// Refuses an answer that is no message, or of which it cannot be told whether it is whole.
fn check(response: &Response<'_>, host: &str, is_secure: bool) -> Result<(), Error> {
    if response.media_type() == "text/html" {
        return Err(Error::new(Status::Protocol, "graph.web_page").arg("host", host).at("/exchange/url", "graph.web_page"));
    }
    // Where only the end of the connection ends the message, nothing but TLS tells it from a cut.
    if response.ends_with_connection() && !is_secure {
        return Err(malformed(host, "the message has no end of its own"));
    }
    Ok(())
}

/// Hands a message over block by block. Where it turns out to be too large it is announced anew, with its headers only.
fn deliver(response: &mut Response<'_>, incoming: &Incoming, max_bytes: Option<u64>, call: &Call) -> Result<Handed, Error> {
    let length = response.field("content-length").and_then(|length| length.trim().parse::<u64>().ok());
    let size = length.filter(|_| response.field("content-encoding").is_none());
    let incoming = Incoming { size, ..incoming.clone() };
    let is_too_large = |size: u64| max_bytes.is_some_and(|most| size > most);
    let (mut head, mut received) = (Head::default(), 0);
    let mut is_announced = false;
    loop {
        let block = response.peek(call)?;
        let count = block.len();
        if max_bytes.is_some() {
            head.push(block);
        }
        if is_too_large(received + count as u64) || size.is_some_and(is_too_large) && (head.is_whole() || count == 0) {
            call.announce(&Incoming { headers_only: true, ..incoming })?;
            call.message(&head.bytes)?;
            return Ok(Handed { action: call.action()?, headers_only: true });
        }
        if size.is_some_and(is_too_large) {
            response.consume(count);
            continue;
        }
        if !is_announced {
            call.announce(&incoming)?;
            is_announced = true;
        }
        if count == 0 {
            return Ok(Handed { action: call.action()?, headers_only: false });
        }
        call.message(block)?;
        received += count as u64;
        response.consume(count);
        call.progress(received, size.unwrap_or(0))?;
    }
}

/// The headers of a message that is coming.
#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    has_ended: bool,
}

impl Head {
    fn push(&mut self, block: &[u8]) {
        if self.is_whole() {
            return;
        }
        let from = self.bytes.len().saturating_sub(3);
        self.bytes.extend_from_slice(&block[..block.len().min(HEADERS - self.bytes.len())]);
        if let Some(end) = self.bytes[from..].windows(4).position(|window| window == b"\r\n\r\n") {
            self.bytes.truncate(from + end + 4);
            self.has_ended = true;
        }
    }

    fn is_whole(&self) -> bool {
        self.has_ended || self.bytes.len() == HEADERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_end_where_they_end_however_they_come() {
        for cut in 0..10 {
            let mut head = Head::default();
            for block in b"A: b\r\n\r\nbody\r\n\r\n".chunks(cut + 1) {
                head.push(block);
            }
            assert_eq!((head.bytes.as_slice(), head.is_whole()), (&b"A: b\r\n\r\n"[..], true));
        }
    }
}
