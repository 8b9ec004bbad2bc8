//! Signing: the part `application/pkcs7-signature` of a multipart/signed (RFC 8551, section 3.5.3).

mod attributes;
mod signature;
mod terms;

use crate::digest::Running;
use crate::{Digest, Error, Identity, frame};
use const_oid::db::rfc5911;
use der::Encode;
use signature::Scheme;

pub use terms::Terms;

/// Takes the content in blocks and signs it.
///
/// The content is the first part of the multipart as it will travel, header and body, with CR LF at line ends, without the line end before the boundary (RFC 1847, section 2.1).
///
/// [`Signer::size`] is exact before the first block, so that a message can announce its size before its files have been read.
pub struct Signer<'a> {
    identity: &'a Identity,
    terms: &'a Terms,
    scheme: Scheme,
    digest: Digest,
    running: Running,
}

impl<'a> Signer<'a> {
    /// Begins.
    ///
    /// # Errors
    ///
    /// [`Error::NotForSigning`] where the certificate is not for it, [`Error::TimeUnwritable`] for a time before 1970 or after the year 9999.
    pub fn new(identity: &'a Identity, terms: &'a Terms) -> Result<Self, Error> {
        if !identity.certificate().can_sign() {
            return Err(Error::NotForSigning(identity.certificate().subject()));
        }
        attributes::time(terms.time)?;
        let digest = terms.digest.unwrap_or_else(|| Scheme::usual_digest(identity.key()));
        let scheme = Scheme::new(identity.key(), digest, terms.pss);
        Ok(Self { identity, terms, scheme, digest, running: digest.begin() })
    }

    /// The digest, whose name the multipart has as `micalg`.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many bytes [`Signer::finish`] will give.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] where the certificate cannot be written.
    pub fn size(&self) -> Result<usize, Error> {
        let attributes = self.attributes(&vec![0; self.digest.size()])?;
        Ok(self.assembled(attributes, &vec![0; self.scheme.size(self.identity.key())])?.len())
    }

    /// Takes the next block of the content.
    pub fn update(&mut self, block: &[u8]) {
        self.running.update(block);
    }

    /// Signs: the SignedData (RFC 5652, section 5) without its content, in DER.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] where the system gives no random numbers, or the key is damaged.
    pub fn finish(mut self) -> Result<Vec<u8>, Error> {
        let content = std::mem::replace(&mut self.running, self.digest.begin()).finish();
        let attributes = self.attributes(&content)?;
        let signed = frame::set(0x31, attributes.clone());
        let signature = self.scheme.sign(self.identity.key(), &self.digest.of(&signed))?;
        self.assembled(attributes, &signature)
    }

    fn attributes(&self, content: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let own = self.identity.certificate();
        let encrypt_for = self.terms.encrypt_for.as_ref().or_else(|| own.can_encrypt().then_some(own));
        attributes::all(content, self.terms, own, encrypt_for)
    }

    fn assembled(&self, attributes: Vec<Vec<u8>>, signature: &[u8]) -> Result<Vec<u8>, Error> {
        let oid = |oid: const_oid::ObjectIdentifier| oid.to_der().map_err(Error::failed);
        let digest = frame::value(0x30, &oid(self.digest.oid())?);
        let version = [2, 1, 1];
        let signer = [
            &version[..],
            &self.identity.certificate().issuer_and_serial(),
            &digest,
            &frame::set(0xa0, attributes),
            &self.scheme.algorithm()?,
            &frame::value(0x04, signature),
        ];
        let signer = frame::value(0x30, &signer.concat());
        let content = frame::value(0x30, &oid(rfc5911::ID_DATA)?);
        let certificates = frame::set(0xa0, self.certificates());
        let signed = [&version[..], &frame::value(0x31, &digest), &content, &certificates, &frame::value(0x31, &signer)];
        let explicit = frame::value(0xa0, &frame::value(0x30, &signed.concat()));
        Ok(frame::value(0x30, &[oid(rfc5911::ID_SIGNED_DATA)?, explicit].concat()))
    }

    /// The own certificate, those of its issuers but no root, which proves nothing, and the one to encrypt for.
    fn certificates(&self) -> Vec<Vec<u8>> {
        let own = self.identity.certificate();
        let issuers = self.identity.chain().iter().filter(|issuer| !issuer.is_named(issuer.issuer_name()));
        let mut all = vec![own.der().to_vec()];
        for certificate in issuers.chain(&self.terms.encrypt_for) {
            if !all.iter().any(|known| known == certificate.der()) {
                all.push(certificate.der().to_vec());
            }
        }
        all
    }
}
