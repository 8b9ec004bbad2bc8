//! TLS behind one small seam: what an engine must know, do and tell.
//!
//! On Unix the engine is OpenSSL itself, on Windows SChannel, elsewhere the platform's own by native-tls (docs/decisions.md says why).

#[cfg(any(windows, all(unix, not(feature = "native-tls"))))]
mod alert;
#[cfg(any(windows, all(unix, not(feature = "native-tls"))))]
mod cache;
#[cfg(all(unix, not(feature = "native-tls")))]
mod context;
pub(super) mod identity;
#[cfg(not(any(windows, all(unix, not(feature = "native-tls")))))]
mod native;
#[cfg(all(unix, not(feature = "native-tls")))]
mod openssl;
mod progress;
#[cfg(any(windows, test))]
mod schannel;
mod unreadable;

#[cfg(all(unix, not(feature = "native-tls")))]
pub(super) use self::openssl::Engine;
#[cfg(not(any(windows, all(unix, not(feature = "native-tls")))))]
pub(super) use native::Engine;
#[cfg(windows)]
pub(super) use schannel::Engine;

use super::advice::advise;
use super::certificate::Fault;
use super::socket::{Opening, Socket};
use crate::settings::{Endpoint, Tls, TlsVersion};
use crate::{Error, Stage, Status, Step, StepStatus, printable};
use progress::{Failure, FailureKind, Peer, Progress};
use std::borrow::Cow;

/// A finished handshake that the settings accept.
pub(super) struct Proof {
    /// The server proved who it is.
    pub(super) is_verified: bool,
    is_pinned: bool,
    peer: Peer,
}

impl Proof {
    /// The server's own certificate (DER).
    pub(super) fn into_certificate(self) -> Option<Vec<u8>> {
        self.peer.findings.chain.into_iter().next()
    }
}

/// One handshake of a client, advanced whenever the socket is ready.
pub(super) struct Handshake<'a> {
    engine: Engine,
    opening: Opening,
    tls: &'a Tls,
    endpoint: &'a Endpoint,
    is_judging: bool,
}

