//! The signature itself.

use crate::key::PrivateKey;
use crate::{Digest, Error, frame};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;
use der::Encode;
use getrandom::SysRng;
use p256::ecdsa::signature::hazmat::RandomizedPrehashSigner;
use rsa::Pss;
use rsa::traits::PublicKeyParts;
use sha2::{Sha256, Sha384, Sha512};

/// A key's way to sign.
pub(super) enum Scheme {
    /// RSA with PKCS#1 1.5 (RFC 3370, section 3.2).
    Pkcs1(Digest),
    /// RSASSA-PSS with the digest for everything and a salt of its length (RFC 4056, section 3).
    Pss(Digest),
    /// ECDSA (RFC 5754, section 3.3).
    Ecdsa(Digest),
}

impl Scheme {
    pub(super) fn new(key: &PrivateKey, digest: Digest, pss: bool) -> Self {
        match key {
            PrivateKey::Rsa(_) if pss => Self::Pss(digest),
            PrivateKey::Rsa(_) => Self::Pkcs1(digest),
            PrivateKey::P256(_) | PrivateKey::P384(_) => Self::Ecdsa(digest),
        }
    }

    /// The digest that matches the strength of a key (RFC 5753, section 7).
    pub(super) fn usual_digest(key: &PrivateKey) -> Digest {
        if matches!(key, PrivateKey::P384(_)) { Digest::Sha384 } else { Digest::Sha256 }
    }

    /// The length of a signature.
    pub(super) fn size(&self, key: &PrivateKey) -> usize {
        match key {
            PrivateKey::Rsa(key) => key.size(),
            PrivateKey::P256(_) => usual_length(32),
            PrivateKey::P384(_) => usual_length(48),
        }
    }

    /// AlgorithmIdentifier in DER.
    pub(super) fn algorithm(&self) -> Result<Vec<u8>, Error> {
        const NULL: &[u8] = &[5, 0];
        let algorithm = |oid: ObjectIdentifier, parameters: &[u8]| {
            let oid = oid.to_der().map_err(Error::failed)?;
            Ok(frame::value(0x30, &[&oid, parameters].concat()))
        };
        match self {
            Self::Pkcs1(_) => algorithm(rfc5912::RSA_ENCRYPTION, NULL),
            Self::Ecdsa(Digest::Sha256) => algorithm(rfc5912::ECDSA_WITH_SHA_256, &[]),
            Self::Ecdsa(Digest::Sha384) => algorithm(rfc5912::ECDSA_WITH_SHA_384, &[]),
            Self::Ecdsa(Digest::Sha512) => algorithm(rfc5912::ECDSA_WITH_SHA_512, &[]),
            Self::Pss(digest) => {
                let hash = algorithm(digest.oid(), NULL)?;
                let mask = algorithm(rfc5912::ID_MGF_1, &hash)?;
                let salt = frame::value(0x02, &[digest.size() as u8]);
                let parameters = [frame::value(0xa0, &hash), frame::value(0xa1, &mask), frame::value(0xa2, &salt)].concat();
                algorithm(rfc5912::ID_RSASSA_PSS, &frame::value(0x30, &parameters))
            }
        }
    }

    /// Signs a digest.
    pub(super) fn sign(&self, key: &PrivateKey, hashed: &[u8]) -> Result<Vec<u8>, Error> {
        match (key, self) {
            (PrivateKey::Rsa(key), Self::Pss(Digest::Sha256)) => key.sign_with_rng(&mut SysRng, Pss::<Sha256>::new(), hashed),
            (PrivateKey::Rsa(key), Self::Pss(Digest::Sha384)) => key.sign_with_rng(&mut SysRng, Pss::<Sha384>::new(), hashed),
            (PrivateKey::Rsa(key), Self::Pss(Digest::Sha512)) => key.sign_with_rng(&mut SysRng, Pss::<Sha512>::new(), hashed),
            (PrivateKey::Rsa(key), Self::Pkcs1(digest) | Self::Ecdsa(digest)) => return key.sign_pkcs1(*digest, hashed),
            (PrivateKey::P256(key), _) => {
                let signer = p256::ecdsa::SigningKey::from(&***key);
                let portable = || RandomizedPrehashSigner::<p256::ecdsa::DerSignature>::sign_prehash_with_rng(&signer, &mut SysRng, hashed);
                let once = || key.sign_by_system(hashed).map_or_else(|| portable().map(|signature| signature.as_bytes().to_vec()), Ok);
                return of_length(usual_length(32), once);
            }
            (PrivateKey::P384(key), _) => {
                let signer = p384::ecdsa::SigningKey::from(&***key);
                let portable = || RandomizedPrehashSigner::<p384::ecdsa::DerSignature>::sign_prehash_with_rng(&signer, &mut SysRng, hashed);
                let once = || key.sign_by_system(hashed).map_or_else(|| portable().map(|signature| signature.as_bytes().to_vec()), Ok);
                return of_length(usual_length(48), once);
            }
        }
        .map_err(Error::failed)
    }
}

/// The commonest length of an ECDSA signature on a field of so many bytes: SEQUENCE of two INTEGERs, one of which has a leading zero.
fn usual_length(field: usize) -> usize {
    2 + (2 + field) + (2 + field + 1)
}

/// Signs until the signature has the length that was announced. Each of its two numbers needs a leading zero in one of two cases, so every second signature fits, and with the
/// 128th the odds against it are those of guessing the key. The choice is by what everybody sees: the signature.
fn of_length<E: std::fmt::Display>(length: usize, sign: impl Fn() -> Result<Vec<u8>, E>) -> Result<Vec<u8>, Error> {
    for _ in 0..128 {
        let signature = sign().map_err(Error::failed)?;
        if signature.len() == length {
            return Ok(signature);
        }
    }
    Err(Error::Failed("the system's random numbers do not change".to_owned()))
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
mod tests {
    use super::*;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use p256::ecdsa::signature::hazmat::PrehashVerifier;

    #[test]
    fn what_openssl_signs_the_curve_verifies() {
        let pair = EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap();
        let key = PrivateKey::from_pkcs8(&PKey::from_ec_key(pair).unwrap().private_key_to_pkcs8().unwrap()).unwrap();
        let PrivateKey::P256(own) = &key else { panic!("it is on P-256") };
        let hashed = Digest::Sha256.of(b"content");
        let verifier = p256::ecdsa::VerifyingKey::from(own.public_key());
        let verify = |signature: &[u8], hashed: &[u8]| {
            verifier.verify_prehash(hashed, &p256::ecdsa::Signature::from_der(signature).unwrap()).is_ok()
        };
        for _ in 0..20 {
            let signature = own.sign_by_system(&hashed).unwrap();
            assert!(verify(&signature, &hashed) && !verify(&signature, &Digest::Sha256.of(b"other")));
        }
        let announced = Scheme::Ecdsa(Digest::Sha256);
        assert_eq!(announced.sign(&key, &hashed).unwrap().len(), announced.size(&key));
    }
}
