//! A connection as lines and blocks, in clear text or TLS.

use openssl::ssl::{SslAcceptor, SslStream};
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// The longest line that is read; SMTP's own limit is 1000 (RFC 5321, section 4.5.3.1.6), AUTH's 12288 (RFC 4954, section 4).
const LONGEST: usize = 16 << 10;

enum Wire {
    Clear(TcpStream),
    Secure(SslStream<TcpStream>),
    /// Only while one becomes the other.
    Gone,
}

/// One side of a dialogue.
pub(super) struct Line {
    wire: Wire,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> Line {
        Line { wire: Wire::Clear(stream), buffer: vec![0; 64 << 10].into_boxed_slice(), start: 0, end: 0 }
    }

    pub(super) fn is_secure(&self) -> bool {
        matches!(self.wire, Wire::Secure(_))
    }

    /// Turns to TLS. What the client sent before is forgotten, as RFC 3207 (section 4.2) asks.
    pub(super) fn secure(&mut self, acceptor: &SslAcceptor) -> io::Result<()> {
        let Wire::Clear(stream) = std::mem::replace(&mut self.wire, Wire::Gone) else { return Err(closed()) };
        self.start = self.end;
        self.wire = Wire::Secure(acceptor.accept(stream).map_err(|error| io::Error::other(error.to_string()))?);
        Ok(())
    }

    /// The next line without its end; an error at the end of the connection.
    pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.read_raw(&mut line)?;
        while line.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            line.pop();
        }
        Ok(line)
    }

    /// The next line with its end, into `line`.
    pub(super) fn read_raw(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        line.clear();
        loop {
            if self.start == self.end {
                self.fill()?;
            }
            let have = &self.buffer[self.start..self.end];
            let take = have.iter().position(|byte| *byte == b'\n').map_or(have.len(), |end| end + 1);
            line.extend_from_slice(&have[..take]);
            self.start += take;
            if line.ends_with(b"\n") {
                return Ok(());
            }
            if line.len() > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "line too long"));
            }
        }
    }

    /// Some of the next `most` bytes; never empty.
    pub(super) fn read_block(&mut self, most: u64) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.fill()?;
        }
        let take = (self.end - self.start).min(usize::try_from(most).unwrap_or(usize::MAX));
        let block = &self.buffer[self.start..self.start + take];
        self.start += take;
        Ok(block)
    }

    /// Whether nothing more was received yet than what was read.
    pub(super) fn is_drained(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        match &mut self.wire {
            Wire::Clear(stream) => stream.write_all(text.as_bytes()),
            Wire::Secure(stream) => stream.write_all(text.as_bytes()),
            Wire::Gone => Err(closed()),
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.end = 0;
        self.end = match &mut self.wire {
            Wire::Clear(stream) => stream.read(&mut self.buffer)?,
            Wire::Secure(stream) => stream.read(&mut self.buffer)?,
            Wire::Gone => 0,
        };
        if self.end == 0 { Err(closed()) } else { Ok(()) }
    }
}

fn closed() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
