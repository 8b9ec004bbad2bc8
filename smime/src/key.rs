//! Kinds of keys, and the private ones.

mod private_curve;
mod private_rsa;

use crate::Error;
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5912, rfc8410};
use der::Decode;
use der::asn1::ObjectIdentifier as Curve;
use rsa::traits::PublicKeyParts as _;
use spki::SubjectPublicKeyInfoOwned;
use std::fmt;

pub use private_curve::PrivateCurve;
pub use private_rsa::PrivateRsa;

/// The kind of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RSA; `bits` of its modulus.
    Rsa {
        /// Length of the modulus.
        bits: u32,
    },
    /// The NIST curve P-256 (secp256r1).
    P256,
    /// The NIST curve P-384 (secp384r1).
    P384,
    /// The NIST curve P-521 (secp521r1).
    P521,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// X25519 (RFC 8410).
    X25519,
    /// Another one: the object identifier of the algorithm, or of the curve.
    Other(ObjectIdentifier),
}

impl Kind {
    /// The kind of the key in a certificate.
    pub fn of(key: &SubjectPublicKeyInfoOwned) -> Self {
        let oid = key.algorithm.oid;
        match oid {
            rfc5912::RSA_ENCRYPTION | rfc5912::ID_RSASSA_PSS | rfc5912::ID_RSAES_OAEP => {
                modulus_bits(key).map_or(Self::Other(oid), |bits| Self::Rsa { bits })
            }
            rfc5912::ID_EC_PUBLIC_KEY => match key.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<Curve>().ok()) {
                Some(rfc5912::SECP_256_R_1) => Self::P256,
                Some(rfc5912::SECP_384_R_1) => Self::P384,
                Some(rfc5912::SECP_521_R_1) => Self::P521,
                Some(curve) => Self::Other(curve),
                None => Self::Other(oid),
            },
            rfc8410::ID_ED_25519 => Self::Ed25519,
            rfc8410::ID_X_25519 => Self::X25519,
            _ => Self::Other(oid),
        }
    }

    /// Length of the key in bits; 0 where the kind is not known.
    pub fn bits(self) -> u32 {
        match self {
            Self::Rsa { bits } => bits,
            Self::P256 | Self::Ed25519 | Self::X25519 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
            Self::Other(_) => 0,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(out, "RSA {bits}"),
            Self::P256 => out.write_str("P-256"),
            Self::P384 => out.write_str("P-384"),
            Self::P521 => out.write_str("P-521"),
            Self::Ed25519 => out.write_str("Ed25519"),
            Self::X25519 => out.write_str("X25519"),
            Self::Other(oid) => write!(out, "{oid}"),
        }
    }
}

/// The RSA key of a certificate, whatever the certificate allows it for (RFC 4055, section 1.2).
///
/// `rsa` takes a modulus of 1024 to 8192 bits and an exponent of 33 bits at most: a stranger's certificate must not cost seconds.
pub(crate) fn rsa_key(key: &SubjectPublicKeyInfoOwned) -> Option<rsa::PublicKey> {
    let parts = rsa::pkcs1::RsaPublicKeyRef::from_der(key.subject_public_key.as_bytes()?).ok()?;
    rsa::PublicKey::try_from(parts).ok()
}

fn modulus_bits(key: &SubjectPublicKeyInfoOwned) -> Option<u32> {
    let parts = rsa::pkcs1::RsaPublicKeyRef::from_der(key.subject_public_key.as_bytes()?).ok()?;
    let digits = parts.modulus.as_bytes();
    Some(u32::try_from(digits.len()).ok()? * 8 - digits.first()?.leading_zeros())
}

/// A private key. Dropping wipes it, and nothing prints it.
#[derive(Clone)]
pub enum PrivateKey {
    /// RSA, of 1024 to 8192 bits.
    Rsa(Box<PrivateRsa>),
    /// On P-256.
    P256(Box<PrivateCurve<p256::SecretKey>>),
    /// On P-384.
    P384(Box<PrivateCurve<p384::SecretKey>>),
}

impl PrivateKey {
    /// Reads PKCS#8 (RFC 5958, DER).
    ///
    /// # Errors
    ///
    /// [`Error::KeyUnsupported`] for another kind of key, [`Error::IdentityUnreadable`] for a damaged one.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        use rsa::pkcs8::PrivateKeyInfoRef;
        let damaged = |error: &dyn fmt::Display| Error::IdentityUnreadable(error.to_string());
        let info = PrivateKeyInfoRef::try_from(der).map_err(|error| damaged(&error))?;
        let oid = info.algorithm.oid;
        match oid {
            // RSA keys that are bound to one use have its object identifier, and `rsa` takes the general one only.
            rfc5912::RSA_ENCRYPTION | rfc5912::ID_RSASSA_PSS | rfc5912::ID_RSAES_OAEP => {
                let key = PrivateRsa::from_pkcs1(info.private_key.as_bytes()).map_err(|error| damaged(&error))?;
                Ok(Self::Rsa(Box::new(key)))
            }
            rfc5912::ID_EC_PUBLIC_KEY => match info.algorithm.parameters_oid() {
                Ok(rfc5912::SECP_256_R_1) => {
                    let key = p256::SecretKey::try_from(info).map_err(|error| damaged(&error))?;
                    Ok(Self::P256(Box::new(PrivateCurve::new(key, der))))
                }
                Ok(rfc5912::SECP_384_R_1) => {
                    let key = p384::SecretKey::try_from(info).map_err(|error| damaged(&error))?;
                    Ok(Self::P384(Box::new(PrivateCurve::new(key, der))))
                }
                Ok(rfc5912::SECP_521_R_1) => Err(Error::KeyUnsupported(Kind::P521.to_string())),
                Ok(curve) => Err(Error::KeyUnsupported(curve.to_string())),
                Err(error) => Err(damaged(&error)),
            },
            rfc8410::ID_ED_25519 => Err(Error::KeyUnsupported(Kind::Ed25519.to_string())),
            rfc8410::ID_X_25519 => Err(Error::KeyUnsupported(Kind::X25519.to_string())),
            _ => Err(Error::KeyUnsupported(oid.to_string())),
        }
    }

    /// Whether the public key is this one's.
    pub fn fits(&self, key: &SubjectPublicKeyInfoOwned) -> bool {
        let point = key.subject_public_key.as_bytes().unwrap_or_default();
        match self {
            Self::Rsa(own) => rsa_key(key).is_some_and(|other| other.n() == own.n() && other.e() == own.e()),
            Self::P256(own) => {
                Kind::of(key) == Kind::P256 && p256::PublicKey::from_sec1_bytes(point).is_ok_and(|other| other == own.public_key())
            }
            Self::P384(own) => {
                Kind::of(key) == Kind::P384 && p384::PublicKey::from_sec1_bytes(point).is_ok_and(|other| other == own.public_key())
            }
        }
    }

    /// What kind of key it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Rsa(key) => Kind::Rsa { bits: key.n().bit_width() },
            Self::P256(_) => Kind::P256,
            Self::P384(_) => Kind::P384,
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PrivateKey({} ***)", self.kind())
    }
}
