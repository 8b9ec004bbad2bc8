//! Keys in PEM that are encrypted as OpenSSL did it before PKCS#8 (`DEK-Info`, RFC 1421).

use crate::content::{Unusable, damaged};
use crate::der;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use md5::{Digest, Md5};
use zeroize::Zeroizing;

/// Opens a key. The cipher's key is one MD5 after the other of password and salt.
pub(crate) fn decrypted(body: &[u8], encryption: &str, password: &str) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let (cipher, salt) = encryption.split_once(',').ok_or_else(|| damaged("the encryption of the key is not named"))?;
    let digits = salt.trim().as_bytes().chunks(2);
    let vector: Option<Vec<u8>> = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let vector = vector.filter(|vector| vector.len() >= 8).ok_or_else(|| damaged("the salt of the key is not hexadecimal"))?;
    let key = |length| stretched(password, &vector[..8], length);
    let locked = || Unusable::Locked("the key cannot be decrypted".to_owned());
    macro_rules! open {
        ($cipher:ty, $length:expr) => {{
            let cipher = cbc::Decryptor::<$cipher>::new_from_slices(&key($length), &vector)
                .map_err(|_| damaged("the salt of the key has a wrong length"))?;
            cipher.decrypt_padded_vec::<Pkcs7>(body).map_err(|_| locked())?
        }};
    }
    let opened = Zeroizing::new(match cipher.trim() {
        "AES-128-CBC" => open!(aes::Aes128, 16),
        "AES-192-CBC" => open!(aes::Aes192, 24),
        "AES-256-CBC" => open!(aes::Aes256, 32),
        "DES-EDE3-CBC" => open!(des::TdesEde3, 24),
        other => return Err(damaged(format_args!("keys encrypted with {other} are not known"))),
    });
    // A wrong password may leave a padding that looks right.
    if der::first(&opened).is_some_and(|(tag, ..)| tag == 0x30) { Ok(opened) } else { Err(locked()) }
}

fn stretched(password: &str, salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    while key.len() < length {
        let last = key.len().saturating_sub(16);
        let digest = Md5::new().chain_update(&key[last..]).chain_update(password).chain_update(salt).finalize();
        key.extend_from_slice(&digest);
    }
    key.truncate(length);
    key
}
