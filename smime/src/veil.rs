//! Opened content that has to lie on a disk for a while, hidden from all but the process.

use crate::Error;
use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use getrandom::SysRng;
use getrandom::rand_core::TryRng;
use zeroize::Zeroizing;

/// A random key in memory, under which one file is written and read at any place: AES-256 in counter mode.
///
/// It hides and does not protect against changes: it is for files that nothing else can open.
pub struct Veil(Zeroizing<[u8; 32]>);

impl Veil {
    /// A new key, for one file: the counter begins with zero.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] where the system gives no random numbers.
    pub fn new() -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(key.as_mut()).map_err(Error::failed)?;
        Ok(Self(key))
    }

    /// Hides the bytes that stand at this place of the file, or shows them again.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] beyond what one key can hide: 2^68 bytes.
    pub fn apply(&self, block: &mut [u8], at: u64) -> Result<(), Error> {
        let mut cipher = Ctr128BE::<Aes256>::new((&*self.0).into(), &[0; 16].into());
        cipher.try_seek(at).and_then(|()| cipher.try_apply_keystream(block)).map_err(Error::failed)
    }
}
