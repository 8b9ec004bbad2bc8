//! OpenSSL's contexts, made once for all connections with the same settings.

use super::identity::{self, Identity};
use super::unreadable::unreadable;
use crate::Error;
use crate::settings::{ClientCertificate, Tls, TlsVersion};
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslVersion};
use openssl::x509::X509;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long a context is used before it is made anew: a long-lived process notices a changed trust store of the system after that time.
const MAX_AGE: Duration = Duration::from_secs(600);

/// How many contexts are kept. An ERP has a handful of accounts; more only cost time.
const MAX_CONTEXTS: usize = 16;

/// Contexts by what they depend on.
#[derive(Default)]
struct ContextCache(Mutex<Vec<CachedContext>>);

/// The contexts of this process without a private key. To make one costs many times a handshake: it reads the system's trusted
/// authorities. A context with a private key lies beside the settings that name it, and goes with them.
static SHARED: ContextCache = ContextCache(Mutex::new(Vec::new()));

struct CachedContext {
    key: ContextKey,
    made: Instant,
    context: SslContext,
}

/// All that a context depends on. `tls.verify` and `tls.pin` are not here: each connection has its own ([`super::Handshake`]).
#[derive(PartialEq)]
struct ContextKey {
    minimum: TlsVersion,
    ca_file: Option<(String, Stamp)>,
    client_certificate: Option<(String, Stamp)>,
}

/// Time of change and size of a file: a file that was replaced has another stamp.
type Stamp = Option<(SystemTime, u64)>;

/// The context for these settings, shared by all connections with equal ones.
pub(super) fn context(tls: &Tls) -> Result<SslContext, Error> {
    let own = tls.client_certificate.as_ref().and_then(|own| own.kept.get(ContextCache::default));
    own.unwrap_or(&SHARED).get(ContextKey::of(tls), Instant::now(), || made(tls))
}

impl ContextCache {
    fn get(&self, key: ContextKey, now: Instant, make: impl FnOnce() -> Result<SslContext, Error>) -> Result<SslContext, Error> {
        let is_fresh = |cached: &CachedContext| now.duration_since(cached.made) < MAX_AGE;
        let found = self.contexts().iter().find(|cached| cached.key == key && is_fresh(cached)).map(|cached| cached.context.clone());
        if let Some(context) = found {
            return Ok(context);
        }
        // Made without the lock: another thread's first connection need not wait for this one's files.
        let context = make()?;
        let mut contexts = self.contexts();
        contexts.retain(|cached| cached.key != key && is_fresh(cached));
        if contexts.len() == MAX_CONTEXTS {
            contexts.remove(0);
        }
        contexts.push(CachedContext { key, made: now, context: context.clone() });
        Ok(context)
    }

    fn contexts(&self) -> MutexGuard<'_, Vec<CachedContext>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ContextKey {
    fn of(tls: &Tls) -> ContextKey {
        ContextKey {
            minimum: tls.minimum,
            ca_file: tls.ca_file.as_ref().map(|file| (file.clone(), stamp(file))),
            client_certificate: tls.client_certificate.as_ref().map(|own| (own.file.clone(), stamp(&own.file))),
        }
    }
}

