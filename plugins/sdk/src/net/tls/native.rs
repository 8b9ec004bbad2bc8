//! The TLS engine where there is no OpenSSL: the platform's own, by `native-tls`.
//!
//! It tells neither the negotiated version nor the cipher, and of a refused certificate only what the platform's error
//! says. Versions below 1.2 are offered as far as the platform still knows them.

use super::identity::{self, Identity};
use super::progress::{Failure, FailureKind, Peer, Progress};
use super::unreadable::unreadable;
use crate::net::certificate::{Fault, Findings};
use crate::net::socket::Socket;
use crate::settings::{ClientCertificate, Tls, TlsVersion};
use crate::{Error, Stage, Status};
use native_tls::{Certificate, HandshakeError, MidHandshakeTlsStream, Protocol, TlsConnector, TlsStream};
use std::io::{self, Read, Write};

/// A TLS session of a client over a non-blocking socket.
pub(in crate::net) struct Engine {
    state: State,
    host: String,
}

enum State {
    Ready(TlsConnector, Socket),
    Under(MidHandshakeTlsStream<Socket>),
    Done(TlsStream<Socket>),
    Failed,
}

impl Engine {
    /// Prepares a session. `host` is what the certificate must be for: a name, or an IP address.
    pub(super) fn new(socket: Socket, tls: &Tls, host: &str) -> Result<Engine, Error> {
        let mut builder = TlsConnector::builder();
        builder.min_protocol_version(Some(match tls.minimum {
            TlsVersion::Tls10 => Protocol::Tlsv10,
            TlsVersion::Tls11 => Protocol::Tlsv11,
            TlsVersion::Tls12 => Protocol::Tlsv12,
            TlsVersion::Tls13 => Protocol::Tlsv13,
        }));
        if !tls.verify {
            builder.danger_accept_invalid_certs(true).danger_accept_invalid_hostnames(true);
        }
        if let Some(file) = &tls.ca_file {
            for authority in authorities(file)? {
                builder.add_root_certificate(authority);
            }
        }
        if let Some(settings) = &tls.client_certificate {
            builder.identity(own(settings)?);
        }
        let connector = builder.build().map_err(|error| {
            let error = error.to_string();
            Error::new(Status::Tls, "tls.handshake_failed").stage(Stage::Tls).detail(error)
        })?;
        Ok(Engine { state: State::Ready(connector, socket), host: host.to_owned() })
    }

    /// Goes as far as the socket allows.
    pub(super) fn handshake(&mut self) -> Progress {
        let result = match std::mem::replace(&mut self.state, State::Failed) {
            State::Ready(connector, socket) => connector.connect(&self.host, socket),
            State::Under(handshake) => handshake.handshake(),
            State::Done(stream) => Ok(stream),
            State::Failed => return Progress::Failed(failed(FailureKind::Closed, String::new())),
        };
        match result {
            Ok(stream) => {
                let mut findings = Findings::default();
                if let Ok(Some(certificate)) = stream.peer_certificate() {
                    findings.chain.extend(certificate.to_der());
                }
                findings.inspect(&self.host);
                self.state = State::Done(stream);
                Progress::Done(Peer { version: None, cipher: String::new(), findings })
            }
            Err(HandshakeError::WouldBlock(handshake)) => {
                self.state = State::Under(handshake);
                Progress::Blocked
            }
            Err(HandshakeError::Failure(error)) => Progress::Failed(explain(&error)),
        }
    }

    /// Forgets what was only needed for the handshake.
    pub(super) fn settled(&mut self) {
        if let State::Done(stream) = &mut self.state {
            stream.get_mut().forget_opening();
        }
    }

    /// The socket underneath; none before the first step of the handshake and after its failure.
    pub(in crate::net) fn socket(&self) -> Option<&Socket> {
        match &self.state {
            State::Ready(_, socket) => Some(socket),
            State::Under(handshake) => Some(handshake.get_ref()),
            State::Done(stream) => Some(stream.get_ref()),
            State::Failed => None,
        }
    }

