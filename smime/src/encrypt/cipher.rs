//! Encrypting the content.

#[cfg(unix)]
use super::openssl::Content;
use crate::gcm::{self, Gcm};
use crate::{Error, frame};
use aes::Aes256;
use cbc::cipher::{BlockModeEncrypt, KeyInit, KeyIvInit};
use const_oid::db::rfc5911;
use der::Encode;

/// Bytes of the key of content.
pub(super) const KEY: usize = 32;

/// How content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// AES-256 in Galois/Counter Mode (RFC 5084): a change of the content is found out.
    Aes256Gcm,
    /// AES-256 in cipher block chaining (RFC 3565), which every program reads. Only a signature within tells whether the content was changed.
    Aes256Cbc,
}

impl Cipher {
    /// Whether a tag follows the content.
    pub(super) fn has_tag(self) -> bool {
        self == Self::Aes256Gcm
    }

    /// The most content that one key takes.
    pub(super) fn most(self) -> u64 {
        match self {
            Self::Aes256Gcm => gcm::MOST,
            // Far above any mail, and far below what frames could not count.
            Self::Aes256Cbc => 1 << 48,
        }
    }

    /// The size of encrypted content.
    pub(super) fn size(self, content: u64) -> u64 {
        match self {
            Self::Aes256Gcm => content,
            Self::Aes256Cbc => (content / 16 + 1) * 16,
        }
    }

    /// AlgorithmIdentifier in DER.
    pub(super) fn algorithm(self, vector: &[u8; 16]) -> Result<Vec<u8>, Error> {
        let (oid, parameters) = match self {
            // aes-nonce, and aes-ICVlen, whose default is 12 (RFC 5084, section 3.2).
            Self::Aes256Gcm => (rfc5911::ID_AES_256_GCM, frame::value(0x30, &[frame::value(0x04, &vector[..12]), vec![2, 1, 16]].concat())),
            Self::Aes256Cbc => (rfc5911::ID_AES_256_CBC, frame::value(0x04, vector)),
        };
        Ok(frame::value(0x30, &[oid.to_der().map_err(Error::failed)?, parameters].concat()))
    }
}

/// A cipher at work. What comes out is the same whatever computes it.
pub(super) enum Running {
    #[cfg(unix)]
    Openssl(Content),
    Gcm(Box<Gcm<Aes256>>),
    /// With what fills no block yet.
    Cbc(Box<cbc::Encryptor<Aes256>>, Vec<u8>),
}

impl Running {
    pub(super) fn new(cipher: Cipher, key: &[u8; KEY], vector: &[u8; 16]) -> Self {
        #[cfg(unix)]
        if let Ok(content) = Content::new(cipher.has_tag(), key, vector) {
            return Self::Openssl(content);
        }
        Self::portable(cipher, key, vector)
    }

    fn portable(cipher: Cipher, key: &[u8; KEY], vector: &[u8; 16]) -> Self {
        match cipher {
            Cipher::Aes256Gcm => {
                let mut nonce = [0; 12];
                nonce.copy_from_slice(&vector[..12]);
                Self::Gcm(Box::new(Gcm::new(Aes256::new(key.into()), &nonce)))
            }
            Cipher::Aes256Cbc => Self::Cbc(Box::new(cbc::Encryptor::new(key.into(), vector.into())), Vec::with_capacity(16)),
        }
    }

    pub(super) fn update(&mut self, mut block: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let begun = out.len();
        match self {
            #[cfg(unix)]
            Self::Openssl(content) => content.update(block, out)?,
            Self::Gcm(gcm) => {
                out.extend_from_slice(block);
                gcm.encrypt(&mut out[begun..]);
            }
            Self::Cbc(cbc, rest) => {
                let whole = (rest.len() + block.len()) / 16 * 16;
                if whole > 0 {
                    let (now, later) = block.split_at(whole - rest.len());
                    out.append(rest);
                    out.extend_from_slice(now);
                    chain(cbc, &mut out[begun..]);
                    block = later;
                }
                rest.extend_from_slice(block);
            }
        }
        Ok(())
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            #[cfg(unix)]
            Self::Openssl(content) => content.finish(out)?,
            Self::Gcm(gcm) => out.extend(frame::value(0x04, &gcm.tag())),
            Self::Cbc(mut cbc, mut rest) => {
                // RFC 5652, section 6.3: as many bytes as are missing, each of that value.
                let missing = 16 - rest.len();
                rest.resize(16, missing as u8);
                chain(&mut cbc, &mut rest);
                out.append(&mut rest);
            }
        }
        Ok(())
    }
}

/// Encrypts whole blocks where they stand.
fn chain(cbc: &mut cbc::Encryptor<Aes256>, bytes: &mut [u8]) {
    let (blocks, _) = aes::Block::slice_as_chunks_mut(bytes);
    cbc.encrypt_blocks(blocks);
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
mod tests {
    use super::*;

    fn sealed(mut running: Running, content: &[u8], step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for block in content.chunks(step) {
            running.update(block, &mut out).unwrap();
        }
        running.finish(&mut out).unwrap();
        out
    }

    #[test]
    fn what_comes_out_is_the_same_whatever_computes_it() {
        let content: Vec<u8> = (0..1000u32).map(|number| (number * 7) as u8).collect();
        let (key, vector) = ([7; KEY], [9; 16]);
        for cipher in [Cipher::Aes256Gcm, Cipher::Aes256Cbc] {
            for length in [0, 1, 15, 16, 17, 31, 32, 33, 255, 1000] {
                for step in [1, 5, 16, 24, 700] {
                    let fast = Running::new(cipher, &key, &vector);
                    assert!(matches!(fast, Running::Openssl(_)));
                    let portable = sealed(Running::portable(cipher, &key, &vector), &content[..length], step);
                    assert_eq!(sealed(fast, &content[..length], step), portable, "{cipher:?}, {length} by {step}");
                }
            }
        }
    }
}
