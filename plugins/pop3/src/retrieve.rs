//! The body of a multi-line answer as a stream: the dots that protect lines removed, the closing dot found.

use crate::session::Session;
use memchr::memmem;
use postkontor_plugin::{Call, Error, Stage};

/// Where in a line the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineStart,
    /// After a dot that began a line: it either ends the body or protects the line.
    Dot,
    /// After a dot and CR at the beginning of a line.
    DotReturn,
    Middle,
}

/// Takes the protection off a multi-line body (RFC 1939, section 3), in pieces of any size.
#[derive(Debug)]
pub(crate) struct Unstuff(Place);

impl Unstuff {
    pub(crate) fn new() -> Unstuff {
        Unstuff(Place::LineStart)
    }

    /// Goes through the next bytes, handing on what belongs to the message, and returns how many of them were used and
    /// whether the body has ended with them. All of them are used unless it has.
    pub(crate) fn push<E>(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(usize, bool), E> {
        let mut at = 0;
        while at < bytes.len() {
            match self.0 {
                Place::LineStart if bytes[at] == b'.' => {
                    self.0 = Place::Dot;
                    at += 1;
                }
                Place::Dot if bytes[at] == b'\r' => {
                    self.0 = Place::DotReturn;
                    at += 1;
                }
                Place::Dot | Place::DotReturn if bytes[at] == b'\n' => {
                    return Ok((at + 1, true));
                }
                place => {
                    if place == Place::DotReturn {
                        // The line was a protected CR followed by something else.
                        take(b"\r")?;
                    }
                    let rest = &bytes[at..];
                    let (length, next) = match memmem::find(rest, b"\n.") {
                        Some(found) => (found + 1, Place::LineStart),
                        None if rest.last() == Some(&b'\n') => (rest.len(), Place::LineStart),
                        None => (rest.len(), Place::Middle),
                    };
                    take(&rest[..length])?;
                    self.0 = next;
                    at += length;
                }
            }
        }
        Ok((at, false))
    }
}

impl Session {
    /// Reads the body of an answer whose first line was `+OK`, and hands it on as it comes.
    pub(crate) fn body(&mut self, call: &Call, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<u64, Error> {
        let mut unstuff = Unstuff::new();
        let mut size = 0;
        loop {
            let bytes = self.stream.peek(call).map_err(|error| error.stage(Stage::Fetch))?;
            let (used, ended) = unstuff.push(bytes, |piece| {
                size += piece.len() as u64;
                take(piece)
            })?;
            self.stream.consume(used);
            if ended {
                return Ok(size);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unstuffed(wire: &[u8], piece: usize) -> (Vec<u8>, usize, bool) {
        let (mut unstuff, mut body, mut used, mut ended) = (Unstuff::new(), Vec::new(), 0, false);
        for bytes in wire.chunks(piece) {
            let (count, end) = unstuff
                .push(bytes, |piece| {
                    body.extend_from_slice(piece);
                    Ok::<(), ()>(())
                })
                .unwrap();
            used += count;
            ended = end;
            if ended {
                break;
            }
        }
        (body, used, ended)
    }

    #[test]
    fn bodies_are_the_same_whatever_the_pieces() {
        let wire = b"a\r\n..b\r\n.\r.c\r\n...\r\n\r\n.x\r\n.\r\nnext";
        let body = b"a\r\n.b\r\n\r.c\r\n..\r\n\r\nx\r\n";
        for piece in 1..=wire.len() {
            let (found, used, ended) = unstuffed(wire, piece);
            assert_eq!(found, body, "in pieces of {piece}");
            assert!(ended);
            assert_eq!(&wire[used..], b"next");
        }
    }

    #[test]
    fn an_empty_body_ends_at_once_and_half_a_body_never() {
        assert_eq!(unstuffed(b".\r\n", 1), (Vec::new(), 3, true));
        assert_eq!(unstuffed(b".\n", 2), (Vec::new(), 2, true));
        for wire in [&b"a\r\n."[..], b"a\r\n.\r", b"a.\r\n", b"\r\n..\r\n"] {
            assert!(!unstuffed(wire, 1).2, "{wire:?}");
        }
    }
}
