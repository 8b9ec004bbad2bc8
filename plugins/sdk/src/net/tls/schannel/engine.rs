//! A session, from its beginning to its end.

use super::handshake::{Broken, Handshake, Wire};
use super::numbers::{self, CONTEXT_EXPIRED, CONTINUE_NEEDED, OK, RENEGOTIATE};
use super::prepared::{Prepared, prepared};
use super::records::{self, Incoming, Outgoing};
use super::system::{Context, Decrypted, Session};
use super::trust::Trial;
use crate::Error;
use crate::net::certificate::Findings;
use crate::net::socket::Socket;
use crate::net::tls::progress::{Failure, FailureKind, Peer, Progress};
use crate::settings::{Tls, TlsVersion};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::Arc;

/// A TLS session of a client over a non-blocking socket.
pub(in crate::net) struct Engine {
    socket: Socket,
    context: Context,
    prepared: Arc<Prepared>,
    host: String,
    minimum: TlsVersion,
    has_own: bool,
    is_strict: bool,
    incoming: Incoming,
    outgoing: Outgoing,
    state: State,
    /// The server's own certificate, to which it has to keep.
    certificate: Vec<u8>,
    /// Clear text that had no room where the last read put it.
    plain: Vec<u8>,
    taken: usize,
    /// How much of the caller's data is in a record that has not left yet.
    promised: usize,
}

enum State {
    Shaking(Handshake),
    Judging(Box<Trial>, Session),
    Open,
    /// The server has ended the session.
    Ended,
    Failed,
}

impl Engine {
    /// Prepares a session. `host` is what the certificate must be for: a name, or an IP address.
    pub(in crate::net::tls) fn new(socket: Socket, tls: &Tls, host: &str) -> Result<Engine, Error> {
        let prepared = prepared(tls)?;
        let has_own = tls.client_certificate.is_some();
        Ok(Engine {
            socket,
            context: Context::new(prepared.credentials.clone(), host),
            prepared,
            host: host.to_owned(),
            minimum: tls.minimum,
            has_own,
            is_strict: tls.verify,
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            state: State::Shaking(Handshake::new(tls.minimum, has_own)),
            certificate: Vec::new(),
            plain: Vec::new(),
            taken: 0,
            promised: 0,
        })
    }

    /// Goes as far as the socket allows.
    pub(in crate::net::tls) fn handshake(&mut self) -> Progress {
        match self.shake() {
            Ok(false) => return Progress::Blocked,
            Ok(true) => {}
            Err(Broken { kind, detail }) => {
                self.state = State::Failed;
                return Progress::Failed(Failure { kind, detail, findings: Findings::default() });
            }
        }
        match self.judged() {
            Some(peer) => Progress::Done(peer),
            None => Progress::Judging,
        }
    }

    /// The handshake up to the trial.
    fn shake(&mut self) -> Result<bool, Broken> {
        let State::Shaking(handshake) = &mut self.state else { return Ok(true) };
        let mut wire = Wire { socket: &mut self.socket, incoming: &mut self.incoming, outgoing: &mut self.outgoing };
        if !handshake.advance(&mut self.context, &mut wire)? {
            return Ok(false);
        }
        let session = self.context.session().map_err(|number| Broken { kind: FailureKind::Other, detail: numbers::words(number) })?;
        self.certificate.clone_from(&session.certificate);
        let allows_old = self.minimum < TlsVersion::Tls12;
        self.state = State::Judging(Box::new(Trial::new(&session, &self.prepared, allows_old, self.is_strict)), session);
        Ok(true)
    }

    fn judged(&mut self) -> Option<Peer> {
        let State::Judging(trial, session) = &mut self.state else { return None };
        let findings = trial.findings(&self.host)?;
        let peer = Peer { version: numbers::version(session.protocol), cipher: std::mem::take(&mut session.cipher), findings };
        self.state = State::Open;
        Some(peer)
    }

    /// Forgets what was only needed for the handshake.
    pub(in crate::net::tls) fn settled(&mut self) {
        self.socket.forget_opening();
    }

    /// The socket underneath; it is always there.
    pub(in crate::net) fn socket(&self) -> Option<&Socket> {
        Some(&self.socket)
    }

