//! Certificates made on the spot: an authority of our own, and server certificates with every fault a client must tell apart.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Name};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The password of every PKCS#12 file made here.
pub const PASSWORD: &str = "Zertifikat-7";

const DAY: i64 = 24 * 60 * 60;

/// What a server certificate is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Valid for `localhost`, `127.0.0.1` and `::1`, issued by [`Certificates::authority`].
    Good,
    /// Ended yesterday.
    Expired,
    /// Begins tomorrow.
    NotYetValid,
    /// Valid for `mail.example.com` only.
    WrongHost,
    /// Issued by itself.
    SelfSigned,
    /// Issued by an authority that no client trusts.
    UnknownAuthority,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] = [Kind::Good, Kind::Expired, Kind::NotYetValid, Kind::WrongHost, Kind::SelfSigned, Kind::UnknownAuthority];

    /// The name of its file, without extension.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Good => "good",
            Kind::Expired => "expired",
            Kind::NotYetValid => "not-yet-valid",
            Kind::WrongHost => "wrong-host",
            Kind::SelfSigned => "self-signed",
            Kind::UnknownAuthority => "unknown-authority",
        }
    }
}

/// A certificate with its private key.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: X509,
    /// Its private key.
    pub key: PKey<Private>,
}

impl Identity {
    /// Certificate and unencrypted key as one PEM text.
    pub fn pem(&self) -> Result<Vec<u8>, ErrorStack> {
        let mut pem = self.certificate.to_pem()?;
        pem.extend(self.key.private_key_to_pem_pkcs8()?);
        Ok(pem)
    }

    /// Both as PKCS#12 with [`PASSWORD`], in OpenSSL 3's modern encryption (AES-256).
    pub fn pkcs12(&self) -> Result<Vec<u8>, ErrorStack> {
        Pkcs12::builder().name("postkontor").pkey(&self.key).cert(&self.certificate).build2(PASSWORD)?.to_der()
    }

    /// SHA-256 of the certificate as `sha256:` and 64 hexadecimal digits.
    pub fn pin(&self) -> Result<String, ErrorStack> {
        let digest = self.certificate.digest(MessageDigest::sha256())?;
        Ok(digest.iter().fold("sha256:".to_owned(), |pin, byte| format!("{pin}{byte:02x}")))
    }

    /// The server side of TLS with this certificate, for the versions named; security level 0, so that TLS 1.0 and 1.1 work.
    pub fn acceptor(&self, oldest: Option<SslVersion>, newest: Option<SslVersion>) -> Result<SslAcceptorBuilder, ErrorStack> {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        acceptor.clear_options(openssl::ssl::SslOptions::NO_TLSV1 | openssl::ssl::SslOptions::NO_TLSV1_1);
        acceptor.set_min_proto_version(oldest)?;
        acceptor.set_max_proto_version(newest)?;
        acceptor.set_cipher_list("ALL:@SECLEVEL=0")?;
        acceptor.set_private_key(&self.key)?;
        acceptor.set_certificate(&self.certificate)?;
        Ok(acceptor)
    }
}

/// An issuer of certificates.
pub struct Authority(Identity);

/// What [`Authority::issue`] is asked for.
struct Request<'a> {
    name: &'a str,
    /// DNS names and addresses; none makes a client certificate.
    hosts: &'a [&'a str],
    email: Option<&'a str>,
    from: i64,
    until: i64,
}

impl Authority {
    /// A new authority of this name, valid from ten days ago for ten years.
    pub fn new(name: &str) -> Result<Authority, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(2048)?)?;
        let mut builder = X509::builder()?;
        let subject = subject(name)?;
        builder.set_version(2)?;
        builder.set_serial_number(&*serial()?)?;
        builder.set_subject_name(&subject)?;
        builder.set_issuer_name(&subject)?;
        builder.set_pubkey(&key)?;
        builder.set_not_before(&*at(-10 * DAY)?)?;
        builder.set_not_after(&*at(3650 * DAY)?)?;
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
        let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(identifier)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Authority(Identity { certificate: builder.build(), key }))
    }

    /// The authority's certificate, to be trusted.
    pub fn certificate(&self) -> &X509 {
        &self.0.certificate
    }

    fn issue(&self, request: &Request<'_>) -> Result<Identity, ErrorStack> {
        issue(request, Some(&self.0))
    }
}

