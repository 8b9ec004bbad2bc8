//! TLS at the server's end.
//!
//! `native-tls` serves everywhere. On Unix its OpenSSL reaches no client below TLS 1.2, whatever version is named: the level of security stands in
//! the way. Where such clients are wanted, [`old`] serves.

#[cfg(unix)]
mod old;
mod secured;

use crate::settings::{Certificate, Tls, Version};
use crate::socket::Socket;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use native_tls::{Identity, Protocol, TlsAcceptor};
use postkontor_core::{Error, Status};
use postkontor_keyfile::Content;
pub(crate) use secured::Secured;
use std::fmt::Display;
use std::io;
use zeroize::Zeroizing;

/// What makes a connection a secure one.
pub(crate) enum Acceptor {
    Usual(TlsAcceptor),
    #[cfg(unix)]
    Old(old::Acceptor),
}

impl Acceptor {
    /// Reads certificate and key. `pointer` is the settings group.
    pub(crate) fn open(tls: &Tls, certificate: &Certificate, pointer: &str) -> Result<Acceptor, Error> {
        let refused = |reason: &dyn Display| {
            let code = "bridge.certificate_unusable";
            let error = Error::new(Status::Settings, code).arg("file", certificate.file.as_str()).detail(reason.to_string());
            error.at(format!("{pointer}/certificate/file"), code)
        };
        let content = read(certificate, &refused)?;
        #[cfg(unix)]
        if tls.minimum < Version::Tls12 {
            return old::Acceptor::new(tls.minimum, &content).map(Acceptor::Old).map_err(|error| refused(&error));
        }
        let (chain, key) = pem(&content);
        let identity = Identity::from_pkcs8(&chain, &key).map_err(|error| refused(&error))?;
        let minimum = match tls.minimum {
            Version::Tls10 => Protocol::Tlsv10,
            Version::Tls11 => Protocol::Tlsv11,
            Version::Tls12 => Protocol::Tlsv12,
            Version::Tls13 => Protocol::Tlsv13,
        };
        let acceptor = TlsAcceptor::builder(identity).min_protocol_version(Some(minimum)).build().map_err(|error| refused(&error))?;
        Ok(Acceptor::Usual(acceptor))
    }

    /// Secures a connection.
    pub(crate) fn accept(&self, socket: Socket) -> io::Result<Box<dyn Secured>> {
        match self {
            Acceptor::Usual(acceptor) => match acceptor.accept(socket) {
                Ok(stream) => Ok(Box::new(stream)),
                Err(error) => Err(io::Error::other(error.to_string())),
            },
            #[cfg(unix)]
            Acceptor::Old(acceptor) => acceptor.accept(socket),
        }
    }
}

/// The certificates, the server's own first, and its key.
fn read(certificate: &Certificate, refused: &dyn Fn(&dyn Display) -> Error) -> Result<Content, Error> {
    let bytes = Zeroizing::new(std::fs::read(&certificate.file).map_err(|error| refused(&error))?);
    let content = postkontor_keyfile::read(&bytes, certificate.password.reveal()).map_err(|error| refused(&format!("{error:?}")))?;
    if content.certificates.is_empty() || content.keys.is_empty() {
        return Err(refused(&"the file holds no certificate, or no private key"));
    }
    Ok(content)
}

/// The same as PEM, which every engine reads.
fn pem(content: &Content) -> (Vec<u8>, Zeroizing<Vec<u8>>) {
    let chain = content.certificates.iter().map(|der| block("CERTIFICATE", der));
    let chain = chain.flat_map(|block| block.to_vec()).collect();
    (chain, content.keys.first().map_or_else(Zeroizing::default, |key| block("PRIVATE KEY", key)))
}

fn block(label: &str, der: &[u8]) -> Zeroizing<Vec<u8>> {
    let text = Zeroizing::new(STANDARD.encode(der));
    let mut block = Zeroizing::new(Vec::with_capacity(text.len() + text.len() / 64 + 80));
    block.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    for line in text.as_bytes().chunks(64) {
        block.extend_from_slice(line);
        block.push(b'\n');
    }
    block.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    block
}