    /// Reads what is there; 0 only where the server closed the session as TLS demands, else a cut connection is an error.
    pub(in crate::net) fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.taken < self.plain.len() {
                let length = data.len().min(self.plain.len() - self.taken);
                data[..length].copy_from_slice(&self.plain[self.taken..self.taken + length]);
                self.taken += length;
                return Ok(length);
            }
            self.renegotiate()?;
            match self.state {
                State::Open => {}
                State::Ended => return Ok(0),
                _ => return Err(ErrorKind::NotConnected.into()),
            }
            if self.incoming.record().is_none() {
                if self.incoming.fill(&mut self.socket)? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            let read = self.open_records(data)?;
            if read > 0 || data.is_empty() {
                return Ok(read);
            }
        }
    }

    /// Decrypts the records that have arrived, as many as there is room for, and one at least.
    fn open_records(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while let (State::Open, Some(record)) = (&self.state, self.incoming.record()) {
            let (length, is_alert) = (record.len(), records::is_alert(record));
            if read > 0 && data.len() - read < length {
                break;
            }
            let Decrypted { status, plain, extra } = self.context.decrypt(record);
            match status {
                // Wine says no more of the end than that there is nothing to read.
                OK if is_alert && plain.is_empty() => self.state = State::Ended,
                OK => read += self.deliver(plain, &mut data[read..]),
                // A message of the handshake that needs no answer.
                CONTINUE_NEEDED => {}
                CONTEXT_EXPIRED => self.state = State::Ended,
                RENEGOTIATE => {
                    let message = self.incoming.bytes()[extra].to_vec();
                    self.incoming.consume(length);
                    self.incoming.put_back(&message);
                    self.state = State::Shaking(Handshake::again(self.minimum, self.has_own));
                    return Ok(read);
                }
                number => {
                    self.state = State::Failed;
                    return Err(refused(number));
                }
            }
            self.incoming.consume(length);
        }
        Ok(read)
    }

    /// Hands out clear text that lies in the first record; what finds no room waits for the next read.
    fn deliver(&mut self, plain: Range<usize>, data: &mut [u8]) -> usize {
        let plain = &self.incoming.bytes()[plain];
        let length = plain.len().min(data.len());
        data[..length].copy_from_slice(&plain[..length]);
        self.plain.clear();
        self.plain.extend_from_slice(&plain[length..]);
        self.taken = 0;
        length
    }

    /// Ends a handshake that the server has begun in the session. The server stays the one whose certificate was accepted.
    fn renegotiate(&mut self) -> io::Result<()> {
        let State::Shaking(handshake) = &mut self.state else { return Ok(()) };
        let mut wire = Wire { socket: &mut self.socket, incoming: &mut self.incoming, outgoing: &mut self.outgoing };
        let result = handshake.advance(&mut self.context, &mut wire);
        let result = result.and_then(|is_over| {
            let broken = |number| Broken { kind: FailureKind::Other, detail: numbers::words(number) };
            if is_over { self.context.session().map(Some).map_err(broken) } else { Ok(None) }
        });
        match result {
            Ok(None) => Err(ErrorKind::WouldBlock.into()),
            Ok(Some(session)) if session.certificate == self.certificate => {
                self.state = State::Open;
                Ok(())
            }
            Ok(Some(_)) => {
                self.state = State::Failed;
                Err(io::Error::other("the server has changed its certificate within the session"))
            }
            Err(Broken { kind, detail }) => {
                self.state = State::Failed;
                Err(io::Error::new(error_kind(kind), detail))
            }
        }
    }

    /// Writes one record at most.
    pub(in crate::net) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.renegotiate()?;
        if !matches!(self.state, State::Open) {
            return Err(ErrorKind::NotConnected.into());
        }
        if self.promised == 0 {
            let encrypted = self.context.encrypt(data, self.outgoing.end());
            self.promised = encrypted.map_err(|number| io::Error::other(numbers::words(number)))?;
        }
        // The caller comes again with the same data until the record has left.
        self.outgoing.flush(&mut self.socket)?;
        Ok(std::mem::take(&mut self.promised).min(data.len()))
    }

    /// Sends the close_notify of TLS as far as that is possible without waiting.
    pub(in crate::net) fn finish(&mut self) {
        if matches!(self.state, State::Open | State::Ended) {
            let alert = self.context.close_notify();
            self.outgoing.end().extend_from_slice(&alert);
            // The connection ends, whether the alert arrives or not.
            let _ = self.outgoing.flush(&mut self.socket);
        }
    }
}

/// The error for a record that Windows does not decrypt. With TLS 1.3 the server judges our certificate only after the handshake.
fn refused(number: u32) -> io::Error {
    io::Error::new(error_kind(numbers::kind(number)), numbers::words(number))
}

fn error_kind(kind: FailureKind) -> ErrorKind {
    match kind {
        FailureKind::OwnCertificate => ErrorKind::PermissionDenied,
        FailureKind::Closed => ErrorKind::UnexpectedEof,
        _ => ErrorKind::Other,
    }
}
