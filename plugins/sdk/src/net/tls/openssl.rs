//! The TLS engine on Unix: OpenSSL, which says exactly what is wrong with a certificate.

use super::alert;
use super::context::{context, unprepared};
use super::progress::{Failure, FailureKind, Peer, Progress};
use crate::Error;
use crate::net::certificate::{Fault, Findings};
use crate::net::socket::Socket;
use crate::settings::{Tls, TlsVersion};
use openssl::error::ErrorStack;
use openssl::ssl::{ErrorCode, Ssl, SslContext, SslStream, SslVerifyMode, SslVersion};
use openssl::x509::X509StoreContextRef;
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags};
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// A TLS session of a client over a non-blocking socket.
pub(in crate::net) struct Engine {
    stream: SslStream<Socket>,
    findings: Arc<Mutex<Findings>>,
}

impl Engine {
    /// Prepares a session. `host` is what the certificate must be for: a name, or an IP address.
    pub(super) fn new(socket: Socket, tls: &Tls, host: &str) -> Result<Engine, Error> {
        let context = context(tls)?;
        let findings = Arc::new(Mutex::new(Findings::default()));
        let stream = session(&context, socket, tls, host, &findings).map_err(unprepared)?;
        Ok(Engine { stream, findings })
    }

    /// Goes as far as the socket allows.
    pub(super) fn handshake(&mut self) -> Progress {
        let Err(error) = self.stream.connect() else { return Progress::Done(self.peer()) };
        let stack = error.ssl_error().map(ErrorStack::errors).unwrap_or_default();
        let kind = match error.code() {
            ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => return Progress::Blocked,
            ErrorCode::ZERO_RETURN | ErrorCode::SYSCALL => FailureKind::Closed,
            _ => stack.iter().map(kind).find(|kind| *kind != FailureKind::Other).unwrap_or(FailureKind::Other),
        };
        Progress::Failed(Failure { kind, detail: error.to_string(), findings: self.findings() })
    }

    /// Forgets what was only needed for the handshake.
    pub(super) fn settled(&mut self) {
        self.stream.get_mut().forget_opening();
    }

    /// The socket underneath; OpenSSL always has it.
    pub(in crate::net) fn socket(&self) -> Option<&Socket> {
        Some(self.stream.get_ref())
    }

    /// Reads what is there; 0 only where the server closed the session as TLS demands, else a cut connection is an error.
    pub(in crate::net) fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        match self.stream.ssl_read(data) {
            Ok(read) => Ok(read),
            Err(error) if error.code() == ErrorCode::ZERO_RETURN => Ok(0),
            Err(error) => Err(io_error(error)),
        }
    }

    /// Writes one record at most.
    pub(in crate::net) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.stream.ssl_write(data).map_err(io_error)
    }

    /// Sends the close_notify of TLS as far as that is possible without waiting.
    pub(in crate::net) fn finish(&mut self) {
        // The connection ends, whether the alert arrives or not.
        let _ = self.stream.shutdown();
    }

    fn peer(&self) -> Peer {
        let ssl = self.stream.ssl();
        let mut findings = self.findings();
        if let Some(chain) = ssl.peer_cert_chain() {
            findings.chain = ders(chain.iter());
        }
        let version = match ssl.version2() {
            Some(SslVersion::TLS1) => Some(TlsVersion::Tls10),
            Some(SslVersion::TLS1_1) => Some(TlsVersion::Tls11),
            Some(SslVersion::TLS1_2) => Some(TlsVersion::Tls12),
            Some(SslVersion::TLS1_3) => Some(TlsVersion::Tls13),
            _ => None,
        };
        Peer { version, cipher: ssl.current_cipher().map(|cipher| cipher.name().to_owned()).unwrap_or_default(), findings }
    }

    fn findings(&self) -> Findings {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn session(
    context: &SslContext,
    socket: Socket,
    tls: &Tls,
    host: &str,
    findings: &Arc<Mutex<Findings>>,
) -> Result<SslStream<Socket>, ErrorStack> {
    let mut ssl = Ssl::new(context)?;
    let parameters = ssl.param_mut();
    parameters.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
    if tls.ca_file.is_some() {
        // A server's own or an intermediate certificate in `ca_file` is trusted by itself.
        parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    }
    match host.parse::<IpAddr>() {
        Ok(address) => parameters.set_ip(address)?,
        Err(_) => {
            parameters.set_host(host)?;
            ssl.set_hostname(host)?;
        }
    }
    let (findings, strict) = (Arc::clone(findings), tls.verify);
    ssl.set_verify_callback(SslVerifyMode::PEER, move |is_fine, store| {
        let mut findings = findings.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut findings, is_fine, store);
        // OpenSSL asks about the server's own certificate last. Refusing there and not at the first fault lets all of
        // them be found, and still ends the handshake before our certificate is sent.
        !(strict && is_fine && store.error_depth() == 0 && !findings.faults.is_empty())
    });
    SslStream::new(ssl, socket)
}

fn note(findings: &mut Findings, is_fine: bool, store: &X509StoreContextRef) {
    if let Some(chain) = store.chain().filter(|chain| chain.len() > findings.chain.len()) {
        findings.chain = ders(chain.iter());
    }
    if is_fine {
        return;
    }
    // The numbers of X509_V_ERR_* in x509_vfy.h, which never change.
    let error = store.error();
    let fault = match error.as_raw() {
        10 => Fault::Expired,
        9 => Fault::NotYetValid,
        62 | 64 => Fault::WrongHost,
        18 => Fault::SelfSigned,
        2 | 19 | 20 | 21 => Fault::UnknownAuthority,
        _ => Fault::Untrusted(error.error_string().to_owned()),
    };
    findings.add(fault);
}

fn ders<'a>(chain: impl Iterator<Item = &'a openssl::x509::X509Ref>) -> Vec<Vec<u8>> {
    // A chain of more certificates than this is not worth describing.
    chain.take(10).filter_map(|certificate| certificate.to_der().ok()).collect()
}

/// What an error on OpenSSL's stack means, by the numbers SSL_R_* of sslerr.h.
fn kind(error: &openssl::error::Error) -> FailureKind {
    match error.reason_code() {
        134 => FailureKind::Certificate,
        // unsupported protocol, wrong SSL version, version too low
        258 | 266 | 396 => FailureKind::Version,
        294 => FailureKind::Closed,
        // SSL_AD_REASON_OFFSET, and behind it the server's alert
        reason @ 1000..=1255 => alert::kind((reason - 1000) as u8),
        _ => FailureKind::Other,
    }
}

fn io_error(error: openssl::ssl::Error) -> io::Error {
    match error.code() {
        ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => return ErrorKind::WouldBlock.into(),
        ErrorCode::SYSCALL if error.io_error().is_none() => return ErrorKind::UnexpectedEof.into(),
        _ => {}
    }
    let stack = error.ssl_error().map(ErrorStack::errors).unwrap_or_default();
    match stack.iter().map(kind).find(|kind| *kind != FailureKind::Other) {
        Some(FailureKind::Closed) => ErrorKind::UnexpectedEof.into(),
        // With TLS 1.3 the server judges our certificate only after the handshake.
        Some(FailureKind::OwnCertificate) => io::Error::new(ErrorKind::PermissionDenied, error.to_string()),
        _ => error.into_io_error().unwrap_or_else(io::Error::other),
    }
}
