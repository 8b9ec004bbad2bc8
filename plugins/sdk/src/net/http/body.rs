//! Where the body of an answer ends (RFC 9112, sections 6 and 7).

use super::head::{Head, excerpt, host, malformed};
use crate::net::Stream;
use crate::{Call, Error, Status};

/// The longest line before a chunk, with its extensions, and the most that may stand behind the last one.
const CHUNK_LINE: usize = 1024;
const TRAILERS: usize = 16 * 1024;

/// What is still to come of a body.
#[derive(Debug)]
pub(super) enum Framing {
    /// Nothing.
    Over,
    /// So many bytes.
    Sized(u64),
    /// So many bytes of a chunk; `is_first`: no chunk was begun.
    Chunk { left: u64, is_first: bool },
    /// Everything until the server closes the connection.
    UntilClose,
}

impl Framing {
    /// As the head says it. `has_none`: the request was HEAD.
    pub(super) fn of(head: &Head, has_none: bool, stream: &Stream) -> Result<Framing, Error> {
        let lengths: Vec<&str> = head.fields.all("content-length").collect();
        let codings = head.fields.words("transfer-encoding");
        let wrong = |detail: &str| Err(malformed(stream, detail));
        // Two answers to the question where the body ends are how one answer is smuggled into another.
        if lengths.len() > 1 || lengths.first().is_some_and(|length| length.contains(',')) {
            return wrong("several lengths");
        }
        if !codings.is_empty() && (!lengths.is_empty() || head.is_old) {
            return wrong("a length beside chunks, or chunks in HTTP/1.0");
        }
        let length = match lengths.first() {
            Some(digits) if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                return wrong("a length that is no number");
            }
            Some(digits) => Some(digits.parse::<u64>().map_err(|_| malformed(stream, "a length beyond all bounds"))?),
            None => None,
        };
        if has_none || matches!(head.status, 204 | 304) {
            return Ok(Framing::Over);
        }
        match (length, codings.as_slice()) {
            (Some(0), _) => Ok(Framing::Over),
            (Some(length), _) => Ok(Framing::Sized(length)),
            (None, [coding]) if coding == "chunked" => Ok(Framing::Chunk { left: 0, is_first: true }),
            (None, []) if head.is_old || head.fields.words("connection").iter().any(|word| word == "close") => Ok(Framing::UntilClose),
            (None, []) => wrong("a body without an end"),
            (None, codings) => {
                let error = Error::new(Status::Protocol, "http.coding_unknown").arg("host", host(stream));
                Err(error.arg("coding", excerpt(&codings.join(", "))))
            }
        }
    }

    /// How many bytes of the body have arrived, waiting for the first; 0 at its end. They are the first that the stream shows.
    pub(super) fn available(&mut self, stream: &mut Stream, call: &Call) -> Result<usize, Error> {
        if let Framing::Chunk { left: 0, is_first } = *self {
            self.next_chunk(is_first, stream, call)?;
        }
        let left = match *self {
            Framing::Over => return Ok(0),
            Framing::Sized(0) => {
                *self = Framing::Over;
                return Ok(0);
            }
            Framing::Sized(left) | Framing::Chunk { left, .. } => left,
            Framing::UntilClose => u64::MAX,
        };
        if stream.has_more(call)? {
            return Ok(stream.pending().min(usize::try_from(left).unwrap_or(usize::MAX)));
        }
        if matches!(self, Framing::UntilClose) {
            *self = Framing::Over;
            return Ok(0);
        }
        Err(Error::new(Status::Network, "http.truncated").arg("host", host(stream)))
    }

    /// Takes bytes that were available.
    pub(super) fn take(&mut self, length: usize, stream: &mut Stream) {
        let mut length = length.min(stream.pending());
        if let Framing::Sized(left) | Framing::Chunk { left, .. } = self {
            length = length.min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= length as u64;
        }
        stream.consume(length);
    }

    fn next_chunk(&mut self, is_first: bool, stream: &mut Stream, call: &Call) -> Result<(), Error> {
        if !is_first && !line(stream, call)?.is_empty() {
            return Err(malformed(stream, "a chunk is longer than its length"));
        }
        let length = line(stream, call)?;
        let Some(length) = chunk_length(length) else { return Err(malformed(stream, "a chunk without a length")) };
        if length > 0 {
            *self = Framing::Chunk { left: length, is_first: false };
            return Ok(());
        }
        let mut trailers = 0;
        loop {
            let line = line(stream, call)?.len();
            if line == 0 {
                *self = Framing::Over;
                return Ok(());
            }
            trailers += line;
            if trailers > TRAILERS {
                return Err(malformed(stream, "fields without end behind the body"));
            }
        }
    }
}

/// Reads a line between chunks.
fn line<'s>(stream: &'s mut Stream, call: &Call) -> Result<&'s [u8], Error> {
    let name = host(stream).to_owned();
    match stream.read_unrecorded_line(call) {
        Ok(line) => Ok(line),
        Err(error) if error.code == "protocol.line_too_long" => {
            Err(Error::new(Status::Protocol, "http.malformed").arg("host", name).detail("a line without end between chunks"))
        }
        Err(error) if error.code == "net.closed_by_server" => {
            Err(Error::new(Status::Network, "http.truncated").arg("host", name).detail(error.detail.clone()))
        }
        Err(error) => Err(error),
    }
}

/// The length before a chunk: hexadecimal digits, then perhaps extensions.
fn chunk_length(line: &[u8]) -> Option<u64> {
    if line.len() > CHUNK_LINE {
        return None;
    }
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    // Sixteen digits are 64 bits.
    if digits.is_empty() || digits.len() > 16 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_chunk_is_hexadecimal_and_bounded() {
        for (line, length) in [("0", 0), ("a", 10), ("1F4", 500), ("00010", 16), ("5;x=y", 5), ("5 ;x", 5), ("ffffffffffffffff", u64::MAX)]
        {
            assert_eq!(chunk_length(line.as_bytes()), Some(length), "{line}");
        }
        let long = format!("1;{}", "x".repeat(CHUNK_LINE));
        for line in ["", ";x", "x", "-1", "+1", "0x5", " 5", "5 5", "10000000000000000", long.as_str()] {
            assert_eq!(chunk_length(line.as_bytes()), None, "{line}");
        }
    }
}