    /// Reads what is there; 0 only where the server closed the session as TLS demands.
    pub(in crate::net) fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let stream = self.stream()?;
        let read = stream.read(data)?;
        // The engines take a cut connection for the end of the session. With a close_notify they end it before the socket has ended.
        if read == 0 && !data.is_empty() && stream.get_ref().is_ended() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(read) }
    }

    /// Writes as much as the engine takes.
    pub(in crate::net) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.stream()?.write(data)
    }

    /// Sends the close_notify of TLS as far as that is possible without waiting.
    pub(in crate::net) fn finish(&mut self) {
        if let State::Done(stream) = &mut self.state {
            // The connection ends, whether the alert arrives or not.
            let _ = stream.shutdown();
        }
    }

    fn stream(&mut self) -> io::Result<&mut TlsStream<Socket>> {
        match &mut self.state {
            State::Done(stream) => Ok(stream),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

fn authorities(file: &str) -> Result<Vec<Certificate>, Error> {
    let refused = |reason: String| unreadable("tls.ca_file_unreadable", "/tls/ca_file", file, reason).stage(Stage::Tls);
    let bytes = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(&bytes);
    let found = match text.contains(END) {
        true => {
            text.split_inclusive(END).filter(|part| part.contains(END)).map(|part| Certificate::from_pem(part.trim().as_bytes())).collect()
        }
        false => Certificate::from_der(&bytes).map(|one| vec![one]),
    };
    found.map_err(|error: native_tls::Error| refused(error.to_string()))
}

fn own(settings: &ClientCertificate) -> Result<native_tls::Identity, Error> {
    let identity = match identity::read(settings)? {
        Identity::Der { chain, key } => {
            let chain: String = chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
            let key = zeroize::Zeroizing::new(pem("PRIVATE KEY", &key));
            native_tls::Identity::from_pkcs8(chain.as_bytes(), key.as_bytes())
        }
        Identity::Pem(bytes) => {
            // The engines want the key by itself, and know it as PKCS#8 without a password only.
            let text = std::str::from_utf8(&bytes).map_err(|error| identity::refused(settings, error))?;
            const END: &str = "-----END PRIVATE KEY-----";
            let key = text
                .find("-----BEGIN PRIVATE KEY-----")
                .and_then(|start| text[start..].find(END).map(|end| &text[start..start + end + END.len()]));
            let key = key.ok_or_else(|| identity::refused(settings, "the file holds no private key in PKCS#8 without a password"))?;
            let chain = text.replace(key, "");
            native_tls::Identity::from_pkcs8(chain.trim().as_bytes(), key.as_bytes())
        }
    };
    identity.map_err(|error| identity::refused(settings, error))
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = zeroize::Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der));
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem + "-----END " + label + "-----\n"
}

fn failed(kind: FailureKind, detail: String) -> Failure {
    Failure { kind, detail, findings: Findings::default() }
}

/// What the platform's error means. Windows gives numbers (winerror.h); OpenSSL, for trials on Unix, only its words.
fn explain(error: &native_tls::Error) -> Failure {
    let detail = error.to_string();
    let mut source = Some(error as &dyn std::error::Error);
    let mut number = None;
    while let Some(error) = source {
        number = number.or_else(|| error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error));
        source = error.source();
    }
    let says = |words: &[&str]| words.iter().any(|words| detail.contains(words));
    let fault = match number.map(|number| number as u32) {
        // CERT_E_EXPIRED, SEC_E_CERT_EXPIRED
        Some(0x800B_0101 | 0x8009_0328) => Some(Fault::Expired),
        // CERT_E_UNTRUSTEDROOT, CERT_E_CHAINING, SEC_E_UNTRUSTED_ROOT
        Some(0x800B_0109 | 0x800B_010A | 0x8009_0325) => Some(Fault::UnknownAuthority),
        // CERT_E_CN_NO_MATCH, SEC_E_WRONG_PRINCIPAL
        Some(0x800B_010F | 0x8009_0322) => Some(Fault::WrongHost),
        // The rest of TRUST_E_*, CERT_E_* and CRYPT_E_* about certificates.
        Some(0x800B_0000..=0x800B_FFFF | 0x8009_2010..=0x8009_2013) => Some(Fault::Untrusted(detail.clone())),
        _ if says(&["has expired"]) => Some(Fault::Expired),
        _ if says(&["not yet valid"]) => Some(Fault::NotYetValid),
        _ if says(&["ostname mismatch", "IP address mismatch"]) => Some(Fault::WrongHost),
        _ if says(&["(self-signed certificate)", "(self signed certificate)"]) => Some(Fault::SelfSigned),
        _ if says(&["self-signed certificate in", "local issuer certificate", "first certificate"]) => Some(Fault::UnknownAuthority),
        _ if says(&["certificate verify failed"]) => Some(Fault::Untrusted(detail.clone())),
        _ => None,
    };
    // SEC_E_UNSUPPORTED_FUNCTION, SEC_E_ALGORITHM_MISMATCH
    let is_version = matches!(number.map(|number| number as u32), Some(0x8009_0302 | 0x8009_0331))
        || says(&["unsupported protocol", "protocol version", "version too low", "wrong ssl version"]);
    let kind = match fault {
        Some(_) => FailureKind::Certificate,
        None if is_version => FailureKind::Version,
        None if says(&["alert certificate required", "alert bad certificate", "alert unknown ca"]) => FailureKind::OwnCertificate,
        None if says(&["unexpected eof", "EOF"]) => FailureKind::Closed,
        None => FailureKind::Other,
    };
    Failure { kind, detail, findings: Findings { chain: Vec::new(), faults: fault.into_iter().collect() } }
}
