//! For whom content is encrypted, and the key of the content (RFC 5652, section 6.2; RFC 5753).

use super::cipher::Cipher;
use super::unwrap;
use crate::ber::{Algorithm, Fields, INTEGER, SEQUENCE, whole};
use crate::key::PrivateKey;
use crate::verify::is_key;
use crate::{Certificate, Fault, Identity};
use const_oid::db::rfc5912;
use der::Decode;
use x509_cert::name::Name;
use zeroize::Zeroizing;

const WHAT: &str = "a recipient";

/// KeyAgreeRecipientInfo.
const AGREEMENT: u8 = 0xa1;

/// A RecipientInfo of one of the two kinds that certificates have.
enum Info<'a> {
    Transport {
        identifier: &'a [u8],
        algorithm: Algorithm<'a>,
        encrypted: &'a [u8],
    },
    Agreement {
        originator: &'a [u8],
        ukm: Option<&'a [u8]>,
        algorithm: Algorithm<'a>,
        keys: &'a [u8],
    },
    /// By password, by a key that both have already, and what came later.
    Other,
}

impl<'a> Info<'a> {
    fn read(der: &'a [u8]) -> Result<Self, Fault> {
        let tag = der.first().copied().unwrap_or_default();
        if tag != SEQUENCE && tag != AGREEMENT {
            return Ok(Self::Other);
        }
        let mut fields = Fields::of(der, tag, WHAT)?;
        fields.version()?;
        if tag == SEQUENCE {
            return Ok(Self::Transport { identifier: fields.required()?, algorithm: fields.algorithm()?, encrypted: fields.octets()? });
        }
        let originator = fields.content(0xa0)?;
        let ukm = match fields.optional(0xa1)? {
            Some(explicit) => Some(Fields::of(explicit, 0xa1, WHAT)?.octets()?),
            None => None,
        };
        Ok(Self::Agreement { originator, ukm, algorithm: fields.algorithm()?, keys: fields.content(SEQUENCE)? })
    }

    /// The identifiers of the recipients, with what is encrypted for each.
    fn each(&self, mut take: impl FnMut(&'a [u8], &'a [u8]) -> bool) -> Result<(), Fault> {
        match self {
            Self::Transport { identifier, encrypted, .. } => {
                take(identifier, encrypted);
            }
            Self::Agreement { keys, .. } => {
                let mut keys = Fields::within(keys, WHAT)?;
                while let Some(key) = keys.next()? {
                    let mut fields = Fields::of(key, SEQUENCE, WHAT)?;
                    if !take(fields.required()?, fields.octets()?) {
                        break;
                    }
                }
            }
            Self::Other => {}
        }
        Ok(())
    }
}

/// Whether an identifier is that of a certificate: issuer and serial number, or the key's own, which stands by itself or in RecipientKeyIdentifier.
fn is_of(identifier: &[u8], certificate: &Certificate) -> bool {
    match identifier.first() {
        Some(&SEQUENCE) => identifier == certificate.issuer_and_serial(),
        Some(0x80) => whole(identifier, 0x80, WHAT).is_ok_and(|key| is_key(certificate, key)),
        Some(0xa0) => Fields::of(identifier, 0xa0, WHAT).and_then(|mut fields| fields.octets()).is_ok_and(|key| is_key(certificate, key)),
        _ => false,
    }
}

/// The number of the first identity that is among the recipients.
pub(super) fn identity(der: &[u8], identities: &[Identity]) -> Result<Option<usize>, Fault> {
    let mut first: Option<usize> = None;
    Info::read(der)?.each(|identifier, _| {
        first = identities.iter().position(|identity| is_of(identifier, identity.certificate()));
        first.is_none()
    })?;
    Ok(first)
}

/// The names of recipients, no more than so many.
pub(super) fn names(der: &[u8], most: usize) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    Info::read(der)?.each(|identifier, _| {
        names.push(name(identifier));
        names.len() < most
    })?;
    Ok(names)
}

fn name(identifier: &[u8]) -> String {
    let hexadecimal = |bytes: &[u8]| bytes.iter().take(40).map(|byte| format!("{byte:02x}")).collect::<String>();
    let named = Fields::of(identifier, SEQUENCE, WHAT).and_then(|mut fields| {
        let issuer = Name::from_der(fields.required()?).map_err(|_| Fault::Malformed(WHAT))?;
        Ok(format!("{issuer}, {}", hexadecimal(fields.content(INTEGER)?)))
    });
    named.unwrap_or_else(|_| hexadecimal(identifier.get(2..).unwrap_or_default()))
}

/// The key of the content.
///
/// With PKCS#1 1.5 there is always one: where the padding is wrong, it is a wrong key, and the content does not come out. So an attacker does not learn about the padding (RFC 3218).
pub(super) fn key(der: &[u8], identity: &Identity, cipher: &Cipher) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let info = Info::read(der)?;
    let mut encrypted = None;
    info.each(|identifier, bytes| {
        encrypted = is_of(identifier, identity.certificate()).then_some(bytes);
        encrypted.is_none()
    })?;
    let encrypted = encrypted.ok_or(Fault::Malformed(WHAT))?;
    let key = match (&info, identity.key()) {
        (Info::Transport { algorithm, .. }, PrivateKey::Rsa(own)) if algorithm.oid == rfc5912::RSA_ENCRYPTION => {
            return unwrap::pkcs1(own, encrypted, cipher.key());
        }
        (Info::Transport { algorithm, .. }, PrivateKey::Rsa(own)) if algorithm.oid == rfc5912::ID_RSAES_OAEP => {
            unwrap::oaep(own, algorithm.parameters, encrypted)?
        }
        (Info::Agreement { originator, ukm, algorithm, .. }, own) => unwrap::agreed(own, originator, *ukm, *algorithm, encrypted)?,
        (Info::Transport { algorithm, .. }, _) => return Err(Fault::AlgorithmUnsupported(algorithm.oid.to_string())),
        (Info::Other, _) => return Err(Fault::DecryptFailed),
    };
    if key.len() == cipher.key() { Ok(key) } else { Err(Fault::DecryptFailed) }
}
