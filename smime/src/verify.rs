//! Verifying: SignedData (RFC 5652, section 5) with its content or beside it.

mod attributes;
mod hash;
mod scheme;
mod signer;
mod trust;

use crate::ber::{Algorithm, Fields, OCTETS, Reader, SEQUENCE, SET};
use crate::{Certificate, Fault};
use const_oid::ObjectIdentifier;
use der::Decode;
use std::io::Read;

pub use hash::{Digested, Digests, Hash};
pub use signer::{Question, Signer};
pub use trust::{Anchors, Trust, is_issued_by};

pub(crate) use scheme::{mask_hash, named};
pub(crate) use signer::is_key;

/// The most bytes of one certificate.
const CERTIFICATE: usize = 64 * 1024;
/// The most certificates of a message.
const CERTIFICATES: usize = 100;
/// The most bytes of one signer: lists of revoked certificates may be among the attributes that are not signed.
const SIGNER: usize = 1024 * 1024;
/// The most signers of a message.
const SIGNERS: usize = 16;

/// SignedData that is being read.
///
/// With content, as in `application/pkcs7-mime; smime-type=signed-data`, [`Signed::block`] gives it. Without, as in `application/pkcs7-signature`, the content is the other part
/// of the multipart, and its digests are the caller's to make: those of [`Signature::hashes`].
pub struct Signed<R> {
    reader: Reader<R>,
    digests: Digests,
    content_type: ObjectIdentifier,
    has_content: bool,
}

impl<R: Read> Signed<R> {
    /// Reads what stands before the content.
    pub(crate) fn read(mut reader: Reader<R>) -> Result<Self, Fault> {
        reader.enter(SEQUENCE, "signed-data")?;
        reader.skip()?;
        reader.enter(SET, "the digest algorithms")?;
        let mut hashes = Vec::new();
        while reader.tag()?.is_some() {
            let value = reader.value(1024, "a digest algorithm")?;
            hashes.extend(Hash::of_oid(Algorithm::read(&value, "a digest algorithm")?.oid).filter(|hash| !hashes.contains(hash)));
        }
        reader.leave("the digest algorithms")?;
        reader.enter(SEQUENCE, "the signed content")?;
        let kind = reader.value(64, "the kind of the signed content")?;
        let content_type = ObjectIdentifier::from_der(&kind).map_err(|_| Fault::Malformed("the kind of the signed content"))?;
        let has_content = reader.enter_if(0xa0)?;
        if has_content {
            reader.begin_string(OCTETS, "the signed content")?;
        }
        Ok(Self { reader, digests: Digests::new(hashes), content_type, has_content })
    }

    /// Whether the content is within.
    pub fn has_content(&self) -> bool {
        self.has_content
    }

    /// The next block of the content; `None` at its end, and where there is none.
    ///
    /// What comes is as it was signed. Whether it is what the signer signed is known after [`Signed::finish`] only.
    ///
    /// # Errors
    ///
    /// Those of reading: [`Fault::Malformed`], [`Fault::Truncated`], [`Fault::TooDeep`], [`Fault::Source`].
    pub fn block(&mut self) -> Result<Option<&[u8]>, Fault> {
        let block = self.reader.segment()?;
        if let Some(block) = block {
            self.digests.update(block);
        }
        Ok(block)
    }

    /// Reads what stands behind the content, and what is left of the content itself: the signature, and the digests of the content that was within.
    ///
    /// # Errors
    ///
    /// Those of [`Signed::block`], and [`Fault::TooLarge`].
    pub fn finish(mut self) -> Result<(Signature, Digested), Fault> {
        while self.block()?.is_some() {}
        let reader = &mut self.reader;
        if self.has_content {
            reader.leave("the signed content")?;
        }
        reader.leave("the signed content")?;
        let mut signature =
            Signature { content_type: self.content_type, certificates: Vec::new(), signers: Vec::new(), hashes: Vec::new() };
        if reader.enter_if(0xa0)? {
            signature.read_certificates(reader)?;
        }
        if reader.tag()? == Some(0xa1) {
            reader.skip()?;
        }
        reader.enter(SET, "the signers")?;
        while reader.tag()?.is_some() {
            if signature.signers.len() == SIGNERS {
                return Err(Fault::TooLarge("the list of signers"));
            }
            let value = reader.value(SIGNER, "a signer")?;
            signature.add(value)?;
        }
        reader.leave("the signers")?;
        reader.leave("signed-data")?;
        Ok((signature, self.digests.finish()))
    }
}

/// Who signed, and the certificates that came along.
#[derive(Clone, Debug)]
pub struct Signature {
    content_type: ObjectIdentifier,
    certificates: Vec<Certificate>,
    signers: Vec<Vec<u8>>,
    hashes: Vec<Hash>,
}

impl Signature {
    /// The digests of the content that the signers made.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The certificates that came along. Nothing is said about them yet.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Judges each signer.
    ///
    /// # Errors
    ///
    /// [`Fault::NotSigned`] where there is none: such a message only carries certificates. [`Fault::Malformed`] for damaged signers.
    pub fn verify(&self, content: &Digested, question: &Question<'_>) -> Result<Vec<Signer>, Fault> {
        if self.signers.is_empty() {
            return Err(Fault::NotSigned);
        }
        self.signers.iter().map(|signer| signer::judge(signer, self.content_type, &self.certificates, content, question)).collect()
    }

    fn read_certificates<R: Read>(&mut self, reader: &mut Reader<R>) -> Result<(), Fault> {
        while let Some(tag) = reader.tag()? {
            // Attribute certificates and those of PKCS#6 say nothing to mail.
            if tag != SEQUENCE {
                reader.skip()?;
                continue;
            }
            if self.certificates.len() == CERTIFICATES {
                return Err(Fault::TooLarge("the list of certificates"));
            }
            let value = reader.value(CERTIFICATE, "a certificate")?;
            // One that cannot be read is as good as none: if it is the signer's, the signer is unknown.
            self.certificates.extend(Certificate::from_der(&value).ok());
        }
        reader.leave("the certificates")
    }

    fn add(&mut self, signer: Vec<u8>) -> Result<(), Fault> {
        let mut fields = Fields::of(&signer, SEQUENCE, "a signer")?;
        fields.version()?;
        fields.required()?;
        if let Some(hash) = Hash::of_oid(fields.algorithm()?.oid).filter(|hash| !self.hashes.contains(hash)) {
            self.hashes.push(hash);
        }
        self.signers.push(signer);
        Ok(())
    }
}