fn issue(request: &Request<'_>, issuer: Option<&Identity>) -> Result<Identity, ErrorStack> {
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
    let mut builder = X509::builder()?;
    let name = subject(request.name)?;
    builder.set_version(2)?;
    builder.set_serial_number(&*serial()?)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(issuer.map_or(&name, |issuer| issuer.certificate.subject_name()))?;
    builder.set_pubkey(&key)?;
    builder.set_not_before(&*at(request.from)?)?;
    builder.set_not_after(&*at(request.until)?)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().key_encipherment().build()?)?;
    let mut purpose = ExtendedKeyUsage::new();
    builder.append_extension(if request.hosts.is_empty() { purpose.client_auth().build()? } else { purpose.server_auth().build()? })?;
    let mut names = SubjectAlternativeName::new();
    for host in request.hosts {
        if host.parse::<std::net::IpAddr>().is_ok() {
            names.ip(host)
        } else {
            names.dns(host)
        };
    }
    if let Some(email) = request.email {
        names.email(email);
    }
    let names = names.build(&builder.x509v3_context(issuer.map(|issuer| &*issuer.certificate), None))?;
    builder.append_extension(names)?;
    let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(identifier)?;
    if let Some(issuer) = issuer {
        let identifier = AuthorityKeyIdentifier::new().keyid(true).build(&builder.x509v3_context(Some(&issuer.certificate), None))?;
        builder.append_extension(identifier)?;
    }
    builder.sign(issuer.map_or(&key, |issuer| &issuer.key), MessageDigest::sha256())?;
    Ok(Identity { certificate: builder.build(), key })
}

fn subject(name: &str) -> Result<X509Name, ErrorStack> {
    let mut subject = X509Name::builder()?;
    subject.append_entry_by_text("O", "Postkontor tests")?;
    subject.append_entry_by_text("CN", name)?;
    Ok(subject.build())
}

fn serial() -> Result<openssl::asn1::Asn1Integer, ErrorStack> {
    let mut number = BigNum::new()?;
    number.rand(120, MsbOption::MAYBE_ZERO, false)?;
    number.to_asn1_integer()
}

fn at(seconds_from_now: i64) -> Result<Asn1Time, ErrorStack> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs() as i64);
    Asn1Time::from_unix(now + seconds_from_now)
}

/// One of everything.
pub struct Certificates {
    /// The authority that clients trust.
    pub authority: Authority,
    servers: Vec<(Kind, Identity)>,
    client: Identity,
}

