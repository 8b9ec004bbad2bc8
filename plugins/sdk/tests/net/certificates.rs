//! Certificates with every fault, made when they are needed.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod, SslOptions, SslVersion};
use openssl::symm::Cipher;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// A certificate with its key.
pub(crate) struct Identity {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

/// What a certificate is to be like.
pub(crate) struct Wish<'a> {
    pub(crate) name: &'a str,
    pub(crate) hosts: &'a [&'a str],
    /// Days from now.
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) is_authority: bool,
    pub(crate) for_clients: bool,
    /// An RSA key instead of one of an elliptic curve.
    pub(crate) is_rsa: bool,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Wish {
            name: "localhost",
            hosts: &["localhost", "127.0.0.1"],
            from: -1,
            until: 30,
            is_authority: false,
            for_clients: false,
            is_rsa: false,
        }
    }
}

impl Identity {
    pub(crate) fn authority(name: &str) -> Identity {
        Identity::new(&Wish { name, hosts: &[], is_authority: true, ..Wish::default() }, None)
    }

    /// A certificate issued by `issuer`, or by itself.
    pub(crate) fn new(wish: &Wish, issuer: Option<&Identity>) -> Identity {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = match wish.is_rsa {
            true => PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
            false => PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap(),
        };
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", wish.name).unwrap();
        let name = name.build();
        let mut serial = BigNum::new().unwrap();
        serial.rand(120, MsbOption::MAYBE_ZERO, false).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let day = |days: i64| Asn1Time::from_unix(now + days * 86_400).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(issuer.map_or(&name, |issuer| issuer.certificate.subject_name())).unwrap();
        builder.set_not_before(&day(wish.from)).unwrap();
        builder.set_not_after(&day(wish.until)).unwrap();
        builder.set_pubkey(&key).unwrap();
        let mut constraints = BasicConstraints::new();
        if wish.is_authority {
            constraints.ca();
        }
        builder.append_extension(constraints.critical().build().unwrap()).unwrap();
        if !wish.hosts.is_empty() {
            let mut names = SubjectAlternativeName::new();
            for host in wish.hosts {
                if host.parse::<std::net::IpAddr>().is_ok() {
                    names.ip(host)
                } else {
                    names.dns(host)
                };
            }
            let names = names.build(&builder.x509v3_context(None, None)).unwrap();
            builder.append_extension(names).unwrap();
        }
        if wish.for_clients {
            builder.append_extension(ExtendedKeyUsage::new().client_auth().build().unwrap()).unwrap();
        }
        builder.sign(issuer.map_or(&key, |issuer| &issuer.key), MessageDigest::sha256()).unwrap();
        Identity { certificate: builder.build(), key }
    }

    /// The server's side, for these versions, at a security level that allows them all.
    pub(crate) fn acceptor(&self, oldest: SslVersion, newest: SslVersion) -> SslAcceptorBuilder {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.clear_options(SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
        acceptor.set_cipher_list("ALL:@SECLEVEL=0").unwrap();
        acceptor.set_min_proto_version(Some(oldest)).unwrap();
        acceptor.set_max_proto_version(Some(newest)).unwrap();
        acceptor.set_private_key(&self.key).unwrap();
        acceptor.set_certificate(&self.certificate).unwrap();
        acceptor
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }

    pub(crate) fn locked_pem(&self, password: &str) -> Vec<u8> {
        let key = self.key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), password.as_bytes()).unwrap();
        [key, self.pem()].concat()
    }

    /// PEM as OpenSSL wrote it before PKCS#8.
    pub(crate) fn old_pem(&self, password: Option<&str>) -> Vec<u8> {
        let key = match (self.key.rsa(), self.key.ec_key(), password) {
            (Ok(key), _, None) => key.private_key_to_pem(),
            (Ok(key), _, Some(password)) => key.private_key_to_pem_passphrase(Cipher::des_ede3_cbc(), password.as_bytes()),
            (_, Ok(key), None) => key.private_key_to_pem(),
            (_, Ok(key), Some(password)) => key.private_key_to_pem_passphrase(Cipher::aes_128_cbc(), password.as_bytes()),
            (Err(error), ..) => Err(error),
        };
        [key.unwrap(), self.pem()].concat()
    }

    /// PKCS#12 as OpenSSL 3 writes it.
    pub(crate) fn pkcs12(&self, password: &str) -> Vec<u8> {
        Pkcs12::builder().name("client").pkey(&self.key).cert(&self.certificate).build2(password).unwrap().to_der().unwrap()
    }

    /// PKCS#12 as Windows wrote it for twenty years: RC2 with 40 bits and 3DES. Only the legacy provider can write it.
    pub(crate) fn old_pkcs12(&self, password: &str) -> Vec<u8> {
        let _legacy = openssl::provider::Provider::try_load(None, "legacy", true).unwrap();
        let mut builder = Pkcs12::builder();
        builder.name("client").pkey(&self.key).cert(&self.certificate);
        builder.key_algorithm(Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC).cert_algorithm(Nid::PBE_WITHSHA1AND40BITRC2_CBC);
        builder.mac_md(MessageDigest::sha1());
        builder.build2(password).unwrap().to_der().unwrap()
    }

    pub(crate) fn pin(&self) -> String {
        let digest = self.certificate.digest(MessageDigest::sha256()).unwrap();
        format!("sha256:{}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

/// A file that is gone with the test.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(bytes: &[u8]) -> File {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("postkontor-net-{}-{number}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        File(path)
    }

    pub(crate) fn path(&self) -> String {
        self.0.to_str().unwrap().to_owned()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // What stays behind stays in the temporary folder.
        let _ = std::fs::remove_file(&self.0);
    }
}
