//! One signer, and the verdict on what he signed.

use super::attributes::Attributes;
use super::hash::{Digested, Hash};
use super::scheme::Scheme;
use super::trust::{self, Trust};
use crate::ber::{Algorithm, Fields, SEQUENCE, whole};
use crate::fault::Weight;
use crate::key::Kind;
use crate::{Capability, Certificate, Fault};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911;
use sha1::{Digest as _, Sha1};

/// How far clocks may be apart, in seconds.
const CLOCKS: i64 = 24 * 60 * 60;

/// The shortest RSA key that is not called weak, in bits.
const SHORTEST: u32 = 2048;

/// By what a signature is judged.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The addresses of From: the certificate has to be for one of them. None at all fits no certificate.
    pub from: &'a [String],
    /// The time, in seconds since 1970.
    pub now: i64,
    /// Whom the account trusts.
    pub trust: &'a dyn Trust,
    /// Certificates beside those of the message, of signers and of issuers.
    pub known: &'a [Certificate],
}

/// A signer, as far as the message tells, and what is wrong with his signature.
#[derive(Clone, Debug, Default)]
pub struct Signer {
    /// His certificate, where it is known.
    pub certificate: Option<Certificate>,
    /// The certificates of its issuers up to a trusted one, the nearest first; empty where there is no chain, or the certificate itself is trusted.
    pub chain: Vec<Certificate>,
    /// When he signed, as he says, in seconds since 1970.
    pub signed_at: Option<i64>,
    /// What his program can decrypt.
    pub capabilities: Option<Vec<Capability>>,
    /// The certificate of the message for which he wants answers encrypted, where he named one.
    pub encrypt_for: Option<Certificate>,
    /// What is wrong, the worst first. Empty where all is well.
    pub faults: Vec<Fault>,
}

impl Signer {
    /// What to make of the signature: [`Weight::Note`] is good.
    pub fn verdict(&self) -> Weight {
        self.faults.iter().map(Fault::weight).max().unwrap_or(Weight::Note)
    }
}

/// The fields of a SignerInfo (RFC 5652, section 5.3).
struct Info<'a> {
    identifier: &'a [u8],
    digest: Algorithm<'a>,
    /// The signed attributes as a SET.
    signed: Option<Vec<u8>>,
    algorithm: Algorithm<'a>,
    signature: &'a [u8],
}

impl<'a> Info<'a> {
    fn read(der: &'a [u8]) -> Result<Self, Fault> {
        let mut fields = Fields::of(der, SEQUENCE, "a signer")?;
        fields.version()?;
        let (identifier, digest) = (fields.required()?, fields.algorithm()?);
        let signed = fields.optional(0xa0)?.map(|attributes| {
            // The digest is that of the SET, not of its place here.
            let mut set = attributes.to_vec();
            set[0] = 0x31;
            set
        });
        Ok(Self { identifier, digest, signed, algorithm: fields.algorithm()?, signature: fields.octets()? })
    }

    fn is(&self, certificate: &Certificate) -> bool {
        if self.identifier[0] == SEQUENCE {
            return self.identifier == certificate.issuer_and_serial();
        }
        whole(self.identifier, 0x80, "a signer").is_ok_and(|identifier| is_key(certificate, identifier))
    }
}

/// Whether an identifier is that of the certificate's key: the extension, or SHA-1 of the key (RFC 5280, section 4.2.1.2).
pub(crate) fn is_key(certificate: &Certificate, identifier: &[u8]) -> bool {
    match certificate.key_identifier() {
        Some(own) => own == identifier,
        None => Sha1::digest(certificate.public_key().subject_public_key.as_bytes().unwrap_or_default())[..] == *identifier,
    }
}