impl Certificates {
    /// The certificates of this process, made at the first call.
    pub fn shared() -> io::Result<&'static Certificates> {
        static SHARED: OnceLock<Result<Certificates, ErrorStack>> = OnceLock::new();
        SHARED.get_or_init(Certificates::make).as_ref().map_err(|error| io::Error::other(error.to_string()))
    }

    fn make() -> Result<Certificates, ErrorStack> {
        let authority = Authority::new("Postkontor test authority")?;
        let stranger = Authority::new("An authority that no client trusts")?;
        let local = Request { name: "localhost", hosts: &["localhost", "127.0.0.1", "::1"], email: None, from: -5 * DAY, until: 365 * DAY };
        let servers = vec![
            (Kind::Good, authority.issue(&local)?),
            (Kind::Expired, authority.issue(&Request { until: -DAY, ..local })?),
            (Kind::NotYetValid, authority.issue(&Request { from: DAY, ..local })?),
            (Kind::WrongHost, authority.issue(&Request { name: "mail.example.com", hosts: &["mail.example.com"], ..local })?),
            (Kind::SelfSigned, issue(&local, None)?),
            (Kind::UnknownAuthority, stranger.issue(&local)?),
        ];
        let client = authority.issue(&Request { name: "anna", hosts: &[], email: Some("anna@localhost"), ..local })?;
        Ok(Certificates { authority, servers, client })
    }

    /// A further good one, for these hosts.
    pub fn for_hosts(&self, hosts: &[&str]) -> Result<Identity, ErrorStack> {
        let name = hosts.first().copied().unwrap_or_default();
        self.authority.issue(&Request { name, hosts, email: None, from: -5 * DAY, until: 365 * DAY })
    }

    /// A server's certificate.
    pub fn server(&self, kind: Kind) -> &Identity {
        // `make` puts every kind in; the first stands in for the impossible.
        self.servers.iter().find(|(other, _)| *other == kind).map_or(&self.servers[0].1, |(_, identity)| identity)
    }

    /// The certificate of the client `anna` (common name), `anna@localhost`, issued by [`Certificates::authority`].
    pub fn client(&self) -> &Identity {
        &self.client
    }

    /// Writes them into `folder`: `authority.pem`, `KIND.pem` (certificate and key), `client.pem`, `client.p12`, and `client-legacy.p12`
    /// (RC2-40 and 3DES as old programs write it) where the `openssl` command can make it.
    pub fn write(&self, folder: &Path) -> io::Result<Files> {
        let files = Files { folder: folder.to_owned() };
        std::fs::write(files.authority(), self.authority.certificate().to_pem()?)?;
        for (kind, identity) in &self.servers {
            std::fs::write(files.server(*kind), identity.pem()?)?;
        }
        std::fs::write(files.client_pem(), self.client.pem()?)?;
        std::fs::write(files.client_pkcs12(), self.client.pkcs12()?)?;
        let legacy = Command::new("openssl")
            .args(["pkcs12", "-export", "-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"])
            .args(["-passout", &format!("pass:{PASSWORD}"), "-in"])
            .arg(files.client_pem())
            .arg("-out")
            .arg(files.client_legacy_pkcs12())
            .stdin(Stdio::null())
            .output();
        if !legacy.is_ok_and(|output| output.status.success()) && files.client_legacy_pkcs12().exists() {
            std::fs::remove_file(files.client_legacy_pkcs12())?;
        }
        Ok(files)
    }
}

/// The certificates as files.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The certificate to trust.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// A server's certificate and key.
    pub fn server(&self, kind: Kind) -> PathBuf {
        self.folder.join(format!("{}.pem", kind.name()))
    }

    /// The client's certificate and key as PEM.
    pub fn client_pem(&self) -> PathBuf {
        self.folder.join("client.pem")
    }

    /// The client's certificate and key as PKCS#12 of today.
    pub fn client_pkcs12(&self) -> PathBuf {
        self.folder.join("client.p12")
    }

    /// The client's certificate and key as PKCS#12 of old programs; the file is missing where `openssl` has no legacy provider.
    pub fn client_legacy_pkcs12(&self) -> PathBuf {
        self.folder.join("client-legacy.p12")
    }
}

/// Lets a server demand a client certificate issued by the authority.
pub fn demand_client_certificate(acceptor: &mut SslAcceptorBuilder, authority: &Authority) -> Result<(), ErrorStack> {
    acceptor.cert_store_mut().add_cert(authority.certificate().clone())?;
    acceptor.add_client_ca(authority.certificate())?;
    acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    fn verdict(file: &Path, authority: &Path) -> String {
        let output =
            Command::new("openssl").args(["verify", "-verify_hostname", "localhost", "-CAfile"]).arg(authority).arg(file).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    #[test]
    fn openssl_finds_exactly_the_fault_that_each_certificate_has() {
        let folder = Folder::new().unwrap();
        let files = Certificates::shared().unwrap().write(folder.path()).unwrap();
        let verdict = |kind| verdict(&files.server(kind), &files.authority());
        assert!(verdict(Kind::Good).contains("OK"), "{}", verdict(Kind::Good));
        assert!(verdict(Kind::Expired).contains("certificate has expired"));
        assert!(verdict(Kind::NotYetValid).contains("not yet valid"));
        assert!(verdict(Kind::WrongHost).contains("hostname mismatch"));
        assert!(verdict(Kind::SelfSigned).contains("self-signed"));
        assert!(verdict(Kind::UnknownAuthority).contains("unable to get local issuer"));
    }

    #[test]
    fn pkcs12_opens_with_its_password() {
        let client = Certificates::shared().unwrap().client();
        let opened = Pkcs12::from_der(&client.pkcs12().unwrap()).unwrap().parse2(PASSWORD).unwrap();
        assert_eq!(opened.cert.unwrap().to_der().unwrap(), client.certificate.to_der().unwrap());
    }
}
