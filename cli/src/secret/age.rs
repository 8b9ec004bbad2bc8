//! The file format of age, version 1 (C2SP age), with recipients of the kind X25519: what is written here any other age program opens.
//!
//! A file has a header, which wraps the file's key for each recipient, and a payload of chunks that are encrypted and
//! authenticated by ChaCha20-Poly1305. Derivations are HKDF with SHA-256, the header's code is HMAC with SHA-256.

use super::identity::{Fault, Identity, Recipient};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const VERSION: &str = "age-encryption.org/v1";
const WRAP: &[u8] = b"age-encryption.org/v1/X25519";
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
const FILE_KEY: usize = 16;
/// A line of base64 in the body of a stanza; a shorter one ends the body.
const COLUMNS: usize = 64;

/// Encrypts for one recipient.
pub(crate) fn seal(plain: &[u8], recipient: &Recipient) -> Result<Vec<u8>, Fault> {
    let file_key = random::<FILE_KEY>()?;
    let nonce = random::<16>()?;
    let ephemeral = StaticSecret::from(*random::<32>()?);
    let share = PublicKey::from(&ephemeral).to_bytes();
    let shared = ephemeral.diffie_hellman(&PublicKey::from(recipient.0));
    let wrapped = encrypt(&*wrapping_key(shared.as_bytes(), &share, &recipient.0)?, [0; 12], &*file_key)?;
    let mut sealed =
        format!("{VERSION}\n-> X25519 {}\n{}\n---", STANDARD_NO_PAD.encode(share), STANDARD_NO_PAD.encode(wrapped)).into_bytes();
    let code = header_code(&*file_key, &sealed)?.finalize().into_bytes();
    sealed.extend_from_slice(format!(" {}\n", STANDARD_NO_PAD.encode(code)).as_bytes());
    sealed.extend_from_slice(&*nonce);
    let key = derived(&*file_key, &*nonce, b"payload")?;
    let last = plain.len().saturating_sub(1) / CHUNK;
    for number in 0..=last {
        let chunk = plain.get(number * CHUNK..plain.len().min((number + 1) * CHUNK)).unwrap_or_default();
        sealed.extend(encrypt(&key, chunk_nonce(number, number == last), chunk)?);
    }
    Ok(sealed)
}

/// Decrypts with the first of the identities that the file is for.
pub(crate) fn open(sealed: &[u8], identities: &[Identity]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let header = Header::read(sealed).ok_or(Fault::Damaged)?;
    let file_key = header.file_key(identities).ok_or(Fault::OtherKey)?;
    header_code(&file_key, header.signed)?.verify_slice(&header.code).map_err(|_| Fault::Damaged)?;
    let (nonce, payload) = header.payload.split_at_checked(16).ok_or(Fault::Damaged)?;
    let cipher = ChaCha20Poly1305::new(Key::from_slice(&*derived(&file_key, nonce, b"payload")?));
    let last = payload.len().saturating_sub(1) / (CHUNK + TAG);
    let mut plain = Zeroizing::new(Vec::with_capacity(payload.len()));
    for (number, chunk) in payload.chunks(CHUNK + TAG).enumerate() {
        let opened = cipher.decrypt(Nonce::from_slice(&chunk_nonce(number, number == last)), chunk);
        let opened = Zeroizing::new(opened.map_err(|_| Fault::Damaged)?);
        if opened.is_empty() && number > 0 {
            return Err(Fault::Damaged);
        }
        plain.extend_from_slice(&opened);
    }
    // Even an empty file has a chunk.
    if payload.is_empty() { Err(Fault::Damaged) } else { Ok(plain) }
}

/// A header, taken apart.
struct Header<'f> {
    /// The arguments and the body of each recipient's stanza.
    stanzas: Vec<(Vec<&'f str>, Vec<u8>)>,
    /// What its code is about.
    signed: &'f [u8],
    code: Vec<u8>,
    payload: &'f [u8],
}