impl<'a> Handshake<'a> {
    /// Prepares a handshake: reads the files that the settings name. Nothing is sent yet.
    pub(super) fn new(mut socket: Socket, tls: &'a Tls, endpoint: &'a Endpoint) -> Result<Handshake<'a>, Error> {
        if let Some(pin) = &tls.pin {
            expected(pin)?;
        }
        let opening = socket.keep_opening();
        let engine = Engine::new(socket, tls, &name(&endpoint.host));
        let engine = engine.map_err(|error| error.stage(Stage::Tls).arg("host", endpoint.host.as_str()).arg("port", endpoint.port))?;
        Ok(Handshake { engine, opening, tls, endpoint, is_judging: false })
    }

    /// Whether the server has answered in TLS: with a handshake or an alert, which may be all that it has to say to us.
    pub(super) fn is_answered(&self) -> bool {
        matches!(self.opening.bytes().as_slice(), [21 | 22, 3, ..])
    }

    /// The socket, to wait for.
    pub(super) fn socket(&self) -> Option<&Socket> {
        self.engine.socket()
    }

    /// Whether the server's certificate is being judged: nothing may come from the server before that, so that its socket is not waited for.
    pub(super) fn is_judging(&self) -> bool {
        self.is_judging
    }

    /// Goes as far as the socket allows. `Ok(None)`: wait, unless it [`is_judging`](Handshake::is_judging), and come again.
    pub(super) fn advance(&mut self) -> Result<Option<Proof>, Error> {
        let progress = self.engine.handshake();
        self.is_judging = matches!(progress, Progress::Judging);
        match progress {
            Progress::Blocked | Progress::Judging => Ok(None),
            Progress::Done(peer) => self.judge(peer).map(Some),
            Progress::Failed(failure) => Err(self.explain(&failure)),
        }
    }

    /// The engine, after [`Handshake::advance`] has given the proof.
    pub(super) fn into_engine(mut self) -> Engine {
        self.engine.settled();
        self.engine
    }

    fn judge(&self, peer: Peer) -> Result<Proof, Error> {
        let (tls, host) = (self.tls, &*name(&self.endpoint.host));
        let findings = &peer.findings;
        if let (true, Some(fault)) = (tls.verify, findings.worst()) {
            return Err(self.facts(findings.error(fault, host)));
        }
        let mut is_pinned = false;
        if let Some(pin) = &tls.pin {
            let (expected, seen) = (expected(pin)?, findings.pin().unwrap_or_default());
            if seen != expected {
                let error = findings.error(&Fault::Untrusted(String::new()), host);
                let mut error = self.facts(error).arg("expected", expected);
                error.code = "tls.certificate_pin_mismatch".to_owned();
                return Err(error);
            }
            is_pinned = true;
        }
        if let (Some(version), true) = (peer.version, peer.version < Some(tls.minimum)) {
            // Hardly an engine lets it come to this; but a downgrade must not depend on the engine's word alone.
            return Err(self.facts(self.version_too_old().arg("version", version.name())));
        }
        Ok(Proof { is_verified: is_pinned || tls.verify, is_pinned, peer })
    }

    /// The step `tls`, with all that is known of the server's certificates: only for a reader, since they are parsed for it.
    pub(super) fn step(&self, Proof { is_verified, is_pinned, peer }: &Proof) -> Step {
        let findings = &peer.findings;
        let mut step = Step::ok(Stage::Tls);
        step.facts = findings.facts(&name(&self.endpoint.host));
        if let Some(version) = peer.version {
            step = step.fact("version", version.name());
        }
        if !peer.cipher.is_empty() {
            step = step.fact("cipher", peer.cipher.as_str());
        }
        step = step.fact("verified", *is_verified).fact("pinned", *is_pinned);
        let code = match findings.worst() {
            _ if *is_verified => "",
            Some(fault) => fault.code(),
            None => "tls.verify_off",
        };
        if !code.is_empty() {
            step = Step { status: StepStatus::Warn, code: code.to_owned(), ..step }.pointer("/tls/verify");
            advise(&mut step, None, self.tls);
        } else if peer.version.is_some_and(|version| version < TlsVersion::Tls12) {
            step = Step { status: StepStatus::Warn, code: "tls.version_old".to_owned(), ..step }.pointer("/tls/minimum");
            advise(&mut step, None, self.tls);
        }
        step
    }

    fn explain(&self, failure: &Failure) -> Error {
        let host = &*name(&self.endpoint.host);
        let detail = printable(&failure.detail);
        let opening = self.opening.bytes();
        // A TLS server's first byte announces a handshake (22) or an alert (21); letters are a mail server in clear text.
        if opening.first().is_some_and(|byte| !matches!(byte, 21 | 22)) {
            let words = printable(&String::from_utf8_lossy(opening.split(|byte| *byte == b'\n').next().unwrap_or_default()));
            let error = Error::new(Status::Tls, "tls.not_tls").stage(Stage::Tls).arg("answer", words.trim_end()).detail(detail);
            return self.facts(error);
        }
        let error = match failure.kind {
            FailureKind::Certificate => {
                let other = Fault::Untrusted(detail.clone());
                let error = failure.findings.error(failure.findings.worst().unwrap_or(&other), host);
                if error.detail.is_empty() { error.detail(detail) } else { error }
            }
            FailureKind::Version => self.version_too_old().detail(detail),
            FailureKind::System => Error::new(Status::Tls, "tls.system_too_old").arg("minimum", self.tls.minimum.name()).detail(detail),
            FailureKind::OwnCertificate => Error::new(Status::Tls, "tls.client_certificate_refused").detail(detail),
            FailureKind::Closed => Error::new(Status::Tls, "tls.handshake_closed").detail(detail),
            FailureKind::Other => Error::new(Status::Tls, "tls.handshake_failed").detail(detail),
        };
        self.facts(error.stage(Stage::Tls))
    }

    fn version_too_old(&self) -> Error {
        Error::new(Status::Tls, "tls.version_too_old").arg("minimum", self.tls.minimum.name())
    }

    fn facts(&self, error: Error) -> Error {
        error.stage(Stage::Tls).arg("host", self.endpoint.host.as_str()).arg("port", self.endpoint.port)
    }
}

/// The pin in the form in which certificates are described.
fn expected(pin: &str) -> Result<String, Error> {
    let digits = pin.trim().to_ascii_lowercase().replace(':', "");
    match digits.strip_prefix("sha256") {
        Some(digits) if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(format!("sha256:{digits}")),
        _ => Err(Error::new(Status::Settings, "settings.pin_invalid").stage(Stage::Settings).at("/tls/pin", "settings.pin_invalid")),
    }
}

/// The name to verify and to announce: the host without the dot that marks a complete name, in the ASCII form that certificates have.
fn name(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_ascii() { Cow::Borrowed(host) } else { idna::domain_to_ascii(host).map_or(Cow::Borrowed(host), Cow::Owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_verified_as_certificates_write_them() {
        assert_eq!(name("mail.example.com."), "mail.example.com");
        assert_eq!(name("Grüße.example"), "xn--gre-6ka8l.example");
        assert_eq!(name("::1"), "::1");
    }
}
