//! The one stream that all protocols speak over.

mod open;
mod web;

use super::Transcript;
use super::certificate::end_point;
use super::deflate::{self, Deflate};
use super::sasl::Protection;
use super::socket::{Direction, Socket};
use super::tls::Engine;
use crate::settings::Endpoint;
use crate::{Call, Error, Status};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Size of the read buffer, and with that the longest line that can be asked for at first.
const BUFFER: usize = 128 * 1024;

/// The most that is read at once. Received mail comes in reads of this size: larger ones leave the processor's cache before they are used.
const BLOCK: usize = 256 * 1024;

/// A server that has sent so much since our last command is in the middle of sending more. Then a read pauses for a moment before it
/// waits for the socket: a wait that a few bytes end costs the server a wake-up of the client. Not on Windows, whose sleep may last 15 ms.
const BULK: usize = 256 * 1024;
const MOMENT: Duration = Duration::from_micros(150);

/// The longest line unless [`Stream::set_line_limit`] says otherwise. RFC 5321 asks for 512, real servers send a few KB.
const LINE: usize = 8 * 1024;

/// A connection to a server, in clear text or secure, on which no wait outlasts the call.
///
/// Errors of reading and writing carry no stage: the caller knows it and adds it with [`Error::stage`].
/// After an error the session cannot go on, but what the server sent before can still be read.
pub struct Stream {
    channel: Channel,
    deflate: Option<Box<Deflate>>,
    endpoint: Endpoint,
    local: Option<SocketAddr>,
    idle: Duration,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    line_limit: usize,
    /// The last line ended in LF alone.
    is_bare: bool,
    /// Something was written, so the next read waits first: its answer cannot have arrived yet.
    awaits: bool,
    /// How much has arrived since something was written.
    arrived: usize,
    is_verified: bool,
    /// The server's own certificate (DER), in TLS.
    certificate: Option<Vec<u8>>,
    written: u64,
    transcript: Transcript,
}

enum Channel {
    Plain(Socket),
    Secure(Box<Engine>),
    /// Within the process, where TLS is only pretended.
    #[cfg(feature = "testing")]
    Pretended(Socket),
    /// After a failed handshake, or after [`Stream::close`]: nothing can be read or written.
    Closed,
}

impl Stream {
    /// Whether the connection is secured by TLS.
    pub fn is_secure(&self) -> bool {
        self.channel.is_secure()
    }

    /// Whether the server has proved who it is: by a verified certificate, or by the pinned one.
    pub fn is_verified(&self) -> bool {
        self.is_verified
    }

    /// [`Stream::is_secure`] and [`Stream::is_verified`] in one value, for the choice of a mechanism.
    pub fn protection(&self) -> Protection {
        match (self.is_secure(), self.is_verified) {
            (false, _) => Protection::None,
            (true, false) => Protection::Unverified,
            (true, true) => Protection::Verified,
        }
    }

    /// The channel binding `tls-server-end-point` (RFC 5929, section 4).
    pub fn channel_binding(&self) -> Option<Vec<u8>> {
        self.certificate.as_deref().and_then(end_point)
    }

