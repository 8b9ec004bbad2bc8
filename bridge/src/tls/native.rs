//! TLS by the platform's own engine.

use super::secured::Secured;
use crate::socket::Socket;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use native_tls::{Error, Identity, Protocol, TlsAcceptor, TlsStream};
use postkontor_keyfile::Content;
use postkontor_plugin::settings::TlsVersion;
use std::io;
use zeroize::Zeroizing;

/// An acceptor with the server's certificate.
pub(super) struct Acceptor(TlsAcceptor);

impl Acceptor {
    pub(super) fn new(minimum: TlsVersion, content: &Content) -> Result<Acceptor, Error> {
        let chain = content.certificates.iter().flat_map(|der| block("CERTIFICATE", der).to_vec()).collect::<Vec<u8>>();
        let key = content.keys.first().map_or_else(Zeroizing::default, |key| block("PRIVATE KEY", key));
        let minimum = match minimum {
            TlsVersion::Tls10 => Protocol::Tlsv10,
            TlsVersion::Tls11 => Protocol::Tlsv11,
            TlsVersion::Tls12 => Protocol::Tlsv12,
            TlsVersion::Tls13 => Protocol::Tlsv13,
        };
        let identity = Identity::from_pkcs8(&chain, &key)?;
        TlsAcceptor::builder(identity).min_protocol_version(Some(minimum)).build().map(Acceptor)
    }

    pub(super) fn accept(&self, socket: Socket) -> io::Result<Box<dyn Secured>> {
        match self.0.accept(socket) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }
}

impl Secured for TlsStream<Socket> {
    fn end(&mut self) {
        // The client may be gone.
        drop(self.shutdown());
    }
}

/// PEM, which the engine reads.
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
