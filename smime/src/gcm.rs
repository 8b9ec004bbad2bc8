//! AES in Galois/Counter Mode (NIST SP 800-38D), in blocks: `aes-gcm` wants the content in one piece, and stands on the same two crates.

use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipher};
use ctr::{Ctr32BE, CtrCore};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;

/// How much one key and nonce may encrypt, in bytes: the counter has 32 bits.
pub(crate) const MOST: u64 = (1 << 36) - 32;

/// Encrypts or decrypts content in blocks of any length, and makes its tag.
pub(crate) struct Gcm<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>> {
    stream: Ctr32BE<C>,
    hash: Hash,
    /// What the hash is masked with: the block of the first counter.
    mask: [u8; 16],
}

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit> Gcm<C> {
    /// Begins. A key must never meet a nonce twice.
    pub(crate) fn new(cipher: C, nonce: &[u8; 12]) -> Self {
        let mut counter = [0; 16];
        counter[..12].copy_from_slice(nonce);
        counter[15] = 1;
        let mut hash_key = aes::Block::default();
        cipher.encrypt_block(&mut hash_key);
        let mut stream = Ctr32BE::from_core(CtrCore::inner_iv_init(cipher, &counter.into()));
        let mut mask = [0; 16];
        stream.apply_keystream(&mut mask);
        Self { stream, hash: Hash::new(&hash_key), mask }
    }

    /// Takes additional data, which is authenticated without being encrypted: all of it at once, before the first block.
    pub(crate) fn associate(&mut self, data: &[u8]) {
        self.hash.hash.update_padded(data);
        self.hash.associated = data.len() as u64;
    }

    /// Decrypts the next block where it stands. Whether it is right, the tag tells.
    pub(crate) fn decrypt(&mut self, block: &mut [u8]) {
        self.hash.update(block);
        self.stream.apply_keystream(block);
    }

    /// Takes the next encrypted block for the tag alone.
    pub(crate) fn pass(&mut self, block: &[u8]) {
        self.hash.update(block);
    }

    /// Encrypts the next block where it stands.
    pub(crate) fn encrypt(&mut self, block: &mut [u8]) {
        self.stream.apply_keystream(block);
        self.hash.update(block);
    }

    /// The tag of all that was encrypted.
    pub(crate) fn tag(self) -> [u8; 16] {
        let hash = self.hash.finish();
        std::array::from_fn(|at| hash[at] ^ self.mask[at])
    }
}

/// GHASH over blocks of any length.
struct Hash {
    hash: GHash,
    rest: [u8; 16],
    /// Bytes so far; those that fill no block of 16 are in `rest`.
    length: u64,
    /// Bytes of additional data.
    associated: u64,
}

impl Hash {
    fn new(key: &aes::Block) -> Self {
        Self { hash: GHash::new(key), rest: [0; 16], length: 0, associated: 0 }
    }

    fn update(&mut self, mut block: &[u8]) {
        let begun = (self.length % 16) as usize;
        self.length += block.len() as u64;
        if begun > 0 {
            let (first, others) = block.split_at(block.len().min(16 - begun));
            self.rest[begun..begun + first.len()].copy_from_slice(first);
            block = others;
            if begun + first.len() < 16 {
                return;
            }
            self.hash.update(&[self.rest.into()]);
        }
        let whole = block.len() / 16 * 16;
        self.hash.update_padded(&block[..whole]);
        self.rest[..block.len() - whole].copy_from_slice(&block[whole..]);
    }

    fn finish(mut self) -> [u8; 16] {
        self.hash.update_padded(&self.rest[..(self.length % 16) as usize]);
        let mut lengths = [0; 16];
        lengths[..8].copy_from_slice(&(self.associated * 8).to_be_bytes());
        lengths[8..].copy_from_slice(&(self.length * 8).to_be_bytes());
        self.hash.update(&[lengths.into()]);
        self.hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aes_gcm::aead::Aead;
    use aes_gcm::{Aes128Gcm, Aes256Gcm};

    #[test]
    fn content_in_blocks_is_what_it_is_in_one_piece() {
        let content: Vec<u8> = (0..1000u32).map(|number| (number * 7) as u8).collect();
        let nonce = [9; 12];
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 255, 1000] {
            for step in [1, 5, 16, 24, 700] {
                let mut blocks = content[..length].to_vec();
                let mut gcm = Gcm::new(aes::Aes256::new(&[7; 32].into()), &nonce);
                blocks.chunks_mut(step).for_each(|block| gcm.encrypt(block));
                blocks.extend(gcm.tag());
                let whole = Aes256Gcm::new(&[7; 32].into()).encrypt(&nonce.into(), &content[..length]).unwrap();
                assert_eq!(blocks, whole, "{length} by {step}");
            }
        }
        let mut short = content.clone();
        let mut gcm = Gcm::new(aes::Aes128::new(&[7; 16].into()), &nonce);
        gcm.encrypt(&mut short);
        short.extend(gcm.tag());
        assert_eq!(short, Aes128Gcm::new(&[7; 16].into()).encrypt(&nonce.into(), &content[..]).unwrap());
    }

    #[test]
    fn blocks_are_decrypted_with_additional_data() {
        use aes_gcm::aead::Payload;
        let nonce = [3; 12];
        for length in [0, 5, 16, 17, 100] {
            for additional in [0, 1, 16, 33] {
                let (content, additional) = (vec![1; length], vec![2; additional]);
                let payload = Payload { msg: &content, aad: &additional };
                let sealed = Aes256Gcm::new(&[7; 32].into()).encrypt(&nonce.into(), payload).unwrap();
                let (mut text, tag) = (sealed[..length].to_vec(), &sealed[length..]);
                for is_first in [true, false] {
                    let mut gcm = Gcm::new(aes::Aes256::new(&[7; 32].into()), &nonce);
                    gcm.associate(&additional);
                    text.chunks_mut(7).for_each(|block| if is_first { gcm.pass(block) } else { gcm.decrypt(block) });
                    assert_eq!(gcm.tag(), tag);
                }
                assert_eq!(text, content);
            }
        }
    }
}