    /// The server's own certificate (DER), in TLS.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// The server, as the settings name it.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Our own address on this connection, for EHLO.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.local
    }

    /// Sets how long a line may be, in bytes with its end, for protocols that need more than 8 KiB.
    pub fn set_line_limit(&mut self, limit: usize) {
        self.line_limit = limit;
        if self.buffer.len() < limit {
            // Memory fresh from the system costs nothing until a line needs it.
            let mut longer = vec![0; limit];
            longer[..self.end].copy_from_slice(&self.buffer[..self.end]);
            self.buffer = longer;
        }
    }

    /// Reads a line, without its CRLF (a bare LF is accepted), which is valid until the next read.
    ///
    /// The server must not be silent for longer than `server.timeout_seconds`; the line must be there by the call's deadline.
    pub fn read_line(&mut self, call: &Call) -> Result<&[u8], Error> {
        let line = self.take_line(call)?;
        let line = &self.buffer[line];
        self.transcript.server(line, call);
        Ok(line)
    }

    /// Takes a line from the buffer, and says where it lies there.
    fn take_line(&mut self, call: &Call) -> Result<Range<usize>, Error> {
        let mut scanned = 0;
        let length = loop {
            match memchr::memchr(b'\n', &self.buffer[self.start + scanned..self.end]) {
                Some(at) if scanned + at < self.line_limit => break scanned + at,
                None if self.pending() < self.line_limit => scanned = self.pending(),
                _ => {
                    let error = Error::new(Status::Protocol, "protocol.line_too_long").arg("limit", self.line_limit as u64);
                    return Err(self.facts(error));
                }
            }
            if self.fill(call)? == 0 {
                return Err(self.ended());
            }
        };
        let start = self.start;
        self.start += length + 1;
        let end = start + length;
        self.is_bare = !self.buffer[start..end].ends_with(b"\r");
        Ok(start..if self.is_bare { end } else { end - 1 })
    }

    /// Whether the line that [`Stream::read_line`] gave last ended in LF alone.
    pub fn line_was_bare(&self) -> bool {
        self.is_bare
    }

    /// Reads what is there, waiting for the first byte; 0 at the end.
    pub fn read(&mut self, data: &mut [u8], call: &Call) -> Result<usize, Error> {
        if data.is_empty() || self.pending() == 0 && self.fill(call)? == 0 {
            return Ok(0);
        }
        let length = data.len().min(self.pending());
        data[..length].copy_from_slice(&self.buffer[self.start..self.start + length]);
        self.start += length;
        self.transcript.server_body(length);
        Ok(length)
    }

    /// What has arrived and was not consumed yet, waiting for the first byte; never empty. The bytes are taken with
    /// [`Stream::consume`], so that a large body passes through without being copied.
    pub fn peek(&mut self, call: &Call) -> Result<&[u8], Error> {
        if self.pending() == 0 && self.fill(call)? == 0 {
            return Err(self.facts(Error::new(Status::Network, "net.closed_by_server")));
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Takes bytes that [`Stream::peek`] has shown.
    pub fn consume(&mut self, length: usize) {
        let length = length.min(self.pending());
        self.start += length;
        self.transcript.server_body(length);
    }

    /// Waits until then for what the server sends of its own accord (IDLE), and returns whether something came. The limit of
    /// `server.timeout_seconds` does not apply here.
    pub fn arrives(&mut self, until: Instant, call: &Call) -> Result<bool, Error> {
        if self.pending() > 0 {
            return Ok(true);
        }
        let idle = std::mem::replace(&mut self.idle, until.saturating_duration_since(Instant::now()));
        let filled = self.fill(call);
        self.idle = idle;
        match filled {
            Ok(0) => Err(self.ended()),
            Ok(_) => Ok(true),
            Err(error) if error.code == "net.idle_timeout" => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How many bytes have arrived and were not read yet. Where there are some before a command is sent, the server has sent an
    /// answer without a command.
    pub fn pending(&self) -> usize {
        self.end - self.start
    }

    /// Writes all of it. The transcript shows it.
    pub fn write(&mut self, data: &[u8], call: &Call) -> Result<(), Error> {
        self.transcript.client(data, call);
        self.write_all(data, call)
    }

    /// Writes all of it. The transcript shows only its size.
    pub fn write_body(&mut self, data: &[u8], call: &Call) -> Result<(), Error> {
        self.transcript.client_body(data.len(), call);
        self.write_all(data, call)
    }

    /// Writes commands and bodies that leave together. `bodies` says where in `data` the bodies are, in order; of those the transcript
    /// shows only the size.
    pub fn write_mixed(&mut self, data: &[u8], bodies: impl IntoIterator<Item = Range<usize>>, call: &Call) -> Result<(), Error> {
        if self.transcript.is_wanted(call) {
            let mut at = 0;
            for body in bodies {
                self.transcript.client(&data[at..body.start], call);
                self.transcript.client_body(body.len(), call);
                at = body.end;
            }
            self.transcript.client(&data[at..], call);
        }
        self.write_all(data, call)
    }

    /// Writes all of it. The transcript shows `shown` instead.
    pub fn write_secret(&mut self, data: &[u8], shown: &str, call: &Call) -> Result<(), Error> {
        self.transcript.client_secret(data, shown, call);
        self.write_all(data, call)
    }

    /// How many bytes were handed to the system, or to TLS, since the connection began. After a failed write this tells what
    /// may have reached the server, and what certainly has not. On a compressed connection a block of 16 KiB counts as a whole as soon
    /// as anything of it has left.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Whether a connection that was kept may be used again: nothing has arrived meanwhile, not even its end.
    pub fn is_idle(&mut self) -> bool {
        if self.pending() > 0 {
            return false;
        }
        self.start = 0;
        self.end = 0;
        loop {
            return match self.receive() {
                Err(error) => error.kind() == ErrorKind::WouldBlock,
                Ok(None) => continue,
                Ok(Some(read)) => {
                    self.end = read;
                    false
                }
            };
        }
    }

    /// The dialogue so far; off unless enabled.
    pub fn transcript(&mut self) -> &mut Transcript {
        &mut self.transcript
    }

    /// Closes the connection at once and sends nothing more: half a message stays half a message.
    pub fn close(&mut self) {
        self.channel = Channel::Closed;
    }

    /// Closes the connection after the protocol's QUIT or LOGOUT, with the close_notify of TLS where there is TLS. Never waits.
    pub fn finish(mut self) {
        if let Channel::Secure(engine) = &mut self.channel {
            engine.finish();
        }
    }

    /// Reads once into the buffer, waiting for the first byte; 0 at the end.
    fn fill(&mut self, call: &Call) -> Result<usize, Error> {
        let filled = self.fill_once(call);
        if filled.is_err() {
            self.transcript.flush(call);
        }
        filled
    }

    fn fill_once(&mut self, call: &Call) -> Result<usize, Error> {
        // What is left of the last read is short, unless it is the beginning of a long line, and then it moves once.
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let until = Instant::now() + self.idle;
        // Only in clear text: TLS and compression may hold bytes that the socket knows nothing of.
        if let (true, Channel::Plain(socket), None) = (std::mem::take(&mut self.awaits), &self.channel, &self.deflate) {
            self.wait(socket, Direction::Read, until, call)?;
        } else {
            call.check().map_err(|error| self.facts(error))?;
        }
        let mut moment = Some(MOMENT).filter(|_| cfg!(unix) && self.arrived >= BULK);
        loop {
            match self.receive() {
                Ok(Some(read)) => {
                    self.end += read;
                    self.arrived = self.arrived.saturating_add(read);
                    return Ok(read);
                }
                Ok(None) => call.check().map_err(|error| self.facts(error))?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => match moment.take() {
                    Some(moment) => std::thread::sleep(moment),
                    None => self.wait_blocked(until, call)?,
                },
                Err(error) => return Err(self.broken(&error)),
            }
        }
    }

    /// Reads into the buffer once, without waiting; `None` where bytes came that do not unpack to anything yet.
    fn receive(&mut self) -> std::io::Result<Option<usize>> {
        let room = self.buffer.len().min(self.end + BLOCK);
        let free = &mut self.buffer[self.end..room];
        match &mut self.deflate {
            None => self.channel.read(free).map(Some),
            Some(deflate) => deflate.read(free, |arrived| self.channel.read(arrived)),
        }
    }

    fn write_all(&mut self, data: &[u8], call: &Call) -> Result<(), Error> {
        let written = self.write_through(data, call);
        if written.is_err() {
            self.transcript.flush(call);
        }
        written
    }

    fn write_through(&mut self, data: &[u8], call: &Call) -> Result<(), Error> {
        call.check().map_err(|error| self.facts(error))?;
        self.awaits = true;
        self.arrived = 0;
        if self.deflate.is_none() {
            return self.send(data, call);
        }
        for block in data.chunks(deflate::BLOCK) {
            let packed =
                self.deflate.as_mut().map_or(Ok(Vec::new()), |deflate| deflate.pack(block)).map_err(|error| self.broken(&error))?;
            let before = self.written;
            let sent = self.send(&packed, call);
            self.written = if self.written == before { before } else { before + block.len() as u64 };
            sent?;
        }
        Ok(())
    }

    /// Writes to the channel.
    fn send(&mut self, mut data: &[u8], call: &Call) -> Result<(), Error> {
        let mut until = None;
        while !data.is_empty() {
            match self.channel.write(data) {
                Ok(0) => return Err(self.facts(Error::new(Status::Network, "net.broken").detail("nothing could be written"))),
                Ok(written) => {
                    data = &data[written..];
                    self.written += written as u64;
                    until = None;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let until = *until.get_or_insert_with(|| Instant::now() + self.idle);
                    self.wait_blocked(until, call)?;
                }
                Err(error) => return Err(self.broken(&error)),
            }
        }
        Ok(())
    }

    /// Waits for what the channel could not do.
    fn wait_blocked(&self, until: Instant, call: &Call) -> Result<(), Error> {
        match self.channel.socket() {
            Some(socket) => self.wait(socket, socket.blocked(), until, call),
            None => Err(self.broken(&ErrorKind::NotConnected.into())),
        }
    }

    /// Waits until the socket is ready, the server has been silent for too long, or the call ends.
    fn wait(&self, socket: &Socket, direction: Direction, until: Instant, call: &Call) -> Result<(), Error> {
        while !self.wait_slice(socket, direction, until, call)? {}
        Ok(())
    }

    /// The same for one slice of the call. Returns whether the socket is ready.
    fn wait_slice(&self, socket: &Socket, direction: Direction, until: Instant, call: &Call) -> Result<bool, Error> {
        let left = until.saturating_duration_since(Instant::now());
        let is_ready = socket.wait(direction, left, call).map_err(|error| self.facts(error))?;
        if !is_ready && (left.is_zero() || socket.waits_in_vain()) {
            return Err(self.facts(Error::new(Status::Timeout, "net.idle_timeout").arg("seconds", self.idle.as_secs())));
        }
        Ok(is_ready)
    }

    /// The error for a server that has closed the connection before its answer.
    pub(in crate::net) fn ended(&self) -> Error {
        self.facts(Error::new(Status::Network, "net.closed_by_server"))
    }

    fn broken(&self, error: &std::io::Error) -> Error {
        if error.kind() == ErrorKind::PermissionDenied && self.is_secure() {
            return self.facts(Error::new(Status::Tls, "tls.client_certificate_refused").detail(error.to_string()));
        }
        if error.kind() == ErrorKind::InvalidData && self.deflate.is_some() {
            return self.facts(Error::new(Status::Protocol, "net.compression_damaged").detail(error.to_string()));
        }
        let code = match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => "net.closed_by_server",
            ErrorKind::UnexpectedEof => "tls.truncated",
            _ => "net.broken",
        };
        self.facts(Error::new(Status::Network, code).detail(error.to_string()))
    }

    /// Adds host and port to the error.
    fn facts(&self, error: Error) -> Error {
        error.arg("host", self.endpoint.host.as_str()).arg("port", self.endpoint.port)
    }
}

impl Channel {
    fn is_secure(&self) -> bool {
        match self {
            Channel::Secure(_) => true,
            #[cfg(feature = "testing")]
            Channel::Pretended(_) => true,
            Channel::Plain(_) | Channel::Closed => false,
        }
    }

    fn socket(&self) -> Option<&Socket> {
        match self {
            Channel::Plain(socket) => Some(socket),
            Channel::Secure(engine) => engine.socket(),
            #[cfg(feature = "testing")]
            Channel::Pretended(socket) => Some(socket),
            Channel::Closed => None,
        }
    }

    fn read(&mut self, data: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Channel::Plain(socket) => socket.read(data),
            Channel::Secure(engine) => engine.read(data),
            #[cfg(feature = "testing")]
            Channel::Pretended(socket) => socket.read(data),
            Channel::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }

    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        match self {
            Channel::Plain(socket) => socket.write(data),
            Channel::Secure(engine) => engine.write(data),
            #[cfg(feature = "testing")]
            Channel::Pretended(socket) => socket.write(data),
            Channel::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }
}