/// Judges a signer.
pub(super) fn judge(
    der: &[u8],
    content_type: ObjectIdentifier,
    sent: &[Certificate],
    content: &Digested,
    question: &Question<'_>,
) -> Result<Signer, Fault> {
    let info = Info::read(der)?;
    let attributes = info.signed.as_deref().map(Attributes::read).transpose()?;
    let mut signer = Signer { certificate: sent.iter().chain(question.known).find(|other| info.is(other)).cloned(), ..Signer::default() };
    let mut faults = Vec::new();
    faults.extend(check_content(&info, attributes.as_ref(), content_type, content).err());
    if let Some(attributes) = &attributes {
        (signer.capabilities, signer.encrypt_for) = (attributes.capabilities(), attributes.encrypt_for(sent));
        match attributes.time() {
            Ok(time) => signer.signed_at = time,
            Err(fault) => faults.push(fault),
        }
    }
    match signer.certificate.clone() {
        Some(certificate) => {
            faults.extend(check_signature(&info, &certificate, content, &mut signer).err());
            faults.extend(attributes.and_then(|attributes| attributes.is_of(&certificate).err()));
            check_certificate(&certificate, sent, question, &mut signer);
        }
        None => faults.push(Fault::SignerUnknown),
    }
    faults.append(&mut signer.faults);
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.weight()));
    Ok(Signer { faults, ..signer })
}

/// Whether the content is what the signed attributes say, or can do without them.
fn check_content(
    info: &Info<'_>,
    attributes: Option<&Attributes<'_>>,
    content_type: ObjectIdentifier,
    content: &Digested,
) -> Result<(), Fault> {
    let unsupported = || Fault::AlgorithmUnsupported(info.digest.oid.to_string());
    let digest = content.of(Hash::of_oid(info.digest.oid).ok_or_else(unsupported)?).ok_or_else(unsupported)?;
    match attributes {
        Some(attributes) => attributes.check(content_type, digest),
        // Without attributes the content must be mail, and must not be attributes that were signed on another occasion (RFC 8933 and RFC 5652, section 5.3).
        None if content_type != rfc5911::ID_DATA || content.looks_like_attributes() => Err(Fault::AttributeWrong("contentType")),
        None => Ok(()),
    }
}

/// Whether the signature is that of the certificate's key, and what is to be said about its strength.
fn check_signature(info: &Info<'_>, certificate: &Certificate, content: &Digested, signer: &mut Signer) -> Result<(), Fault> {
    let usual = Hash::of_oid(info.digest.oid);
    let scheme = Scheme::read(info.algorithm, usual)?;
    let weak = [Some(scheme.hash()), usual].into_iter().flatten().find(|hash| hash.is_weak());
    signer.faults.extend(weak.map(|hash| Fault::WeakDigest(hash.name())));
    if let Kind::Rsa { bits } = certificate.kind()
        && bits < SHORTEST
    {
        signer.faults.push(Fault::WeakKey(bits));
    }
    let hashed = match &info.signed {
        Some(attributes) => scheme.hash().of(attributes),
        None => content.of(scheme.hash()).ok_or_else(|| Fault::AlgorithmUnsupported(scheme.hash().name().to_owned()))?.to_vec(),
    };
    match scheme.verify(certificate.public_key(), &hashed, info.signature) {
        // Without attributes, the signature itself is over the content: which of the two was changed cannot be known, and it was the content before.
        Err(Fault::SignatureWrong) if info.signed.is_none() => Err(Fault::ContentChanged),
        result => result,
    }
}

/// Whether the certificate is the sender's, was valid, is for mail, and is trusted.
fn check_certificate(certificate: &Certificate, sent: &[Certificate], question: &Question<'_>, signer: &mut Signer) {
    let at = signer.signed_at.unwrap_or(question.now);
    let faults = &mut signer.faults;
    if at > question.now.saturating_add(CLOCKS) {
        faults.push(Fault::SignedInFuture(at));
    }
    if at > certificate.not_after() {
        faults.push(Fault::Expired(certificate.not_after()));
    } else if at < certificate.not_before() {
        faults.push(Fault::NotYetValid(certificate.not_before()));
    } else if question.now > certificate.not_after() {
        faults.push(Fault::ExpiredSince(certificate.not_after()));
    }
    if !question.from.iter().any(|address| certificate.is_for(address)) {
        faults.push(Fault::OtherAddress(certificate.emails().to_vec()));
    }
    if !certificate.can_sign() {
        faults.push(Fault::NotForSigning(certificate.subject()));
    }
    if let Some(oid) = certificate.unknown_critical().first() {
        faults.push(Fault::Untrusted(format!("{}, extension {oid}", certificate.subject())));
        return;
    }
    let others: Vec<Certificate> = sent.iter().chain(question.known).cloned().collect();
    match trust::chain(certificate, &others, question.trust, at) {
        Ok(chain) => signer.chain = chain,
        Err(fault) => faults.push(fault),
    }
}
