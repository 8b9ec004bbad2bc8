//! The handshake: one at the beginning, and those that a server asks for later.

use super::numbers::{self, CONTINUE_NEEDED, INCOMPLETE_CREDENTIALS, INCOMPLETE_MESSAGE, OK};
use super::records::{self, Flight, Incoming, Outgoing};
use super::system::Context;
use crate::net::socket::Socket;
use crate::net::tls::alert;
use crate::net::tls::progress::FailureKind;
use crate::settings::TlsVersion;
use std::io::{self, ErrorKind};

/// A handshake that has begun.
#[derive(Default)]
pub(super) struct Handshake {
    /// The client's hello was made.
    is_begun: bool,
    /// More bytes are needed before the next step.
    is_waiting: bool,
    goes_without: bool,
    has_own: bool,
    offers_tls13: bool,
    minimum: TlsVersion,
    flight: Flight,
}

/// Why a handshake ended.
pub(super) struct Broken {
    pub(super) kind: FailureKind,
    pub(super) detail: String,
}

/// Where the bytes come from and go to.
pub(super) struct Wire<'a> {
    pub(super) socket: &'a mut Socket,
    pub(super) incoming: &'a mut Incoming,
    pub(super) outgoing: &'a mut Outgoing,
}

impl Handshake {
    pub(super) fn new(minimum: TlsVersion, has_own: bool) -> Handshake {
        Handshake { minimum, has_own, ..Handshake::default() }
    }

    /// One that the server began, with the bytes that have arrived.
    pub(super) fn again(minimum: TlsVersion, has_own: bool) -> Handshake {
        Handshake { is_begun: true, ..Handshake::new(minimum, has_own) }
    }

    /// Goes as far as the socket allows. Gives whether it has come to its end.
    pub(super) fn advance(&mut self, context: &mut Context, wire: &mut Wire<'_>) -> Result<bool, Broken> {
        loop {
            match wire.outgoing.flush(wire.socket) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                result => result.map_err(|error| self.closed(&error))?,
            }
            if self.is_waiting {
                match wire.incoming.fill(wire.socket) {
                    Ok(0) => return Err(self.closed(&ErrorKind::UnexpectedEof.into())),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                    Err(error) => return Err(self.closed(&error)),
                }
                if !wire.incoming.is_tls() {
                    return Err(Broken { kind: FailureKind::Other, detail: "the server does not speak TLS".to_owned() });
                }
                if wire.incoming.record().is_none() {
                    continue;
                }
            }
            if self.step(context, wire)? {
                // The last message need not have left yet; what is written next goes behind it.
                return match wire.outgoing.flush(wire.socket) {
                    Err(error) if error.kind() != ErrorKind::WouldBlock => Err(self.closed(&error)),
                    _ => Ok(true),
                };
            }
        }
    }

    /// One step of Windows'. Gives whether the handshake has come to its end.
    fn step(&mut self, context: &mut Context, wire: &mut Wire<'_>) -> Result<bool, Broken> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let given = wire.incoming.bytes().to_vec();
        let step = context.step(wire.incoming.bytes(), self.goes_without);
        self.flight.look(&given[..step.used]);
        wire.incoming.consume(step.used);
        wire.outgoing.end().extend_from_slice(&step.token);
        if is_first {
            self.offers_tls13 = records::offers_tls13(&step.token);
            if self.minimum == TlsVersion::Tls13 && !self.offers_tls13 && step.status == CONTINUE_NEEDED {
                return Err(Broken { kind: FailureKind::System, detail: "SChannel does not offer TLS 1.3".to_owned() });
            }
        }
        match step.status {
            OK => return Ok(true),
            // Wine cannot answer a server that asks for another handshake, which may be passed over (RFC 5246, section 7.4.1.1).
            INCOMPLETE_MESSAGE if given.is_empty() && step.token.is_empty() => return Ok(true),
            CONTINUE_NEEDED => self.is_waiting = wire.incoming.record().is_none(),
            INCOMPLETE_MESSAGE => self.is_waiting = true,
            INCOMPLETE_CREDENTIALS if !self.goes_without => (self.goes_without, self.is_waiting) = (true, false),
            number => {
                // The alert that says why; the connection ends, whether it arrives or not.
                let _ = wire.outgoing.flush(wire.socket);
                return Err(self.explain(number, &given));
            }
        }
        Ok(false)
    }

    /// Why Windows does not go on with these bytes.
    fn explain(&self, number: u32, given: &[u8]) -> Broken {
        let detail = numbers::words(number);
        let Some(alert) = records::alert(given) else {
            let is_too_old = records::server_version(given).is_some_and(|version| version < self.minimum);
            return Broken { kind: if is_too_old { FailureKind::Version } else { numbers::kind(number) }, detail };
        };
        let kind = match alert::kind(alert) {
            // The server has seen which versions we offer. One that only knows older ones answers in one of those.
            FailureKind::Version if !self.offers_tls13 => FailureKind::System,
            // handshake_failure: before TLS 1.3 there is no alert of its own for want of a certificate.
            FailureKind::Other if alert == 40 && self.is_asked() && !self.has_own => FailureKind::OwnCertificate,
            kind => kind,
        };
        Broken { kind, detail: format!("the server sends alert {alert}") }
    }

    /// Whether the server has asked for our certificate.
    fn is_asked(&self) -> bool {
        self.goes_without || self.flight.asks_for_certificate()
    }

    /// The connection has ended. The server that asked for our certificate did so after it has seen that, or that there is none: its alert
    /// may be lost, since Windows forgets what has arrived when the connection is reset.
    fn closed(&self, error: &io::Error) -> Broken {
        match self.is_asked() {
            true => {
                Broken { kind: FailureKind::OwnCertificate, detail: format!("asked for a client certificate, the server closed: {error}") }
            }
            false => Broken { kind: FailureKind::Closed, detail: error.to_string() },
        }
    }
}
