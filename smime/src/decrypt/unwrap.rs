//! Getting at the key of the content with a private key.

use super::cbc::Chained;
use crate::ber::{Algorithm, Fields, OCTETS, SEQUENCE, whole};
use crate::key::PrivateKey;
use crate::verify::{Hash, mask_hash, named};
use crate::{Digest, Fault, agreement};
use aes_kw::cipher::KeyInit;
use aes_kw::{KwAes128, KwAes192, KwAes256};
use cbc::cipher::KeyIvInit;
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912};
use getrandom::SysRng;
use getrandom::rand_core::TryRng;
use rsa::{Oaep, Pkcs1v15Encrypt};
use sha1::digest::FixedOutputReset;
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

/// The ways of ECDH with a key of the sender for this once (RFC 5753, section 7.1.4), with and without cofactor, which is 1 on these curves.
const SCHEMES: &[(ObjectIdentifier, Hash)] = &[
    (ObjectIdentifier::new_unwrap("1.3.133.16.840.63.0.2"), Hash::Sha1),
    (ObjectIdentifier::new_unwrap("1.3.133.16.840.63.0.3"), Hash::Sha1),
    (agreement::STD_DH_SHA_256, Hash::Sha2(Digest::Sha256)),
    (ObjectIdentifier::new_unwrap("1.3.132.1.11.2"), Hash::Sha2(Digest::Sha384)),
    (ObjectIdentifier::new_unwrap("1.3.132.1.11.3"), Hash::Sha2(Digest::Sha512)),
    (ObjectIdentifier::new_unwrap("1.3.132.1.14.1"), Hash::Sha2(Digest::Sha256)),
    (ObjectIdentifier::new_unwrap("1.3.132.1.14.2"), Hash::Sha2(Digest::Sha384)),
    (ObjectIdentifier::new_unwrap("1.3.132.1.14.3"), Hash::Sha2(Digest::Sha512)),
];

/// id-alg-CMS3DESwrap (RFC 3370, section 4.3.1).
const TRIPLE_DES_WRAP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.3.6");

/// RSA with PKCS#1 1.5. There is always a key: where the padding is wrong, it is a wrong one.
pub(super) fn pkcs1(own: &rsa::PrivateKey, encrypted: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut random = Zeroizing::new(vec![0; length]);
    SysRng.try_fill_bytes(&mut random).map_err(|error| Fault::Source(error.to_string()))?;
    // `rsa` makes up a key of some length where the padding is wrong.
    let key = own.decrypt_blinded(&mut SysRng, Pkcs1v15Encrypt, encrypted).map(Zeroizing::new).map_err(|_| Fault::DecryptFailed)?;
    Ok(if key.len() == length { key } else { random })
}

/// RSAES-OAEP, with the digests of RSAES-OAEP-params (RFC 4055, section 4.1), whose defaults are SHA-1 for both and no label.
pub(super) fn oaep(own: &rsa::PrivateKey, parameters: Option<&[u8]>, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    const WHAT: &str = "the parameters of RSAES-OAEP";
    let (mut hash, mut mask, mut label) = (Hash::Sha1, Hash::Sha1, None);
    let mut fields = match parameters {
        Some(parameters) => Fields::of(parameters, SEQUENCE, WHAT)?,
        None => Fields::within(&[], WHAT)?,
    };
    while let Some(field) = fields.next()? {
        let algorithm = Fields::of(field, field[0], WHAT)?.algorithm()?;
        match field[0] {
            0xa0 => hash = named(algorithm)?,
            0xa1 => mask = mask_hash(algorithm)?,
            0xa2 => label = algorithm.parameters.map(|label| whole(label, OCTETS, WHAT)).transpose()?,
            _ => return Err(Fault::Malformed(WHAT)),
        }
    }
    let opened = match hash {
        Hash::Sha1 => opened::<Sha1>(own, hash, mask, label, encrypted),
        Hash::Sha2(Digest::Sha256) => opened::<Sha256>(own, hash, mask, label, encrypted),
        Hash::Sha2(Digest::Sha384) => opened::<Sha384>(own, hash, mask, label, encrypted),
        Hash::Sha2(Digest::Sha512) => opened::<Sha512>(own, hash, mask, label, encrypted),
        Hash::Md5 => None,
    };
    opened.ok_or_else(|| Fault::AlgorithmUnsupported(format!("RSAES-OAEP with {} and {}", hash.name(), mask.name())))?
}

/// Opens with a digest, and with the same or SHA-1 for the mask (as Java and Android have it); `None` for another.
fn opened<D: sha1::Digest + FixedOutputReset>(
    own: &rsa::PrivateKey,
    hash: Hash,
    mask: Hash,
    label: Option<&[u8]>,
    encrypted: &[u8],
) -> Option<Result<Zeroizing<Vec<u8>>, Fault>> {
    let label = label.unwrap_or_default();
    let opened = if mask == hash {
        own.decrypt_blinded(&mut SysRng, Oaep::<D, D>::new_with_mgf_hash_and_label(label), encrypted)
    } else if mask == Hash::Sha1 {
        own.decrypt_blinded(&mut SysRng, Oaep::<D, Sha1>::new_with_mgf_hash_and_label(label), encrypted)
    } else {
        return None;
    };
    Some(opened.map(Zeroizing::new).map_err(|_| Fault::DecryptFailed))
}

