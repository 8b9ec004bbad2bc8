//! The bytes of a connection, in clear text or under TLS, read in lines and blocks within limits.

use crate::socket::{Clock, End, Socket};
use crate::tls::{Acceptor, Secured};
use memchr::memchr;
use std::io::{Read, Write};
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

/// Bytes that are read at once. A line of commands has to fit in.
const BLOCK: usize = 16 * 1024;

/// Replies to pipelined commands wait for each other up to this size (RFC 2920).
const REPLIES: usize = 8 * 1024;

/// A client's connection.
pub(crate) struct Channel {
    stream: Stream,
    clock: Clock,
    input: Box<[u8]>,
    begin: usize,
    end: usize,
    output: Vec<u8>,
    /// How long the client may not read what it asked for.
    unread: Duration,
}

enum Stream {
    Clear(Socket),
    Secured(Box<dyn Secured>),
    /// A handshake failed.
    Gone,
}

/// A line, or why there is none.
pub(crate) enum Line {
    /// The line without its end. It is wiped behind its reader: passwords come in lines.
    Whole(Zeroizing<Vec<u8>>),
    /// It is longer than a line may be. The rest of it was not read.
    TooLong,
}

impl Channel {
    pub(crate) fn new(socket: Socket, clock: Clock, unread: Duration) -> Channel {
        let input = vec![0; BLOCK].into_boxed_slice();
        Channel { stream: Stream::Clear(socket), clock, input, begin: 0, end: 0, output: Vec::new(), unread }
    }

    /// Until when it is waited for.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn is_secured(&self) -> bool {
        matches!(self.stream, Stream::Secured(_))
    }

    /// Whether bytes of the client are here already.
    pub(crate) fn has_input(&self) -> bool {
        self.begin < self.end
    }

    /// Secures the connection. What the client sent in clear text must have been read before.
    pub(crate) fn secure(&mut self, acceptor: &Acceptor, patience: Duration) -> Result<(), End> {
        self.flush()?;
        self.clock.set(patience);
        let Stream::Clear(socket) = std::mem::replace(&mut self.stream, Stream::Gone) else { return Err(End::Closed) };
        let secured = acceptor.accept(socket);
        let secured = secured.map_err(|error| self.clock.end().unwrap_or_else(|| End::of(&error)))?;
        self.stream = Stream::Secured(secured);
        Ok(())
    }

    /// Reads a line within this time. It ends with LF, before which a CR goes away.
    pub(crate) fn line(&mut self, limit: usize, patience: Duration) -> Result<Line, End> {
        if !self.has_input() {
            self.flush()?;
        }
        self.clock.set(patience);
        let mut looked = 0;
        loop {
            let bytes = &self.input[self.begin..self.end];
            if let Some(at) = memchr(b'\n', &bytes[looked..]).map(|at| at + looked) {
                let line = bytes[..at].strip_suffix(b"\r").unwrap_or(&bytes[..at]);
                if line.len() > limit {
                    return Ok(Line::TooLong);
                }
                let line = Zeroizing::new(line.to_vec());
                // It may have been a password.
                self.input[self.begin..=self.begin + at].zeroize();
                self.begin += at + 1;
                return Ok(Line::Whole(line));
            }
            // One more for the CR.
            if bytes.len() > limit + 1 || bytes.len() == self.input.len() {
                return Ok(Line::TooLong);
            }
            looked = bytes.len();
            self.flush()?;
            self.clock.set(patience);
            self.fill()?;
        }
    }

    /// The bytes that are here, of which there is at least one. [`Channel::used`] says how many of them are done with.
    pub(crate) fn block(&mut self) -> Result<&[u8], End> {
        if !self.has_input() {
            self.fill()?;
        }
        Ok(&self.input[self.begin..self.end])
    }

    /// Says that so many bytes of the block are done with.
    pub(crate) fn used(&mut self, count: usize) {
        self.begin = (self.begin + count).min(self.end);
    }

    fn fill(&mut self) -> Result<(), End> {
        if self.begin > 0 {
            self.input.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        let free = &mut self.input[self.end..];
        let read = match &mut self.stream {
            Stream::Clear(socket) => socket.read(free),
            Stream::Secured(stream) => stream.read(free),
            Stream::Gone => return Err(End::Closed),
        };
        match read {
            Ok(0) => Err(End::Closed),
            Ok(count) => {
                self.end += count;
                Ok(())
            }
            Err(error) => Err(self.why(&error)),
        }
    }

    /// Writes. What is short may wait for the next [`Channel::flush`], which reading does, too.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.output.extend_from_slice(bytes);
        if self.output.len() >= REPLIES { self.flush() } else { Ok(()) }
    }

    /// Writes what was held back. A client that reads nothing for too long ends the connection.
    pub(crate) fn flush(&mut self) -> Result<(), End> {
        let mut written = 0;
        while written < self.output.len() {
            self.clock.set(self.unread);
            let rest = &self.output[written..];
            let wrote = match &mut self.stream {
                Stream::Clear(socket) => socket.write(rest),
                Stream::Secured(stream) => stream.write(rest),
                Stream::Gone => return Err(End::Closed),
            };
            match wrote {
                Ok(0) => return Err(End::Closed),
                Ok(count) => written += count,
                Err(error) => return Err(self.why(&error)),
            }
        }
        self.output.clear();
        Ok(())
    }

    /// Ends TLS, if there is any.
    pub(crate) fn end(&mut self) {
        if let Stream::Secured(stream) = &mut self.stream {
            stream.end();
        }
    }

    /// An engine of TLS may hide the cause in an error of its own.
    fn why(&self, error: &std::io::Error) -> End {
        match End::of(error) {
            End::Closed => self.clock.end().unwrap_or(End::Closed),
            end => end,
        }
    }
}
