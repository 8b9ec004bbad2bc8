//! What a signer signed beside the content (RFC 5652, section 11).

use super::hash::Hash;
use super::scheme::named;
use crate::ber::{Algorithm, Fields, OCTETS, SEQUENCE, SET};
use crate::{Capability, Certificate, Digest, Fault};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911;
use der::Decode;
use x509_cert::time::Time;

/// signingCertificate (RFC 2634, section 5.4), by SHA-1.
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// signingCertificateV2 (RFC 5035, section 3).
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// sMIMEEncryptionKeyPreference (RFC 8551, section 2.5.3).
const ENCRYPTION_KEY_PREFERENCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.11");

/// The signed attributes of a signer.
pub(super) struct Attributes<'a>(Vec<(ObjectIdentifier, &'a [u8])>);

impl<'a> Attributes<'a> {
    /// Reads a SET OF Attribute.
    pub(super) fn read(set: &'a [u8]) -> Result<Self, Fault> {
        const WHAT: &str = "the signed attributes";
        let (mut fields, mut all) = (Fields::of(set, SET, WHAT)?, Vec::new());
        while let Some(attribute) = fields.next()? {
            let mut fields = Fields::of(attribute, SEQUENCE, WHAT)?;
            all.push((fields.oid()?, fields.required()?));
        }
        Ok(Self(all))
    }

    /// The value of an attribute that may be there once, with one value (RFC 5652, section 11.1).
    fn value(&self, oid: ObjectIdentifier, name: &'static str) -> Result<Option<&'a [u8]>, Fault> {
        let mut found = self.0.iter().filter(|(known, _)| *known == oid);
        let Some((_, values)) = found.next() else { return Ok(None) };
        let mut values = Fields::of(values, SET, name).map_err(|_| Fault::AttributeWrong(name))?;
        let value = values.next().map_err(|_| Fault::AttributeWrong(name))?;
        let is_single = value.is_some() && found.next().is_none() && values.next() == Ok(None);
        if is_single { Ok(value) } else { Err(Fault::AttributeWrong(name)) }
    }

    /// contentType and messageDigest have to be there, and to be those of the content.
    pub(super) fn check(&self, content_type: ObjectIdentifier, digest: &[u8]) -> Result<(), Fault> {
        let kind = self.value(rfc5911::ID_CONTENT_TYPE, "contentType")?.and_then(|value| ObjectIdentifier::from_der(value).ok());
        if kind != Some(content_type) {
            return Err(Fault::AttributeWrong("contentType"));
        }
        let signed = self.value(rfc5911::ID_MESSAGE_DIGEST, "messageDigest")?.ok_or(Fault::AttributeWrong("messageDigest"))?;
        let signed = crate::ber::whole(signed, OCTETS, "messageDigest").map_err(|_| Fault::AttributeWrong("messageDigest"))?;
        if signed == digest { Ok(()) } else { Err(Fault::ContentChanged) }
    }

    /// When it was signed, as the signer says, in seconds since 1970.
    pub(super) fn time(&self) -> Result<Option<i64>, Fault> {
        let Some(value) = self.value(rfc5911::ID_SIGNING_TIME, "signingTime")? else { return Ok(None) };
        let time = Time::from_der(value).map_err(|_| Fault::AttributeWrong("signingTime"))?;
        i64::try_from(time.to_unix_duration().as_secs()).map(Some).map_err(|_| Fault::AttributeWrong("signingTime"))
    }

    /// Whether the signer named this certificate, where he named one.
    pub(super) fn is_of(&self, certificate: &Certificate) -> Result<(), Fault> {
        const NAME: &str = "signingCertificate";
        for (oid, usual) in [(SIGNING_CERTIFICATE_V2, Hash::Sha2(Digest::Sha256)), (SIGNING_CERTIFICATE, Hash::Sha1)] {
            let Some(value) = self.value(oid, NAME)? else { continue };
            let (hash, signed) = first_certificate(value, usual).map_err(|_| Fault::AttributeWrong(NAME))?;
            if hash.of(certificate.der()) != signed {
                return Err(Fault::OtherCertificate);
            }
        }
        Ok(())
    }

    /// What the signer's program can decrypt. One that cannot be read says nothing: it is no reason to doubt the signature.
    pub(super) fn capabilities(&self) -> Option<Vec<Capability>> {
        Capability::read_all(self.value(rfc5911::SMIME_CAPABILITIES, "smimeCapabilities").ok()??).ok()
    }

    /// The certificate among these for which the signer wants answers encrypted.
    pub(super) fn encrypt_for(&self, certificates: &[Certificate]) -> Option<Certificate> {
        let value = self.value(ENCRYPTION_KEY_PREFERENCE, "encryptionKeyPreference").ok()??;
        // issuerAndSerialNumber [0] IMPLICIT; the other choices were never in use.
        let mut name = value.to_vec();
        if name.first() == Some(&0xa0) {
            name[0] = SEQUENCE;
        }
        certificates.iter().find(|certificate| certificate.issuer_and_serial() == name).cloned()
    }
}

/// Digest and hash of the first certificate of SigningCertificate(V2): that of the signer.
fn first_certificate(value: &[u8], usual: Hash) -> Result<(Hash, &[u8]), Fault> {
    const WHAT: &str = "signingCertificate";
    let mut list = Fields::of(Fields::of(value, SEQUENCE, WHAT)?.required()?, SEQUENCE, WHAT)?;
    let mut fields = Fields::of(list.required()?, SEQUENCE, WHAT)?;
    let hash = match fields.optional(SEQUENCE)? {
        Some(algorithm) => named(Algorithm::read(algorithm, WHAT)?)?,
        None => usual,
    };
    Ok((hash, fields.octets()?))
}
