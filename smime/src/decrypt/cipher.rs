//! The ciphers of content.

use super::cbc::{self, Chained};
use crate::Fault;
use crate::ber::{Algorithm, Fields, INTEGER, OCTETS, SEQUENCE, whole};
use crate::gcm::{self, Gcm};
use ::cbc::Decryptor;
use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911;
use rc2::Rc2;

/// RC2 in CBC (RFC 3370, section 5.2).
const RC2_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.2");
/// Three-key DES in CBC (RFC 3370, section 5.1).
const TRIPLE_DES_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");

const WHAT: &str = "the parameters of the cipher";

/// A cipher with its parameters.
#[derive(Clone, Debug)]
pub struct Cipher {
    kind: Kind,
    name: &'static str,
    /// Bytes of the key.
    key: usize,
    vector: Vec<u8>,
    /// Bytes of the tag.
    tag: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gcm,
    AesCbc,
    TripleDes,
    /// With so many bits of the key in effect.
    Rc2(usize),
}

impl Cipher {
    /// Reads ContentEncryptionAlgorithmIdentifier.
    pub(super) fn read(algorithm: &[u8]) -> Result<Self, Fault> {
        let algorithm = Algorithm::read(algorithm, "the cipher")?;
        let parameters = algorithm.parameters.unwrap_or_default();
        let (kind, name, key) = match algorithm.oid {
            rfc5911::ID_AES_128_CBC => (Kind::AesCbc, "AES-128-CBC", 16),
            rfc5911::ID_AES_192_CBC => (Kind::AesCbc, "AES-192-CBC", 24),
            rfc5911::ID_AES_256_CBC => (Kind::AesCbc, "AES-256-CBC", 32),
            rfc5911::ID_AES_128_GCM => (Kind::Gcm, "AES-128-GCM", 16),
            rfc5911::ID_AES_192_GCM => (Kind::Gcm, "AES-192-GCM", 24),
            rfc5911::ID_AES_256_GCM => (Kind::Gcm, "AES-256-GCM", 32),
            TRIPLE_DES_CBC => (Kind::TripleDes, "3DES", 24),
            RC2_CBC => return Self::rc2(parameters),
            other => return Err(Fault::AlgorithmUnsupported(other.to_string())),
        };
        let (vector, tag) = if kind == Kind::Gcm { gcm_parameters(parameters)? } else { (whole(parameters, OCTETS, WHAT)?, 0) };
        let length = match kind {
            Kind::Gcm => 12,
            Kind::AesCbc => 16,
            _ => 8,
        };
        if vector.len() != length {
            return Err(Fault::AlgorithmUnsupported(format!("{name} with an initialization vector of {} bytes", vector.len())));
        }
        Ok(Self { kind, name, key, vector: vector.to_vec(), tag })
    }

    /// RC2CBCParameter (RFC 3370, section 5.2): the version stands for the number of bits.
    fn rc2(parameters: &[u8]) -> Result<Self, Fault> {
        let mut fields = Fields::of(parameters, SEQUENCE, WHAT)?;
        let (bits, name) = match fields.content(INTEGER)? {
            [0, 160] => (40, "RC2-40"),
            [120] => (64, "RC2-64"),
            [58] => (128, "RC2-128"),
            _ => return Err(Fault::AlgorithmUnsupported("RC2 with an unusual number of bits".to_owned())),
        };
        let vector = fields.octets()?.to_vec();
        if vector.len() != 8 {
            return Err(Fault::Malformed(WHAT));
        }
        Ok(Self { kind: Kind::Rc2(bits), name, key: bits / 8, vector, tag: 0 })
    }

    /// Its name, as `AES-256-GCM`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether a change of the content is found out.
    pub fn has_tag(&self) -> bool {
        self.kind == Kind::Gcm
    }

    /// Whether it is not secure any more.
    pub fn is_weak(&self) -> bool {
        matches!(self.kind, Kind::TripleDes | Kind::Rc2(_))
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes of the key.
    pub(super) fn key(&self) -> usize {
        self.key
    }

    pub(super) fn vector(&self) -> &[u8] {
        &self.vector
    }

    /// The cipher in chaining mode, after this block of ciphertext.
    pub(super) fn chained(&self, key: &[u8], before: &[u8]) -> Result<Box<dyn Chained>, Fault> {
        fn made<C: Chained + KeyIvInit + 'static>(key: &[u8], vector: &[u8]) -> Result<Box<dyn Chained>, Fault> {
            let chained = C::new_from_slices(key, vector).map_err(|_| Fault::DecryptFailed)?;
            Ok(Box::new(chained))
        }
        match (self.kind, self.key) {
            (Kind::AesCbc, 16) => made::<Decryptor<Aes128>>(key, before),
            (Kind::AesCbc, 24) => made::<Decryptor<Aes192>>(key, before),
            (Kind::AesCbc, _) => made::<Decryptor<Aes256>>(key, before),
            (Kind::TripleDes, _) => made::<Decryptor<des::TdesEde3>>(key, before),
            (Kind::Rc2(bits), _) => {
                let cipher = Rc2::new_with_eff_key_len(key, bits);
                let chained = Decryptor::inner_iv_slice_init(cipher, before).map_err(|_| Fault::DecryptFailed)?;
                Ok(Box::new(chained))
            }
            (Kind::Gcm, _) => Err(Fault::DecryptFailed),
        }
    }

