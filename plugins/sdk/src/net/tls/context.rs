//! OpenSSL's contexts, made once for all connections with the same settings.

use super::identity::{self, Identity};
use super::unreadable::unreadable;
use crate::Error;
use crate::settings::{ClientCertificate, Tls, TlsVersion};
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslVersion};
use openssl::x509::X509;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long a context is used before it is made anew, so that a long-lived process notices a changed trust store.
const SHELF_LIFE: Duration = Duration::from_secs(600);

/// How many contexts are kept. An ERP has a handful of accounts; more only cost time.
const SHELF: usize = 16;

/// Contexts of connections that mean the same.
#[derive(Default)]
struct Shelf(Mutex<Vec<Shelved>>);

/// The contexts of this process, but for those with a private key, which lie beside the settings that name it. Making one reads the system's trusted authorities, which takes many times as long as a handshake.
static SHELVED: Shelf = Shelf(Mutex::new(Vec::new()));

struct Shelved {
    wish: Wish,
    made: Instant,
    context: SslContext,
}

/// All that a context depends on. A file that was replaced has another stamp.
#[derive(PartialEq)]
struct Wish {
    minimum: TlsVersion,
    ca_file: Option<(String, Stamp)>,
    client_certificate: Option<(String, Stamp)>,
}

type Stamp = Option<(SystemTime, u64)>;

fn stamp(file: &str) -> Stamp {
    let facts = std::fs::metadata(file).ok()?;
    Some((facts.modified().ok()?, facts.len()))
}

/// What the settings mean for OpenSSL, made once for all connections that mean the same.
pub(super) fn context(tls: &Tls) -> Result<SslContext, Error> {
    let wish = Wish {
        minimum: tls.minimum,
        ca_file: tls.ca_file.as_ref().map(|file| (file.clone(), stamp(file))),
        client_certificate: tls.client_certificate.as_ref().map(|own| (own.file.clone(), stamp(&own.file))),
    };
    let own = tls.client_certificate.as_ref().and_then(|own| own.kept.get(Shelf::default));
    let shelf = || own.unwrap_or(&SHELVED).0.lock().unwrap_or_else(PoisonError::into_inner);
    let found =
        shelf().iter().find(|shelved| shelved.wish == wish && shelved.made.elapsed() < SHELF_LIFE).map(|shelved| shelved.context.clone());
    if let Some(context) = found {
        return Ok(context);
    }
    // Made without the lock: another thread's first connection need not wait for this one's files.
    let context = made(tls)?;
    let mut shelf = shelf();
    shelf.retain(|shelved| shelved.wish != wish && shelved.made.elapsed() < SHELF_LIFE);
    if shelf.len() == SHELF {
        shelf.remove(0);
    }
    shelf.push(Shelved { wish, made: Instant::now(), context: context.clone() });
    Ok(context)
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

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::rsa::Rsa;

    #[test]
    fn a_private_key_goes_with_the_settings_that_name_it() {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut certificate = X509::builder().unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        let file = std::env::temp_dir().join(format!("postkontor-own-key-{}.pem", std::process::id()));
        let pem = [certificate.build().to_pem().unwrap(), key.private_key_to_pem_pkcs8().unwrap()].concat();
        std::fs::write(&file, pem).unwrap();
        let own = ClientCertificate { file: file.display().to_string(), password: crate::Secret::default(), kept: Default::default() };
        let tls = Tls { client_certificate: Some(own), ..Tls::default() };
        context(&tls).unwrap();
        let kept = tls.client_certificate.as_ref().unwrap().kept.get(Shelf::default).unwrap();
        assert_eq!(kept.0.lock().unwrap().len(), 1, "made once for the account");
        context(&tls).unwrap();
        assert_eq!(kept.0.lock().unwrap().len(), 1);
        let of_process = SHELVED.0.lock().unwrap();
        assert!(of_process.iter().all(|shelved| shelved.wish.client_certificate.is_none()), "nothing outlives the account");
        std::fs::remove_file(&file).unwrap();
    }
}
