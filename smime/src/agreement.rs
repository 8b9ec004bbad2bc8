//! The key that both sides of an ECDH agreement derive (RFC 5753).

use crate::{Error, frame};
use const_oid::ObjectIdentifier;
use der::Encode;
use sha2::Digest;
use zeroize::Zeroizing;

/// dhSinglePass-stdDH-sha256kdf-scheme (RFC 5753, section 7.1.4).
pub(crate) const STD_DH_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.1.11.1");

/// The AlgorithmIdentifier (DER) of a key wrap, which has no parameters (RFC 3565, section 2.3.2).
pub(crate) fn wrap(algorithm: ObjectIdentifier) -> Result<Vec<u8>, Error> {
    Ok(frame::value(0x30, &algorithm.to_der().map_err(Error::failed)?))
}

/// Derives the key-encryption key: ANSI X9.63's function of a digest (SEC 1, section 3.6.1) over the shared secret and ECC-CMS-SharedInfo.
pub(crate) fn key<D: Digest>(secret: &[u8], wrap: &[u8], ukm: Option<&[u8]>, length: usize) -> Zeroizing<Vec<u8>> {
    let bits = (length as u32 * 8).to_be_bytes();
    let material = ukm.map(|ukm| frame::value(0xa0, &frame::value(0x04, ukm))).unwrap_or_default();
    let shared_info = frame::value(0x30, &[wrap, &material, &frame::value(0xa2, &frame::value(0x04, &bits))].concat());
    let mut key = Zeroizing::new(Vec::with_capacity(length + 64));
    for round in 1_u32.. {
        key.extend_from_slice(&D::new().chain_update(secret).chain_update(round.to_be_bytes()).chain_update(&shared_info).finalize());
        if key.len() >= length {
            break;
        }
    }
    key.truncate(length);
    key
}
