//! TLS by OpenSSL.

use super::secured::Secured;
use crate::socket::Socket;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslAcceptor, SslContext, SslMethod, SslOptions, SslStream, SslVersion};
use openssl::x509::X509;
use postkontor_keyfile::Content;
use postkontor_plugin::settings::TlsVersion;
use std::io;

/// An acceptor with the server's certificate.
pub(super) struct Acceptor(SslContext);

impl Acceptor {
    pub(super) fn new(minimum: TlsVersion, content: &Content) -> Result<Acceptor, ErrorStack> {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        builder.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::NO_COMPRESSION);
        if minimum < TlsVersion::Tls12 {
            // These versions sign with SHA-1, which OpenSSL 3 allows at its level 0 only. That counts for this acceptor and nothing else.
            builder.clear_options(SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
            builder.set_cipher_list("DEFAULT:@SECLEVEL=0")?;
        }
        builder.set_min_proto_version(Some(match minimum {
            TlsVersion::Tls10 => SslVersion::TLS1,
            TlsVersion::Tls11 => SslVersion::TLS1_1,
            TlsVersion::Tls12 => SslVersion::TLS1_2,
            TlsVersion::Tls13 => SslVersion::TLS1_3,
        }))?;
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
