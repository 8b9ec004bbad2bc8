//! Whether a signature is a key's.

use super::hash::Hash;
use crate::ber::{Algorithm, Fields, INTEGER, SEQUENCE};
use crate::key::{Kind, rsa_key};
use crate::{Digest, Fault};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{Pkcs1v15Sign, Pss};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use spki::SubjectPublicKeyInfoOwned;

const SHA_256: Hash = Hash::Sha2(Digest::Sha256);
const SHA_384: Hash = Hash::Sha2(Digest::Sha384);
const SHA_512: Hash = Hash::Sha2(Digest::Sha512);

/// ECDSA with SHA-1 (RFC 3279, section 2.2.3).
const ECDSA_WITH_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");

/// The algorithms that name their digest.
const NAMED: &[(ObjectIdentifier, Method, Hash)] = &[
    (rfc5912::MD_5_WITH_RSA_ENCRYPTION, Method::Pkcs1, Hash::Md5),
    (rfc5912::SHA_1_WITH_RSA_ENCRYPTION, Method::Pkcs1, Hash::Sha1),
    (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Method::Pkcs1, SHA_256),
    (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, Method::Pkcs1, SHA_384),
    (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, Method::Pkcs1, SHA_512),
    (ECDSA_WITH_SHA_1, Method::Ecdsa, Hash::Sha1),
    (rfc5912::ECDSA_WITH_SHA_256, Method::Ecdsa, SHA_256),
    (rfc5912::ECDSA_WITH_SHA_384, Method::Ecdsa, SHA_384),
    (rfc5912::ECDSA_WITH_SHA_512, Method::Ecdsa, SHA_512),
];

/// How a signature was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme {
    method: Method,
    hash: Hash,
}

#[derive(Clone, Copy, Debug)]
enum Method {
    /// RSA with PKCS#1 1.5.
    Pkcs1,
    /// RSASSA-PSS with a salt of so many bytes.
    Pss(usize),
    Ecdsa,
}

impl Scheme {
    /// Reads the algorithm of a signature. `hash` is the digest where the algorithm names none.
    pub(crate) fn read(algorithm: Algorithm<'_>, hash: Option<Hash>) -> Result<Self, Fault> {
        if let Some((_, method, hash)) = NAMED.iter().find(|(oid, ..)| *oid == algorithm.oid) {
            return Ok(Self { method: *method, hash: *hash });
        }
        let unsupported = || Fault::AlgorithmUnsupported(algorithm.oid.to_string());
        match algorithm.oid {
            rfc5912::ID_RSASSA_PSS => Self::pss(algorithm.parameters),
            rfc5912::RSA_ENCRYPTION => Ok(Self { method: Method::Pkcs1, hash: hash.ok_or_else(unsupported)? }),
            // Some programs name the key where the signature should be.
            rfc5912::ID_EC_PUBLIC_KEY => Ok(Self { method: Method::Ecdsa, hash: hash.ok_or_else(unsupported)? }),
            _ => Err(unsupported()),
        }
    }

    /// RSASSA-PSS-params (RFC 4055, section 3.1), whose defaults are SHA-1 and 20 bytes.
    fn pss(parameters: Option<&[u8]>) -> Result<Self, Fault> {
        const WHAT: &str = "the parameters of RSASSA-PSS";
        let (mut hash, mut mask, mut salt) = (Hash::Sha1, Hash::Sha1, 20);
        let mut fields = match parameters {
            Some(parameters) => Fields::of(parameters, SEQUENCE, WHAT)?,
            None => Fields::within(&[], WHAT)?,
        };
        while let Some(field) = fields.next()? {
            let mut inner = Fields::of(field, field[0], WHAT)?;
            match field[0] {
                0xa0 => hash = named(inner.algorithm()?)?,
                0xa1 => mask = mask_hash(inner.algorithm()?)?,
                0xa2 => salt = inner.content(INTEGER)?.iter().fold(0_usize, |sum, byte| sum.saturating_mul(256) + usize::from(*byte)),
                0xa3 if inner.content(INTEGER)? == [1] => {}
                _ => return Err(Fault::Malformed(WHAT)),
            }
        }
        // `rsa` has one digest for both, as RFC 4056 recommends, and no key has room for more salt.
        if hash != mask || salt > 1024 {
            return Err(Fault::AlgorithmUnsupported(format!("RSASSA-PSS with {} and {}", hash.name(), mask.name())));
        }
        Ok(Self { method: Method::Pss(salt), hash })
    }

