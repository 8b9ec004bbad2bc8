//! The body of a multi-line response as a stream, and what stands between two responses.

use crate::session::Session;
use memchr::memmem::Finder;
use postkontor_plugin::{Call, Error, Reply, Stage, Status};

/// A piece below this size is handed on together with those beside it.
const SMALL: usize = 4096;

/// More blank lines than any server puts between two responses.
const BLANK: usize = 1024;

/// Where in a line the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineStart,
    /// After a dot that began a line: it either ends the body or is stuffed.
    Dot,
    /// After a dot and CR at the beginning of a line.
    DotReturn,
    /// After a CR that may begin a line end.
    Return,
    Middle,
}

/// Removes the byte-stuffing of a multi-line response (RFC 1939, section 3), in pieces of any size.
///
/// Only CRLF ends a line, and only a dot between two of them ends the body: servers that stuff only the dots behind CRLF, as the RFC says,
/// pass on bare LF and CR as the author of the message wrote them, and could be made to end the message there. At a server whose own lines
/// end in LF alone, LF ends every line.
#[derive(Debug)]
pub(crate) struct Unstuff {
    place: Place,
    is_bare: bool,
    /// Finds a line end with a dot behind it.
    dotted: Finder<'static>,
}

impl Unstuff {
    /// A reader for a server whose own lines end in CRLF, or in LF alone.
    pub(crate) fn new(is_bare: bool) -> Unstuff {
        let dotted: &[u8] = if is_bare { b"\n." } else { b"\r\n." };
        Unstuff { place: Place::LineStart, is_bare, dotted: Finder::new(dotted) }
    }

