//! The same computations by OpenSSL, which on Unix is at hand for TLS: AES in a fraction of the time, RSA and curves in a tenth.
//!
//! What it does not take, the other crates do.

use crate::{Error, frame};
use ::openssl::derive::Deriver;
use ::openssl::ec::{EcKey, PointConversionForm};
use ::openssl::encrypt::Encrypter;
use ::openssl::error::ErrorStack;
use ::openssl::hash::MessageDigest;
use ::openssl::pkey::{PKey, PKeyRef, Public};
use ::openssl::rsa::Padding;
use ::openssl::symm::{self, Crypter, Mode};
use zeroize::Zeroizing;

/// Encrypts content in blocks of any length.
pub(super) struct Content {
    crypter: Crypter,
    /// How much more than it took it may give.
    ahead: usize,
    has_tag: bool,
}

impl Content {
    /// With AES-256 in GCM, which has a tag, or in CBC.
    pub(super) fn new(has_tag: bool, key: &[u8], vector: &[u8; 16]) -> Result<Self, ErrorStack> {
        let (name, vector) =
            if has_tag { (symm::Cipher::aes_256_gcm(), &vector[..12]) } else { (symm::Cipher::aes_256_cbc(), &vector[..]) };
        let crypter = Crypter::new(name, Mode::Encrypt, key, Some(vector))?;
        Ok(Self { crypter, ahead: name.block_size(), has_tag })
    }

    pub(super) fn update(&mut self, block: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let begun = out.len();
        out.resize(begun + block.len() + self.ahead, 0);
        let written = self.crypter.update(block, &mut out[begun..]).map_err(Error::failed)?;
        out.truncate(begun + written);
        Ok(())
    }

    /// What is left: the padding, or the tag.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut rest = [0; 32];
        let written = self.crypter.finalize(&mut rest).map_err(Error::failed)?;
        out.extend_from_slice(&rest[..written]);
        if self.has_tag {
            let mut tag = [0; 16];
            self.crypter.get_tag(&mut tag).map_err(Error::failed)?;
            out.extend(frame::value(0x04, &tag));
        }
        Ok(())
    }
}

/// Encrypts a key for the owner of an RSA key: with RSAES-OAEP and SHA-256, or with PKCS#1 1.5.
pub(super) fn transported(public: &PKeyRef<Public>, oaep: bool, key: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut encrypter = Encrypter::new(public)?;
    if oaep {
        encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        encrypter.set_rsa_oaep_md(MessageDigest::sha256())?;
        encrypter.set_rsa_mgf1_md(MessageDigest::sha256())?;
    } else {
        encrypter.set_rsa_padding(Padding::PKCS1)?;
    }
    let mut encrypted = vec![0; encrypter.encrypt_len(key)?];
    let length = encrypter.encrypt(key, &mut encrypted)?;
    encrypted.truncate(length);
    Ok(encrypted)
}

/// A key of this once on the curve of the public key: its point, and the secret that both have.
pub(super) fn agreed(public: &PKeyRef<Public>) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), ErrorStack> {
    let theirs = public.ec_key()?;
    let ours = EcKey::generate(theirs.group())?;
    let mut context = ::openssl::bn::BigNumContext::new()?;
    let point = ours.public_key().to_bytes(theirs.group(), PointConversionForm::UNCOMPRESSED, &mut context)?;
    let ours = PKey::from_ec_key(ours)?;
    let mut deriver = Deriver::new(&ours)?;
    deriver.set_peer(public)?;
    Ok((point, Zeroizing::new(deriver.derive_to_vec()?)))
}
