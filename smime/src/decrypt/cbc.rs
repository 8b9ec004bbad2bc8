//! Cipher block chaining, whatever the cipher.

use cbc::Decryptor;
use cbc::cipher::{Array, BlockCipherDecrypt, BlockModeDecrypt, BlockSizeUser};

/// A cipher in chaining mode that decrypts whole blocks where they stand.
pub(super) trait Chained {
    /// Bytes of a block.
    fn size(&self) -> usize;

    /// Decrypts the next blocks; what fills none is left as it is.
    fn decrypt(&mut self, bytes: &mut [u8]);
}

impl<C: BlockCipherDecrypt> Chained for Decryptor<C> {
    fn size(&self) -> usize {
        <C as BlockSizeUser>::block_size()
    }

    fn decrypt(&mut self, bytes: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(bytes);
        self.decrypt_blocks(blocks);
    }
}

/// The last block without its padding (RFC 5652, section 6.3); `None` where it is none.
pub(super) fn unpadded(block: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*block.last()?);
    let length = block.len().checked_sub(padding)?;
    // All of it is looked at, wrong or not.
    let wrong = block[length..].iter().fold(0, |wrong, byte| wrong | (*byte ^ padding as u8));
    (padding > 0 && wrong == 0).then(|| &block[..length])
}

#[cfg(test)]
mod tests {
    use super::unpadded;

    #[test]
    fn padding_is_as_many_bytes_as_they_say() {
        assert_eq!(unpadded(&[1, 2, 2, 2]), Some(&[1, 2][..]));
        assert_eq!(unpadded(&[4, 4, 4, 4]), Some(&[][..]));
        for wrong in [&[1, 2, 3, 2][..], &[1, 2, 3, 0], &[5, 5, 5, 5], &[]] {
            assert_eq!(unpadded(wrong), None, "{wrong:?}");
        }
    }
}