impl<'f> Header<'f> {
    fn read(file: &'f [u8]) -> Option<Header<'f>> {
        let (first, mut rest) = line(file)?;
        if first != VERSION {
            return None;
        }
        let mut stanzas = Vec::new();
        loop {
            let (text, behind) = line(rest)?;
            if let Some(code) = text.strip_prefix("--- ") {
                let signed = file.get(..file.len() - rest.len() + "---".len())?;
                return Some(Header { stanzas, signed, code: STANDARD_NO_PAD.decode(code).ok()?, payload: behind });
            }
            let arguments = text.strip_prefix("-> ")?.split(' ').collect();
            rest = behind;
            let mut body = Vec::new();
            loop {
                let (text, behind) = line(rest)?;
                rest = behind;
                body.extend(STANDARD_NO_PAD.decode(text).ok()?);
                if text.len() < COLUMNS {
                    break;
                }
            }
            stanzas.push((arguments, body));
        }
    }

    fn file_key(&self, identities: &[Identity]) -> Option<Zeroizing<Vec<u8>>> {
        self.stanzas.iter().find_map(|(arguments, body)| {
            let [kind, share] = arguments.as_slice() else { return None };
            let share: [u8; 32] = STANDARD_NO_PAD.decode(share).ok()?.try_into().ok()?;
            if *kind != "X25519" || body.len() != FILE_KEY + TAG {
                return None;
            }
            identities.iter().find_map(|identity| unwrapped(identity, &share, body))
        })
    }
}

/// The key of the file, where this identity opens it.
fn unwrapped(identity: &Identity, share: &[u8; 32], body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let shared = identity.0.diffie_hellman(&PublicKey::from(*share));
    // A share of low order would make a key that everyone knows.
    if !shared.was_contributory() {
        return None;
    }
    let key = wrapping_key(shared.as_bytes(), share, &identity.recipient().0).ok()?;
    let cipher = ChaCha20Poly1305::new(Key::from_slice(&*key));
    cipher.decrypt(Nonce::from_slice(&[0; 12]), body).ok().map(Zeroizing::new)
}

/// A line of the header, and what comes behind it.
fn line(text: &[u8]) -> Option<(&str, &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(text.get(..end)?).ok()?, text.get(end + 1..)?))
}

fn wrapping_key(shared: &[u8; 32], share: &[u8; 32], recipient: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, Fault> {
    derived(shared, &[share.as_slice(), recipient].concat(), WRAP)
}

fn derived(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let mut key = Zeroizing::new([0; 32]);
    // HKDF refuses lengths above 255 blocks; a key of zeros would be a bad answer to that.
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut *key).map_err(|_| Fault::Damaged)?;
    Ok(key)
}

fn header_code(file_key: &[u8], header: &[u8]) -> Result<Hmac<Sha256>, Fault> {
    let mut code = <Hmac<Sha256> as Mac>::new_from_slice(&*derived(file_key, &[], b"header")?).map_err(|_| Fault::Damaged)?;
    code.update(header);
    Ok(code)
}

fn encrypt(key: &[u8; 32], nonce: [u8; 12], plain: &[u8]) -> Result<Vec<u8>, Fault> {
    ChaCha20Poly1305::new(Key::from_slice(key)).encrypt(Nonce::from_slice(&nonce), plain).map_err(|_| Fault::Damaged)
}

/// The number of a chunk in eleven bytes, and whether it is the last one.
fn chunk_nonce(number: usize, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&(number as u64).to_be_bytes());
    nonce[11] = u8::from(is_last);
    nonce
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Fault> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(|_| Fault::NoRandom)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity::new().unwrap()
    }

    #[test]
    fn what_was_sealed_is_opened_whatever_its_size() {
        let identity = identity();
        for size in [0, 1, 15, 16, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
            let plain: Vec<u8> = (0..size).map(|at| at as u8).collect();
            let sealed = seal(&plain, &identity.recipient()).unwrap();
            assert_eq!(&**open(&sealed, std::slice::from_ref(&identity)).unwrap(), &plain, "{size}");
        }
    }

    #[test]
    fn a_file_that_was_changed_anywhere_is_refused() {
        let identity = [identity()];
        let sealed = seal(b"{\"version\":1}", &identity[0].recipient()).unwrap();
        for at in 0..sealed.len() {
            for changed in [sealed[at] ^ 1, sealed[at] ^ 0x20, sealed[at] ^ 0x80] {
                let mut file = sealed.clone();
                file[at] = changed;
                assert!(open(&file, &identity).is_err(), "byte {at}");
            }
        }
        for length in 0..sealed.len() {
            assert!(open(&sealed[..length], &identity).is_err(), "cut to {length}");
        }
        assert!(open(&[&sealed[..], b"x"].concat(), &identity).is_err());
    }

    #[test]
    fn chunks_cannot_be_left_out_or_exchanged() {
        let identity = [identity()];
        let sealed = seal(&vec![7; 2 * CHUNK + 5], &identity[0].recipient()).unwrap();
        let begin = sealed.len() - 2 * (CHUNK + TAG) - 5 - TAG;
        let (head, chunks) = sealed.split_at(begin);
        let (first, rest) = chunks.split_at(CHUNK + TAG);
        let (second, third) = rest.split_at(CHUNK + TAG);
        for wrong in [[head, second, first, third].concat(), [head, first, third].concat(), [head, first, second].concat()] {
            assert_eq!(open(&wrong, &identity), Err(Fault::Damaged));
        }
    }

    #[test]
    fn another_key_does_not_open_it() {
        let sealed = seal(b"x", &identity().recipient()).unwrap();
        assert_eq!(open(&sealed, &[identity(), identity()]), Err(Fault::OtherKey));
        assert_eq!(open(b"not an age file", &[identity()]), Err(Fault::Damaged));
    }
}
