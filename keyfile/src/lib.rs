//! Reads certificates and private keys out of the files that people have: PKCS#12 (also with the RC2 and 3DES of old Windows exports), and PEM with
//! keys in PKCS#8, PKCS#1 or SEC 1, encrypted or not.
//!
//! Client certificates of TLS and identities of S/MIME come from such files, and are read here once. Everything comes out as DER, private keys as PKCS#8 in memory that is
//! wiped. Nothing is judged: whether a certificate is good, and whether a key belongs to it, is the caller's question.

#![forbid(unsafe_code)]

mod content;
mod der;
mod legacy;
mod pem;
mod pkcs12;

pub use content::{Content, Unusable};

/// Reads certificates and private keys of a file in either form. A file without password takes any.
///
/// # Errors
///
/// [`Unusable`], each of its kinds.
pub fn read(file: &[u8], password: &str) -> Result<Content, Unusable> {
    if is_pem(file) { pem::read(file, password) } else { pkcs12::read(file, password) }
}

/// Reads the certificates of a file (DER): all blocks of PEM, possibly none; the whole file where it is not PEM.
///
/// # Errors
///
/// [`Unusable::Damaged`] where a block of PEM is.
pub fn certificates(file: &[u8]) -> Result<Vec<Vec<u8>>, Unusable> {
    if is_pem(file) { pem::certificates(file) } else { Ok(vec![file.to_vec()]) }
}

/// Whether a file is PEM (RFC 7468). Explanations may stand before the first block, as OpenSSL writes them.
pub fn is_pem(file: &[u8]) -> bool {
    file.windows(11).any(|window| window == b"-----BEGIN ")
}
