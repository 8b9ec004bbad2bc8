//! TLS at the server's end: by OpenSSL on Unix, by `native-tls` elsewhere.
//!
//! `native-tls` would do on Unix, too, but its acceptor there speaks TLS 1.2 and nothing else: it holds OpenSSL to Mozilla's list of 2017, which
//! leaves 1.3 out, and has no way to the level of security that 1.0 and 1.1 need.

#[cfg(not(unix))]
mod native;
#[cfg(unix)]
mod openssl;
mod secured;

#[cfg(not(unix))]
use self::native as engine;
#[cfg(unix)]
use self::openssl as engine;
use crate::socket::Socket;
use postkontor_core::Secret;
use postkontor_keyfile::{self as keyfile, Content};
use postkontor_plugin::settings::TlsVersion;
pub(crate) use secured::Secured;
use std::fmt::Display;
use std::io;
use zeroize::Zeroizing;

/// What makes a connection a secure one.
pub(crate) struct Acceptor(engine::Acceptor);

/// Why a certificate cannot be used.
pub(crate) struct Unusable {
    /// Whether another password would help.
    pub(crate) of_password: bool,
    /// In English words.
    pub(crate) reason: String,
}

impl Acceptor {
    /// Reads certificate and key.
    pub(crate) fn open(minimum: TlsVersion, file: &str, password: &Secret) -> Result<Acceptor, Unusable> {
        let refused = |reason: &dyn Display| Unusable { of_password: false, reason: reason.to_string() };
        let bytes = std::fs::read(file).map(Zeroizing::new).map_err(|error| refused(&error))?;
        let content = match postkontor_keyfile::read(&bytes, password.reveal()) {
            Ok(Content { certificates, .. }) if certificates.is_empty() => Err(refused(&keyfile::Unusable::NoCertificate)),
            Ok(content) => Ok(content),
            Err(keyfile::Unusable::Locked(reason)) => Err(Unusable { of_password: true, reason }),
            Err(error) => Err(refused(&error)),
        }?;
        engine::Acceptor::new(minimum, &content).map(Acceptor).map_err(|error| refused(&error))
    }

    /// Secures a connection.
    pub(crate) fn accept(&self, socket: Socket) -> io::Result<Box<dyn Secured>> {
        self.0.accept(socket)
    }
}
