//! TLS for clients below version 1.2, on Unix.
//!
//! These versions sign with SHA-1, which OpenSSL 3 allows at its level of security 0 only. A program that asks for them in its settings knows
//! that its clients are old; nothing else of the process is changed by it.

use super::secured::Secured;
use crate::settings::Version;
use crate::socket::Socket;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslAcceptor, SslContext, SslMethod, SslOptions, SslStream, SslVersion};
use openssl::x509::X509;
use postkontor_keyfile::Content;
use std::io;

/// An acceptor with the level of security that old clients need.
pub(crate) struct Acceptor(SslContext);

impl Acceptor {
    pub(super) fn new(minimum: Version, content: &Content) -> Result<Acceptor, ErrorStack> {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        builder.clear_options(SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
        builder.set_options(SslOptions::NO_RENEGOTIATION);
        builder.set_min_proto_version(Some(if minimum == Version::Tls10 { SslVersion::TLS1 } else { SslVersion::TLS1_1 }))?;
        builder.set_cipher_list("DEFAULT:@SECLEVEL=0")?;
        let mut chain = content.certificates.iter().map(|der| X509::from_der(der));
        if let Some(own) = chain.next() {
            builder.set_certificate(&*own?)?;
        }
        chain.try_for_each(|issuer| builder.add_extra_chain_cert(issuer?))?;
        if let Some(key) = content.keys.first() {
            builder.set_private_key(&*PKey::private_key_from_pkcs8(key)?)?;
        }
        builder.check_private_key()?;
        Ok(Acceptor(builder.build().into_context()))
    }

    pub(super) fn accept(&self, socket: Socket) -> io::Result<Box<dyn Secured>> {
        let mut stream = SslStream::new(Ssl::new(&self.0)?, socket)?;
        stream.accept().map_err(|error| error.into_io_error().unwrap_or_else(|error| io::Error::other(error.to_string())))?;
        Ok(Box::new(stream))
    }
}

impl Secured for SslStream<Socket> {
    fn end(&mut self) {
        // The client may be gone.
        drop(self.shutdown());
    }
}
