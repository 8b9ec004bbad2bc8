//! OpenSSL's contexts, made once for all connections with the same settings.

use super::cache::Cache;
use super::identity::{self, Identity};
use super::unreadable::unreadable;
use crate::Error;
use crate::settings::{ClientCertificate, Tls, TlsVersion};
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslVersion};
use openssl::x509::X509;

/// The contexts of this process without a private key. To make one costs many times a handshake: it reads the system's trusted
/// authorities.
static SHARED: Cache<SslContext> = Cache::new();

/// The context for these settings, shared by all connections with equal ones.
pub(super) fn context(tls: &Tls) -> Result<SslContext, Error> {
    SHARED.get(tls, || made(tls))
}

fn made(tls: &Tls) -> Result<SslContext, Error> {
    let mut builder = prepare(tls).map_err(unprepared)?;
    if let Some(file) = &tls.ca_file {
        let refused = |reason: String| unreadable("tls.ca_file_unreadable", "/tls/ca_file", file, reason);
        let bytes = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
        let found = X509::stack_from_pem(&bytes).ok().filter(|found| !found.is_empty());
        let found = found.or_else(|| X509::from_der(&bytes).ok().map(|one| vec![one]));
        let found = found.ok_or_else(|| refused("the file holds no certificate".to_owned()))?;
        for authority in found {
            builder.cert_store_mut().add_cert(authority).map_err(|error| refused(error.to_string()))?;
        }
    }
    if let Some(settings) = &tls.client_certificate {
        present(&mut builder, settings)?;
    }
    Ok(builder.build())
}

fn prepare(tls: &Tls) -> Result<SslContextBuilder, ErrorStack> {
    let mut builder = SslContextBuilder::new(SslMethod::tls_client())?;
    builder.set_mode(SslMode::AUTO_RETRY | SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER);
    builder.set_options(SslOptions::NO_COMPRESSION | SslOptions::NO_RENEGOTIATION);
    // One system call for many records instead of two for each.
    builder.set_read_ahead(true);
    builder.set_min_proto_version(Some(match tls.minimum {
        TlsVersion::Tls10 => SslVersion::TLS1,
        TlsVersion::Tls11 => SslVersion::TLS1_1,
        TlsVersion::Tls12 => SslVersion::TLS1_2,
        TlsVersion::Tls13 => SslVersion::TLS1_3,
    }))?;
    builder.set_max_proto_version(None)?;
    if tls.minimum < TlsVersion::Tls12 {
        // SHA-1 signatures, which these versions cannot do without, are below OpenSSL's level 1; the servers are also
        // too old for secure renegotiation (SSL_OP_LEGACY_SERVER_CONNECT), which we never do.
        builder.set_cipher_list("DEFAULT:@SECLEVEL=0")?;
        builder.set_options(SslOptions::from_bits_retain(0x4));
    }
    // Honours SSL_CERT_FILE and SSL_CERT_DIR as every program with OpenSSL does.
    builder.set_default_verify_paths()?;
    Ok(builder)
}

fn present(builder: &mut SslContextBuilder, settings: &ClientCertificate) -> Result<(), Error> {
    let refused = |error: ErrorStack| identity::refused(settings, error);
    let (chain, key) = match identity::read(settings)? {
        Identity::Der { chain, key } => {
            let chain = chain.iter().map(|der| X509::from_der(der)).collect::<Result<Vec<_>, _>>().map_err(refused)?;
            (chain, PKey::private_key_from_pkcs8(&key).map_err(refused)?)
        }
        Identity::Pem(pem) => {
            let chain = X509::stack_from_pem(&pem).map_err(refused)?;
            // Always with a password: without one OpenSSL asks for it on the terminal.
            let key = PKey::private_key_from_pem_passphrase(&pem, settings.password.reveal().as_bytes());
            let is_locked = pem.windows(9).any(|window| window == b"ENCRYPTED");
            (chain, key.map_err(|error| if is_locked { identity::locked(settings, error) } else { refused(error) })?)
        }
    };
    let mut chain = chain.into_iter();
    let own = chain.next().ok_or_else(|| identity::refused(settings, "the file holds no certificate"))?;
    builder.set_certificate(&own).map_err(refused)?;
    builder.set_private_key(&key).map_err(refused)?;
    builder.check_private_key().map_err(refused)?;
    chain.try_for_each(|issuer| builder.add_extra_chain_cert(issuer)).map_err(refused)
}

pub(super) fn unprepared(error: ErrorStack) -> Error {
    Error::new(crate::Status::Tls, "tls.handshake_failed").stage(crate::Stage::Tls).detail(error.to_string())
}