    /// The digest of what is signed.
    pub(crate) fn hash(&self) -> Hash {
        self.hash
    }

    /// Whether the signature of a digest was made with a key.
    pub(crate) fn verify(&self, key: &SubjectPublicKeyInfoOwned, hashed: &[u8], signature: &[u8]) -> Result<(), Fault> {
        let kind = Kind::of(key);
        let is_right = match (self.method, kind) {
            (Method::Pkcs1 | Method::Pss(_), Kind::Rsa { .. }) => {
                let key = rsa_key(key).ok_or_else(|| Fault::AlgorithmUnsupported(kind.to_string()))?;
                match self.method {
                    Method::Pss(salt) => self.pss_is_right(&key, salt, hashed, signature)?,
                    _ => {
                        let padding = Pkcs1v15Sign { hash_len: Some(self.hash.size()), prefix: self.hash.prefix().into() };
                        key.verify(padding, hashed, signature).is_ok()
                    }
                }
            }
            (Method::Ecdsa, Kind::P256 | Kind::P384 | Kind::P521) => {
                let point = key.subject_public_key.as_bytes().unwrap_or_default();
                ecdsa_is_right(kind, point, hashed, signature)
            }
            (_, Kind::Ed25519 | Kind::X25519 | Kind::Other(_)) => return Err(Fault::AlgorithmUnsupported(kind.to_string())),
            _ => false,
        };
        if is_right { Ok(()) } else { Err(Fault::SignatureWrong) }
    }

    fn pss_is_right(&self, key: &rsa::PublicKey, salt: usize, hashed: &[u8], signature: &[u8]) -> Result<bool, Fault> {
        let verified = match self.hash {
            Hash::Md5 => return Err(Fault::AlgorithmUnsupported("RSASSA-PSS with MD5".to_owned())),
            Hash::Sha1 => key.verify(Pss::<Sha1>::new_with_salt(salt), hashed, signature),
            Hash::Sha2(Digest::Sha256) => key.verify(Pss::<Sha256>::new_with_salt(salt), hashed, signature),
            Hash::Sha2(Digest::Sha384) => key.verify(Pss::<Sha384>::new_with_salt(salt), hashed, signature),
            Hash::Sha2(Digest::Sha512) => key.verify(Pss::<Sha512>::new_with_salt(salt), hashed, signature),
        };
        Ok(verified.is_ok())
    }
}

fn ecdsa_is_right(kind: Kind, point: &[u8], hashed: &[u8], signature: &[u8]) -> bool {
    // A digest shorter than the curve's order is the same number with zeros before it, and `ecdsa` refuses one that is much shorter.
    let width = kind.bits().div_ceil(8) as usize;
    let mut number = vec![0; width.saturating_sub(hashed.len())];
    number.extend_from_slice(hashed);
    match kind {
        Kind::P256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok();
            let signature = p256::ecdsa::DerSignature::try_from(signature).ok();
            key.zip(signature).is_some_and(|(key, signature)| key.verify_prehash(&number, &signature).is_ok())
        }
        Kind::P384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok();
            let signature = p384::ecdsa::DerSignature::try_from(signature).ok();
            key.zip(signature).is_some_and(|(key, signature)| key.verify_prehash(&number, &signature).is_ok())
        }
        _ => {
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok();
            let signature = p521::ecdsa::DerSignature::try_from(signature).ok();
            key.zip(signature).is_some_and(|(key, signature)| key.verify_prehash(&number, &signature).is_ok())
        }
    }
}

/// The digest that an AlgorithmIdentifier names.
pub(crate) fn named(algorithm: Algorithm<'_>) -> Result<Hash, Fault> {
    Hash::of_oid(algorithm.oid).ok_or_else(|| Fault::AlgorithmUnsupported(algorithm.oid.to_string()))
}

/// The digest of the mask generation function MGF1.
pub(crate) fn mask_hash(algorithm: Algorithm<'_>) -> Result<Hash, Fault> {
    match (algorithm.oid, algorithm.parameters) {
        (rfc5912::ID_MGF_1, Some(parameters)) => named(Algorithm::read(parameters, "the mask generation function")?),
        (oid, _) => Err(Fault::AlgorithmUnsupported(oid.to_string())),
    }
}
