//! What a signer wants.

use crate::{Capability, Certificate, Digest};

/// How to sign.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The digest; `None` takes SHA-384 for keys on P-384, else SHA-256.
    pub digest: Option<Digest>,
    /// RSASSA-PSS (RFC 4056) instead of PKCS#1 1.5. Keys on curves sign with ECDSA either way.
    pub pss: bool,
    /// The time of signing, in seconds since 1970.
    pub time: i64,
    /// What the signer's program can decrypt, best first; an empty list says nothing. [`Capability::own`] has what is decrypted here.
    pub capabilities: Vec<Capability>,
    /// The certificate for which answers should be encrypted, where it is another than the signer's.
    pub encrypt_for: Option<Certificate>,
}