    /// Goes through the next bytes, handing on what belongs to the message, and returns how many of them were used and
    /// whether the body has ended with them. All of them are used unless it has.
    pub(crate) fn push<E>(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(usize, bool), E> {
        let mut at = 0;
        while at < bytes.len() {
            match (self.place, bytes[at]) {
                (Place::LineStart, b'.') => {
                    self.place = Place::Dot;
                    at += 1;
                }
                (Place::Dot, b'\r') => {
                    self.place = Place::DotReturn;
                    at += 1;
                }
                (Place::DotReturn, b'\n') => return Ok((at + 1, true)),
                (Place::Dot, b'\n') if self.is_bare => return Ok((at + 1, true)),
                (place, _) => {
                    if place == Place::DotReturn {
                        // The line was a stuffed CR followed by something else.
                        take(b"\r")?;
                    }
                    let (length, next) = self.stretch(&bytes[at..]);
                    take(&bytes[at..at + length])?;
                    self.place = next;
                    at += length;
                }
            }
        }
        Ok((at, false))
    }

    /// How many bytes go up to a dot that begins a line, and where the reader stands behind them.
    fn stretch(&self, rest: &[u8]) -> (usize, Place) {
        let line_end: &[u8] = if self.is_bare { b"\n" } else { b"\r\n" };
        if self.place == Place::Return && rest[0] == b'\n' {
            return (1, Place::LineStart);
        }
        match self.dotted.find(rest) {
            Some(found) => (found + line_end.len(), Place::LineStart),
            None if rest.ends_with(line_end) => (rest.len(), Place::LineStart),
            None if rest.ends_with(b"\r") && !self.is_bare => (rest.len(), Place::Return),
            None => (rest.len(), Place::Middle),
        }
    }
}

/// Hands on what was gathered, if there is any.
fn hand_on<E>(gathered: &mut Vec<u8>, take: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    if !gathered.is_empty() {
        take(gathered)?;
        gathered.clear();
    }
    Ok(())
}

impl Session {
    /// Reads the body of a response whose status line was the last line read, and hands it on as it comes. Returns how many bytes it was on
    /// the wire, with the stuffed dots and the one that ends it.
    pub(crate) fn body(&mut self, call: &Call, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<u64, Error> {
        let mut unstuff = Unstuff::new(self.stream.line_was_bare());
        let (mut size, mut gathered) = (0, Vec::new());
        loop {
            let bytes = self.stream.peek(call).map_err(|error| error.stage(Stage::Fetch))?;
            // Each piece that is handed on crosses into the host and may become a write to a file: lines that begin with dots go together.
            let (used, ended) = unstuff.push(bytes, |piece| {
                if piece.len() < SMALL {
                    gathered.extend_from_slice(piece);
                    return Ok(());
                }
                hand_on(&mut gathered, &mut take)?;
                take(piece)
            })?;
            hand_on(&mut gathered, &mut take)?;
            size += used as u64;
            self.stream.consume(used);
            if ended {
                return Ok(size);
            }
        }
    }

    /// Sends a command without a secret and reads the status line of its response.
    pub(crate) fn command_status(&mut self, line: &str, call: &Call) -> Result<Result<(), Reply>, Error> {
        self.expect_only_blank_lines(call)?;
        self.stream.write(line.as_bytes(), call)?;
        self.next_status(call)
    }

    /// Reads the status line of the next response. Blank lines before it, as some servers put them between responses, are skipped.
    pub(crate) fn next_status(&mut self, call: &Call) -> Result<Result<(), Reply>, Error> {
        while self.stream.pending() == 0 || self.skip_blank(call)? {
            self.stream.peek(call)?;
        }
        self.read_status(call)
    }

    /// Fails where more than blank lines has arrived before the next command: the last response did not end where it seemed to, or the next
    /// one would be taken for another.
    pub(crate) fn expect_only_blank_lines(&mut self, call: &Call) -> Result<(), Error> {
        while self.stream.pending() > 0 && self.skip_blank(call)? {}
        self.expect_silence()
    }

    /// Skips blank lines that have arrived; whether there were only such.
    fn skip_blank(&mut self, call: &Call) -> Result<bool, Error> {
        let bytes = self.stream.peek(call)?;
        let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let is_all = blank == bytes.len();
        if blank > BLANK {
            return Err(Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", BLANK as u64));
        }
        if blank > 0 {
            self.stream.consume(blank);
        }
        Ok(is_all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unstuffed(wire: &[u8], piece: usize, is_bare: bool) -> (Vec<u8>, usize, bool) {
        let (mut unstuff, mut body, mut used, mut ended) = (Unstuff::new(is_bare), Vec::new(), 0, false);
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
        for (is_bare, wire, body) in [
            (false, &b"a\r\n..b\r\n.\r.c\r\n...\r\n\r\n.x\r\n.\r\nnext"[..], &b"a\r\n.b\r\n\r.c\r\n..\r\n\r\nx\r\n"[..]),
            // What only a bare LF or CR sets apart is no line.
            (false, b"x\n.\n+OK\n..y\r.\r.\r\n\n.\r\n.\r\nnext", b"x\n.\n+OK\n..y\r.\r.\r\n\n.\r\n"),
            (false, b"x\r\r\n.\r\r\n.\n.\r\n\r\n.\r\nnext", b"x\r\r\n\r\r\n\n.\r\n\r\n"),
            // At a server whose own lines end in LF it is.
            (true, b"x\n..y\n\n.z\n.\nnext", b"x\n.y\n\nz\n"),
            (true, b"x\r\n..y\r\n.\r\nnext", b"x\r\n.y\r\n"),
        ] {
            for piece in 1..=wire.len() {
                let (found, used, ended) = unstuffed(wire, piece, is_bare);
                assert_eq!(found.escape_ascii().to_string(), body.escape_ascii().to_string(), "in pieces of {piece}");
                assert!(ended);
                assert_eq!(&wire[used..], b"next");
            }
        }
    }

    #[test]
    fn an_empty_body_ends_at_once_and_half_a_body_never() {
        assert_eq!(unstuffed(b".\r\n", 1, false), (Vec::new(), 3, true));
        assert_eq!(unstuffed(b".\n", 2, true), (Vec::new(), 2, true));
        for wire in [&b"a\r\n."[..], b"a\r\n.\r", b"a.\r\n", b"\r\n..\r\n", b"a\n.\r\n", b"a\r\n.\n", b"a\r.\r\n", b".\n"] {
            assert!(!unstuffed(wire, 1, false).2, "{wire:?}");
        }
    }
}