/// ECDH with the originator's key, then AES key wrap (RFC 5753, section 3.1).
pub(super) fn agreed(
    own: &PrivateKey,
    originator: &[u8],
    ukm: Option<&[u8]>,
    algorithm: Algorithm<'_>,
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    const WHAT: &str = "the key of the originator";
    let unsupported = |oid: ObjectIdentifier| Fault::AlgorithmUnsupported(oid.to_string());
    let (_, hash) = SCHEMES.iter().find(|(oid, _)| *oid == algorithm.oid).ok_or_else(|| unsupported(algorithm.oid))?;
    let wrap = algorithm.parameters.ok_or(Fault::Malformed("the key wrap"))?;
    let wrap_oid = Algorithm::read(wrap, "the key wrap")?.oid;
    let length = match wrap_oid {
        rfc5911::ID_AES_128_WRAP => 16,
        rfc5911::ID_AES_192_WRAP => 24,
        rfc5911::ID_AES_256_WRAP => 32,
        TRIPLE_DES_WRAP => 24,
        other => return Err(unsupported(other)),
    };
    // OriginatorPublicKey [1]; the other choices are keys of certificates, which mail does not agree with.
    let mut fields = Fields::of(originator, 0xa1, WHAT)?;
    if fields.algorithm()?.oid != rfc5912::ID_EC_PUBLIC_KEY {
        return Err(Fault::Malformed(WHAT));
    }
    let [0, point @ ..] = fields.content(0x03)? else { return Err(Fault::Malformed(WHAT)) };
    let secret = shared(own, point)?;
    let wrapping = match hash {
        Hash::Sha2(Digest::Sha256) => agreement::key::<Sha256>(&secret, wrap, ukm, length),
        Hash::Sha2(Digest::Sha384) => agreement::key::<Sha384>(&secret, wrap, ukm, length),
        Hash::Sha2(Digest::Sha512) => agreement::key::<Sha512>(&secret, wrap, ukm, length),
        _ => agreement::key::<Sha1>(&secret, wrap, ukm, length),
    };
    if wrap_oid == TRIPLE_DES_WRAP {
        return triple_des_unwrapped(&wrapping, encrypted).ok_or(Fault::DecryptFailed);
    }
    let mut key = Zeroizing::new(vec![0; encrypted.len()]);
    let length = match length {
        16 => KwAes128::new_from_slice(&wrapping).ok().and_then(|wrap| wrap.unwrap_key(encrypted, &mut key).ok().map(<[u8]>::len)),
        24 => KwAes192::new_from_slice(&wrapping).ok().and_then(|wrap| wrap.unwrap_key(encrypted, &mut key).ok().map(<[u8]>::len)),
        _ => KwAes256::new_from_slice(&wrapping).ok().and_then(|wrap| wrap.unwrap_key(encrypted, &mut key).ok().map(<[u8]>::len)),
    };
    key.truncate(length.ok_or(Fault::DecryptFailed)?);
    Ok(key)
}

/// Triple-DES key wrap (RFC 3217, section 3.2), which `openssl` takes to content in 3DES.
fn triple_des_unwrapped(wrapping: &[u8], encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const VECTOR: [u8; 8] = [0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05];
    if encrypted.len() != 40 {
        return None;
    }
    let chained = |vector: &[u8]| cbc::Decryptor::<des::TdesEde3>::new_from_slices(wrapping, vector).ok();
    let mut outer = Zeroizing::new(encrypted.to_vec());
    chained(&VECTOR)?.decrypt(&mut outer);
    outer.reverse();
    let (vector, inner) = outer.split_at(8);
    let mut inner = Zeroizing::new(inner.to_vec());
    chained(vector)?.decrypt(&mut inner);
    let sum = inner.split_off(24);
    (Sha1::digest(&inner)[..8] == sum).then_some(inner)
}

/// The secret that both sides have: a point that is not on the curve is refused, or it would tell about the private key.
fn shared(own: &PrivateKey, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let secret = match own {
        PrivateKey::P256(own) => {
            let theirs = p256::PublicKey::from_sec1_bytes(point).map_err(|_| Fault::DecryptFailed)?;
            p256::ecdh::diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine()).raw_secret_bytes().to_vec()
        }
        PrivateKey::P384(own) => {
            let theirs = p384::PublicKey::from_sec1_bytes(point).map_err(|_| Fault::DecryptFailed)?;
            p384::ecdh::diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine()).raw_secret_bytes().to_vec()
        }
        PrivateKey::Rsa(_) => return Err(Fault::DecryptFailed),
    };
    Ok(Zeroizing::new(secret))
}
