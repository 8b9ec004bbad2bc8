//! One's own certificate with its private key.

use crate::key::PrivateKey;
use crate::{Certificate, Error};
use postkontor_keyfile::Unusable;

/// A certificate, its private key and the certificates of its issuers: to sign with, and to open what was encrypted for it.
#[derive(Clone, Debug)]
pub struct Identity {
    certificate: Certificate,
    key: PrivateKey,
    chain: Vec<Certificate>,
}

impl Identity {
    /// Reads a file: PKCS#12 (RC2 and 3DES of old exports as well), or PEM with a key in PKCS#8, PKCS#1 or SEC 1, encrypted or not. A file without
    /// password takes any.
    ///
    /// Files with several keys, such as one to sign and one to decrypt, give an identity for each, in the file's order.
    ///
    /// # Errors
    ///
    /// [`Error::IdentityLocked`] for a wrong password, [`Error::NoKey`], [`Error::NoCertificate`], [`Error::KeyDoesNotFit`] where no key belongs to a certificate of the
    /// file, [`Error::KeyUnsupported`], and for damaged files [`Error::IdentityUnreadable`] or [`Error::CertificateUnreadable`].
    pub fn read_all(file: &[u8], password: &str) -> Result<Vec<Self>, Error> {
        let content = postkontor_keyfile::read(file, password).map_err(refused)?;
        let certificates = content.certificates.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
        let mut identities = Vec::new();
        for der in &content.keys {
            let key = PrivateKey::from_pkcs8(der)?;
            if let Some(own) = certificates.iter().find(|certificate| key.fits(certificate.public_key())) {
                identities.push(Self { certificate: own.clone(), chain: chain(own, &certificates), key });
            }
        }
        if identities.is_empty() { Err(Error::KeyDoesNotFit) } else { Ok(identities) }
    }

    /// Reads a file as [`Identity::read_all`] does, and takes the identity that may sign mail; where none may, the first.
    ///
    /// # Errors
    ///
    /// Those of [`Identity::read_all`].
    pub fn read(file: &[u8], password: &str) -> Result<Self, Error> {
        let mut identities = Self::read_all(file, password)?;
        let signing = identities.iter().position(|identity| identity.certificate.can_sign()).unwrap_or(0);
        Ok(identities.swap_remove(signing))
    }

    /// Puts an identity together from its parts.
    ///
    /// # Errors
    ///
    /// [`Error::KeyDoesNotFit`] where the key is not the certificate's.
    pub fn new(certificate: Certificate, key: PrivateKey, chain: Vec<Certificate>) -> Result<Self, Error> {
        if key.fits(certificate.public_key()) { Ok(Self { certificate, key, chain }) } else { Err(Error::KeyDoesNotFit) }
    }

    /// Adds certificates of issuers that the file lacked. Those already there are not added again.
    pub fn extend_chain(&mut self, certificates: &[Certificate]) {
        let known: Vec<Certificate> = self.chain.iter().chain(certificates).cloned().collect();
        self.chain = chain(&self.certificate, &known);
    }

    /// The own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificates of its issuers, the nearest first. A root, which a verifier has or does not trust, is among them only where the file has it.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The private key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }
}

fn refused(unusable: Unusable) -> Error {
    match unusable {
        Unusable::Locked(reason) => Error::IdentityLocked(reason),
        Unusable::NoKey => Error::NoKey,
        Unusable::NoCertificate => Error::NoCertificate,
        Unusable::Damaged(reason) => Error::IdentityUnreadable(reason),
    }
}

/// The issuers of a certificate, one after the other, as far as they are among the known ones.
fn chain(own: &Certificate, known: &[Certificate]) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = Vec::new();
    let mut last = own;
    while !last.is_named(last.issuer_name()) {
        let is_issuer = |other: &&Certificate| {
            other.is_named(last.issuer_name())
                && (last.issuer_key_identifier().is_none()
                    || other.key_identifier().is_none_or(|id| last.issuer_key_identifier() == Some(id)))
        };
        let Some(issuer) = known.iter().filter(is_issuer).find(|other| *other != own && !chain.contains(other)) else { break };
        chain.push(issuer.clone());
        last = issuer;
    }
    chain
}
