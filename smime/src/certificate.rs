//! A certificate (X.509, RFC 5280) as mail sees it: whose it is, how long it is good, what it is fit for.

mod extensions;
mod name;

use crate::key::{self, Kind};
use crate::{Capability, Error, frame};
use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader};
use extensions::Extensions;
#[cfg(unix)]
use openssl::pkey::{PKey, Public};
use sha2::{Digest, Sha256};
use spki::SubjectPublicKeyInfoOwned;
use std::sync::{Arc, OnceLock};
use x509_cert::name::Name;

/// One certificate. Cloning is cheap.
#[derive(Clone)]
pub struct Certificate(Arc<Read>);

struct Read {
    der: Vec<u8>,
    parsed: x509_cert::Certificate,
    extensions: Extensions,
    fingerprint: [u8; 32],
    issuer: Vec<u8>,
    emails: Vec<String>,
    kind: Kind,
    /// Its key, made ready for computing once it is needed: that takes as long as encrypting a small message.
    rsa: OnceLock<Option<rsa::PublicKey>>,
    #[cfg(unix)]
    openssl: OnceLock<Option<PKey<Public>>>,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    ///
    /// [`Error::CertificateUnreadable`] where it is not one certificate in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let unreadable = |error: der::Error| Error::CertificateUnreadable(error.to_string());
        let parsed = x509_cert::Certificate::from_der(der).map_err(unreadable)?;
        let tbs = parsed.tbs_certificate();
        let extensions = Extensions::read(tbs.extensions().map_or(&[], Vec::as_slice))?;
        let mut emails = extensions.emails.clone();
        for address in name::emails(tbs.subject()) {
            if !emails.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
                emails.push(address);
            }
        }
        let issuer = issuer(der).map_err(unreadable)?.to_vec();
        let kind = Kind::of(tbs.subject_public_key_info());
        let fingerprint = Sha256::digest(der).into();
        Ok(Self(Arc::new(Read {
            der: der.to_vec(),
            extensions,
            fingerprint,
            issuer,
            emails,
            kind,
            parsed,
            rsa: OnceLock::new(),
            #[cfg(unix)]
            openssl: OnceLock::new(),
        })))
    }

    /// Reads all certificates of a file: one in DER, or any number in PEM (RFC 7468), in their order.
    ///
    /// # Errors
    ///
    /// [`Error::NoCertificate`] where PEM has none, [`Error::CertificateUnreadable`] where one is damaged.
    pub fn read_all(file: &[u8]) -> Result<Vec<Self>, Error> {
        let blocks = postkontor_keyfile::certificates(file).map_err(|error| Error::CertificateUnreadable(error.to_string()))?;
        if blocks.is_empty() {
            return Err(Error::NoCertificate);
        }
        blocks.iter().map(|der| Self::from_der(der)).collect()
    }

    /// The bytes as they were read.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The signed part, as it was read: what the issuer's signature covers.
    pub fn signed_part(&self) -> &[u8] {
        // It was read once already.
        content(&self.0.der).and_then(|mut fields| fields.tlv_bytes()).unwrap_or_default()
    }

    /// SHA-256 of the whole certificate.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.0.fingerprint
    }

    /// The fingerprint in hexadecimal, as the setting `tls.pin` writes one: 64 small letters and digits.
    pub fn fingerprint_text(&self) -> String {
        self.0.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whose it is: `C=DE, O=Muster GmbH, CN=Anna Muster`. Control characters are taken out.
    pub fn subject(&self) -> String {
        name::text(self.subject_name())
    }

    /// The common name of the subject, else its organization.
    pub fn name(&self) -> Option<String> {
        name::common(self.subject_name())
    }

    /// Who issued it, written as [`Certificate::subject`].
    pub fn issuer(&self) -> String {
        name::text(self.issuer_name())
    }

    /// The subject. [`Certificate::is_named`] compares it with an issuer.
    pub fn subject_name(&self) -> &Name {
        self.parsed().tbs_certificate().subject()
    }

    /// The issuer, for [`Certificate::is_named`] of another.
    pub fn issuer_name(&self) -> &Name {
        self.parsed().tbs_certificate().issuer()
    }

    /// Whether this is its subject, as names are compared (RFC 5280, section 7.1): upper and lower case, spaces and the types of strings do not count.
    pub fn is_named(&self, name: &Name) -> bool {
        name::is_same(self.subject_name(), name)
    }

    /// The issuer in DER: with [`Certificate::serial`] the name by which CMS refers to the certificate.
    pub fn issuer_der(&self) -> &[u8] {
        &self.0.issuer
    }

    /// The serial number, as the content of an INTEGER (big-endian, a leading zero where the first bit is set).
    pub fn serial(&self) -> &[u8] {
        self.parsed().tbs_certificate().serial_number().as_bytes()
    }

    /// The serial number in hexadecimal, as browsers show it.
    pub fn serial_text(&self) -> String {
        self.serial().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// From when it is valid, in seconds since 1970.
    pub fn not_before(&self) -> i64 {
        seconds(self.parsed().tbs_certificate().validity().not_before)
    }

    /// Until when it is valid, in seconds since 1970.
    pub fn not_after(&self) -> i64 {
        seconds(self.parsed().tbs_certificate().validity().not_after)
    }

    /// Whether it is valid at a time, in seconds since 1970.
    pub fn is_valid_at(&self, seconds: i64) -> bool {
        (self.not_before()..=self.not_after()).contains(&seconds)
    }

    /// The mail addresses: rfc822Name and SmtpUTF8Mailbox (RFC 8398) of the subject alternative name, then emailAddress of the subject. Each once.
    pub fn emails(&self) -> &[String] {
        &self.0.emails
    }

    /// Whether it is for a mail address. Upper and lower case do not count (RFC 8551, section 3); domains are compared as they stand.
    pub fn is_for(&self, address: &str) -> bool {
        self.emails().iter().any(|own| own.to_lowercase() == address.to_lowercase())
    }

    /// The kind of its key.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Issuer and serial number as CMS writes them (RFC 5652, section 10.2.4).
    pub(crate) fn issuer_and_serial(&self) -> Vec<u8> {
        let serial = frame::value(0x02, self.serial());
        frame::value(0x30, &[self.issuer_der(), &serial].concat())
    }

    /// Its key.
    pub fn public_key(&self) -> &SubjectPublicKeyInfoOwned {
        self.parsed().tbs_certificate().subject_public_key_info()
    }

    /// Its key where that is RSA and can be computed with.
    pub(crate) fn rsa_key(&self) -> Option<&rsa::PublicKey> {
        self.0.rsa.get_or_init(|| key::rsa_key(self.public_key())).as_ref()
    }

    /// Its key as OpenSSL has it.
    #[cfg(unix)]
    pub(crate) fn openssl_key(&self) -> Option<&PKey<Public>> {
        use der::Encode as _;
        let read = || PKey::public_key_from_der(&self.public_key().to_der().ok()?).ok();
        self.0.openssl.get_or_init(read).as_ref()
    }

    /// Whether its purposes have e-mail: emailProtection or any, or no purposes at all (RFC 8550, section 4.4.4).
    pub fn is_for_mail(&self) -> bool {
        self.0.extensions.is_for_mail
    }

    /// Whether it may sign mail: for e-mail, and key usage digitalSignature or nonRepudiation, or none given (RFC 8550, section 4.4.2).
    pub fn can_sign(&self) -> bool {
        let signs = |usage: extensions::Usage| usage.digital_signature() || usage.non_repudiation();
        self.is_for_mail() && self.0.extensions.usage.is_none_or(signs)
    }

    /// Whether mail may be encrypted for it: for e-mail, and key usage keyEncipherment (RSA) or keyAgreement (curves), or none given.
    pub fn can_encrypt(&self) -> bool {
        let encrypts = |usage: extensions::Usage| match self.kind() {
            Kind::Rsa { .. } => usage.key_encipherment(),
            _ => usage.key_agreement(),
        };
        self.is_for_mail() && self.0.extensions.usage.is_none_or(encrypts)
    }

    /// Whether it may sign certificates: basicConstraints says authority, and key usage does not deny it.
    pub fn is_ca(&self) -> bool {
        self.0.extensions.is_ca && self.0.extensions.usage.is_none_or(|usage| usage.key_cert_sign())
    }

    /// How many authorities may follow below it (pathLenConstraint).
    pub fn path_length(&self) -> Option<u8> {
        self.0.extensions.path_length
    }

    /// What its owner's program can decrypt, best first (RFC 4262); `None` where it does not say.
    pub fn capabilities(&self) -> Option<&[Capability]> {
        self.0.extensions.capabilities.as_deref()
    }

    /// The identifier of its key, from the extension.
    pub fn key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.key_identifier.as_deref()
    }

    /// The identifier of its issuer's key, from the extension.
    pub fn issuer_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.issuer_key_identifier.as_deref()
    }

    /// Extensions that are critical and are not read here: a chain over it has to be refused (RFC 5280, section 4.2).
    pub fn unknown_critical(&self) -> &[ObjectIdentifier] {
        &self.0.extensions.unknown_critical
    }

    /// The parsed certificate, for what is not said here.
    pub fn parsed(&self) -> &x509_cert::Certificate {
        &self.0.parsed
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.fingerprint == other.0.fingerprint
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Certificate({}, {})", self.subject(), self.fingerprint_text())
    }
}

/// The fields of a SEQUENCE.
fn content(der: &[u8]) -> der::Result<SliceReader<'_>> {
    SliceReader::new(AnyRef::from_der(der)?.value())
}

/// The issuer as it stands in the certificate: a set in another order than DER's would be put in order by reading and writing it.
fn issuer(der: &[u8]) -> der::Result<&[u8]> {
    let mut fields = content(content(der)?.tlv_bytes()?)?;
    if fields.peek_byte() == Some(0xa0) {
        fields.tlv_bytes()?;
    }
    let (_serial, _algorithm) = (fields.tlv_bytes()?, fields.tlv_bytes()?);
    fields.tlv_bytes()
}

fn seconds(time: x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}