    /// The cipher in Galois/Counter Mode.
    pub(super) fn tagged(&self, key: &[u8], associated: Option<&[u8]>) -> Result<Box<dyn Tagged>, Fault> {
        fn made<C>(key: &[u8], vector: &[u8]) -> Result<Box<dyn Tagged>, Fault>
        where
            C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit + 'static,
        {
            let cipher = C::new_from_slice(key).map_err(|_| Fault::DecryptFailed)?;
            let nonce = vector.try_into().map_err(|_| Fault::DecryptFailed)?;
            Ok(Box::new(Gcm::new(cipher, &nonce)))
        }
        let mut tagged = match self.key {
            16 => made::<Aes128>(key, &self.vector),
            24 => made::<Aes192>(key, &self.vector),
            _ => made::<Aes256>(key, &self.vector),
        }?;
        tagged.associate(associated.unwrap_or_default());
        Ok(tagged)
    }
}

/// GCMParameters (RFC 5084, section 3.2): the nonce, and the length of the tag.
fn gcm_parameters(parameters: &[u8]) -> Result<(&[u8], usize), Fault> {
    let mut fields = Fields::of(parameters, SEQUENCE, WHAT)?;
    let nonce = fields.octets()?;
    let length = match fields.optional(INTEGER)? {
        Some(length) => whole(length, INTEGER, WHAT)?,
        None => &[12],
    };
    match length {
        [length @ 12..=16] => Ok((nonce, usize::from(*length))),
        _ => Err(Fault::Malformed(WHAT)),
    }
}

/// A cipher whose content has a tag.
pub(super) trait Tagged {
    /// Takes what is authenticated without being encrypted, before all else.
    fn associate(&mut self, bytes: &[u8]);
    /// Takes the next block for the tag alone.
    fn pass(&mut self, block: &[u8]);
    /// Decrypts the next block where it stands.
    fn decrypt(&mut self, block: &mut [u8]);
    /// The whole tag.
    fn tag(self: Box<Self>) -> [u8; 16];
}

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit> Tagged for Gcm<C> {
    fn associate(&mut self, bytes: &[u8]) {
        Gcm::associate(self, bytes);
    }

    fn pass(&mut self, block: &[u8]) {
        Gcm::pass(self, block);
    }

    fn decrypt(&mut self, block: &mut [u8]) {
        Gcm::decrypt(self, block);
    }

    fn tag(self: Box<Self>) -> [u8; 16] {
        Gcm::tag(*self)
    }
}

/// Whether a tag, which may be shortened, is this one. Takes the same time wherever they differ.
pub(super) fn is_same(tag: &[u8; 16], shortened: &[u8]) -> bool {
    shortened.len() >= 12 && tag.iter().zip(shortened).fold(0, |wrong, (one, other)| wrong | (one ^ other)) == 0
}

/// The first pass over the content with one key.
pub(super) enum Survey {
    Tagged(Box<dyn Tagged>, u64),
    /// The last two blocks and the bytes so far.
    Chained {
        key: zeroize::Zeroizing<Vec<u8>>,
        size: usize,
        last: Vec<u8>,
        length: u64,
    },
}

impl Survey {
    pub(super) fn new(cipher: &Cipher, key: &[u8], associated: Option<&[u8]>) -> Result<Self, Fault> {
        if cipher.has_tag() {
            return Ok(Self::Tagged(cipher.tagged(key, associated)?, 0));
        }
        let size = cipher.chained(key, &cipher.vector)?.size();
        Ok(Self::Chained { key: key.to_vec().into(), size, last: Vec::new(), length: 0 })
    }

    pub(super) fn update(&mut self, block: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Tagged(tagged, length) => {
                *length += block.len() as u64;
                if *length > gcm::MOST {
                    return Err(Fault::TooLarge("the content"));
                }
                tagged.pass(block);
            }
            Self::Chained { size, last, length, .. } => {
                *length += block.len() as u64;
                last.extend_from_slice(&block[block.len().saturating_sub(2 * *size)..]);
                last.drain(..last.len().saturating_sub(2 * *size));
            }
        }
        Ok(())
    }

    /// Ends: whether the tag is right, or the padding; in this mode the last block is decrypted with the one before it alone.
    pub(super) fn finish(self, cipher: &Cipher, tag: &[u8]) -> bool {
        match self {
            Self::Tagged(tagged, _) => tag.len() == cipher.tag && is_same(&tagged.tag(), tag),
            Self::Chained { key, size, last, length } => {
                if length == 0 || length % size as u64 != 0 {
                    return false;
                }
                let (before, own) = last.split_at(last.len() - size);
                let before = if before.is_empty() { &cipher.vector } else { before };
                let Ok(mut chained) = cipher.chained(&key, before) else { return false };
                let mut own = zeroize::Zeroizing::new(own.to_vec());
                chained.decrypt(&mut own);
                cbc::unpadded(&own).is_some()
            }
        }
    }
}