fn stamp(file: &str) -> Stamp {
    let facts = std::fs::metadata(file).ok()?;
    Some((facts.modified().ok()?, facts.len()))
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
    use std::cell::Cell;
    use std::path::PathBuf;

    /// A file with a certificate and its private key, gone after the test.
    struct Pem(PathBuf);

    impl Pem {
        fn new(name: &str) -> Pem {
            let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
            let mut certificate = X509::builder().unwrap();
            certificate.set_pubkey(&key).unwrap();
            certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
            certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
            certificate.sign(&key, MessageDigest::sha256()).unwrap();
            let file = std::env::temp_dir().join(format!("postkontor-{name}-{}.pem", std::process::id()));
            std::fs::write(&file, [certificate.build().to_pem().unwrap(), key.private_key_to_pem_pkcs8().unwrap()].concat()).unwrap();
            Pem(file)
        }

        fn path(&self) -> String {
            self.0.display().to_string()
        }

        fn client_certificate(&self) -> Option<ClientCertificate> {
            Some(ClientCertificate { file: self.path(), password: crate::Secret::default(), kept: Default::default() })
        }
    }

    impl Drop for Pem {
        fn drop(&mut self) {
            drop(std::fs::remove_file(&self.0));
        }
    }

    fn trusting(authority: &Pem) -> Tls {
        Tls { ca_file: Some(authority.path()), ..Tls::default() }
    }

    /// A cache, and how many contexts were made for it.
    #[derive(Default)]
    struct Counted(ContextCache, Cell<usize>);

    impl Counted {
        fn made_after(&self, tls: &Tls, now: Instant) -> usize {
            let make = || {
                self.1.set(self.1.get() + 1);
                Ok(SslContextBuilder::new(SslMethod::tls_client()).map_err(unprepared)?.build())
            };
            self.0.get(ContextKey::of(tls), now, make).unwrap();
            self.1.get()
        }
    }

    #[test]
    fn settings_that_trust_otherwise_never_share_a_context() {
        let (one, other, now) = (Pem::new("one"), Pem::new("other"), Instant::now());
        let all = [
            Tls::default(),
            Tls { minimum: TlsVersion::Tls13, ..Tls::default() },
            trusting(&one),
            trusting(&other),
            Tls { client_certificate: one.client_certificate(), ..trusting(&one) },
            Tls { client_certificate: other.client_certificate(), ..trusting(&one) },
        ];
        let counted = Counted::default();
        for (index, tls) in all.iter().enumerate() {
            assert_eq!(counted.made_after(tls, now), index + 1);
        }
        for tls in &all {
            assert_eq!(counted.made_after(tls, now), all.len(), "equal settings share");
        }
    }

    #[test]
    fn a_file_that_was_replaced_is_read_anew() {
        let (authority, now, counted) = (Pem::new("replaced"), Instant::now(), Counted::default());
        assert_eq!((counted.made_after(&trusting(&authority), now), counted.made_after(&trusting(&authority), now)), (1, 1));
        let text = std::fs::read(&authority.0).unwrap();
        std::fs::write(&authority.0, [&text[..], b"\n"].concat()).unwrap();
        assert_eq!(counted.made_after(&trusting(&authority), now), 2, "another size");
        let file = std::fs::File::options().write(true).open(&authority.0).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        assert_eq!(counted.made_after(&trusting(&authority), now), 3, "another time of change");
    }

    #[test]
    fn the_store_of_the_system_is_read_anew_after_ten_minutes() {
        let (tls, now, counted) = (Tls::default(), Instant::now(), Counted::default());
        assert_eq!(counted.made_after(&tls, now), 1);
        assert_eq!(counted.made_after(&tls, now + MAX_AGE - Duration::from_secs(1)), 1);
        assert_eq!(counted.made_after(&tls, now + MAX_AGE), 2);
    }

    #[test]
    fn the_oldest_context_goes_when_there_are_too_many() {
        let (now, counted) = (Instant::now(), Counted::default());
        let tls = |number: usize| Tls { ca_file: Some(format!("/nowhere/{number}")), ..Tls::default() };
        for number in 0..=MAX_CONTEXTS {
            counted.made_after(&tls(number), now);
        }
        assert_eq!(counted.0.contexts().len(), MAX_CONTEXTS);
        assert_eq!(counted.made_after(&tls(1), now), MAX_CONTEXTS + 1, "still there");
        assert_eq!(counted.made_after(&tls(0), now), MAX_CONTEXTS + 2, "made again");
    }

    #[test]
    fn a_private_key_goes_with_the_settings_that_name_it() {
        let pem = Pem::new("own-key");
        let tls = Tls { client_certificate: pem.client_certificate(), ..Tls::default() };
        context(&tls).unwrap();
        let kept = tls.client_certificate.as_ref().unwrap().kept.get(ContextCache::default).unwrap();
        assert_eq!(kept.contexts().len(), 1, "made once for the account");
        context(&tls).unwrap();
        assert_eq!(kept.contexts().len(), 1);
        let has_key = SHARED.contexts().iter().any(|cached| cached.key.client_certificate.is_some());
        assert!(!has_key, "nothing outlives the account");
    }
}
