//! What comes out of a file, or why nothing does.

use std::fmt;
use zeroize::Zeroizing;

/// What a file has.
pub struct Content {
    /// Certificates (DER) in the order of the file. In PKCS#12, the one that the file links to the first key comes first.
    pub certificates: Vec<Vec<u8>>,
    /// Private keys (PKCS#8, DER), at least one.
    pub keys: Vec<Zeroizing<Vec<u8>>>,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// The password does not open it.
    Locked(String),
    /// It has no private key.
    NoKey,
    /// It has no certificate.
    NoCertificate,
    /// It is damaged, or of a form that is not read here; in English words.
    Damaged(String),
}

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(reason) | Self::Damaged(reason) => out.write_str(reason),
            Self::NoKey => out.write_str("the file holds no private key"),
            Self::NoCertificate => out.write_str("the file holds no certificate"),
        }
    }
}

impl std::error::Error for Unusable {}

pub(crate) fn damaged(reason: impl fmt::Display) -> Unusable {
    Unusable::Damaged(reason.to_string())
}
