//! The private key of a PEM file, whatever its form, as PKCS#8: the one form that goes into PKCS#12, and with that into Windows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use md5::{Digest, Md5};
use pkcs8::EncryptedPrivateKeyInfoRef;
use zeroize::Zeroizing;

/// Why a PEM file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The password does not open the key.
    Locked(String),
    /// Anything else, in English words.
    Damaged(String),
}

/// Certificates and key of a PEM file.
pub(super) struct Content {
    /// DER, in the order of the file.
    pub(super) chain: Vec<Vec<u8>>,
    /// PKCS#8 (DER).
    pub(super) key: Zeroizing<Vec<u8>>,
}

/// Reads the certificates and the first private key.
pub(super) fn read(bytes: &[u8], password: &str) -> Result<Content, Unusable> {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    let (mut chain, mut key) = (Vec::new(), None);
    for block in blocks(&text)? {
        match block.label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => chain.push(block.body.to_vec()),
            label if key.is_none() && label.ends_with("PRIVATE KEY") => key = Some(pkcs8(&block, password)?),
            _ => {}
        }
    }
    let key = key.ok_or_else(|| damaged("the file holds no private key"))?;
    if chain.is_empty() { Err(damaged("the file holds no certificate")) } else { Ok(Content { chain, key }) }
}

/// The certificates of a file (DER), be it PEM or a single one in DER.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let text = String::from_utf8_lossy(bytes);
    let found = match blocks(&text) {
        Ok(blocks) if !blocks.is_empty() => {
            let is_certificate = |block: &Block| matches!(block.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE");
            blocks.iter().filter(|block| is_certificate(block)).map(|block| block.body.to_vec()).collect()
        }
        _ => vec![bytes.to_vec()],
    };
    let is_readable = |der: &Vec<u8>| x509_parser::parse_x509_certificate(der).is_ok();
    if found.is_empty() || !found.iter().all(is_readable) { Err("the file holds no certificate".to_owned()) } else { Ok(found) }
}

/// One block of a PEM file (RFC 7468).
struct Block<'a> {
    label: &'a str,
    /// `DEK-Info` of an encrypted key (RFC 1421): the cipher and its initialisation vector.
    encryption: Option<&'a str>,
    body: Zeroizing<Vec<u8>>,
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, Unusable> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (label, after) = begun.split_once("-----").ok_or_else(|| damaged("a PEM block has no beginning"))?;
        let end = format!("-----END {label}-----");
        let (inner, after) = after.split_once(&end).ok_or_else(|| damaged("a PEM block has no end"))?;
        rest = after;
        let encryption = inner.lines().find_map(|line| line.strip_prefix("DEK-Info:")).map(str::trim);
        let mut digits = Zeroizing::new(String::with_capacity(inner.len()));
        let lines = inner.lines().map(str::trim).filter(|line| !line.contains(':'));
        lines.for_each(|line| digits.push_str(line));
        let body = STANDARD.decode(digits.as_bytes()).map_err(|error| damaged(&error.to_string()))?;
        found.push(Block { label, encryption, body: Zeroizing::new(body) });
    }
    Ok(found)
}

fn pkcs8(block: &Block<'_>, password: &str) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    if block.label == "ENCRYPTED PRIVATE KEY" {
        let locked = |error: pkcs8::Error| Unusable::Locked(error.to_string());
        let key = EncryptedPrivateKeyInfoRef::try_from(&block.body[..]).map_err(|error| damaged(&error.to_string()))?;
        return Ok(Zeroizing::new(key.decrypt(password).map_err(locked)?.as_bytes().to_vec()));
    }
    let opened = block.encryption.map(|encryption| decrypted(&block.body, encryption, password)).transpose()?;
    let body = opened.as_ref().unwrap_or(&block.body);
    match block.label {
        "PRIVATE KEY" => Ok(body.clone()),
        // rsaEncryption, with NULL for its parameters (RFC 3279, section 2.3.1).
        "RSA PRIVATE KEY" => Ok(wrapped(&[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0], body)),
        // id-ecPublicKey, with the curve that stands in the key (RFC 5915).
        "EC PRIVATE KEY" => {
            let curve = curve(body).ok_or_else(|| damaged("the key does not name its curve"))?;
            let algorithm = [&[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], curve].concat();
            Ok(wrapped(&algorithm, body))
        }
        label => Err(damaged(&format!("a key of the kind \"{label}\" is not known"))),
    }
}

/// PKCS#8 around a key of another form (RFC 5208, section 5).
fn wrapped(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = Zeroizing::new(value(0x04, key));
    let content = Zeroizing::new([&[0x02, 1, 0][..], &value(0x30, algorithm), &key].concat());
    Zeroizing::new(value(0x30, &content))
}

/// A value in DER.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count().min(length.len() - 1)..];
    let mut der = vec![tag];
    if content.len() >= 0x80 {
        der.push(0x80 | significant.len() as u8);
    }
    der.extend_from_slice(significant);
    der.extend_from_slice(content);
    der
}

/// Tag and content of the first value in DER, and what follows it.
fn first(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => (usize::from(short), rest),
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The object identifier of the curve, as it stands in the key's own parameters.
fn curve(key: &[u8]) -> Option<&[u8]> {
    let (_, mut fields, _) = first(key)?;
    while let Some((tag, content, rest)) = first(fields) {
        if tag == 0xa0 {
            return Some(content);
        }
        fields = rest;
    }
    None
}

/// Opens a key that is encrypted as OpenSSL did it before PKCS#8: the cipher's key is one MD5 after the other of password and salt.
fn decrypted(body: &[u8], encryption: &str, password: &str) -> Result<Zeroizing<Vec<u8>>, Unusable> {
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
        other => return Err(damaged(&format!("keys encrypted with {other} are not known"))),
    });
    // A wrong password may leave a padding that looks right.
    if first(&opened).is_some_and(|(tag, ..)| tag == 0x30) { Ok(opened) } else { Err(locked()) }
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

fn damaged(reason: &str) -> Unusable {
    Unusable::Damaged(reason.to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    use openssl::symm::Cipher;

    /// A certificate need not be one to be read here.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn key(pem: &[u8], password: &str) -> Result<Vec<u8>, Unusable> {
        read(&[pem, CERTIFICATE.as_bytes()].concat(), password).map(|content| content.key.to_vec())
    }

    #[test]
    fn every_form_of_a_key_becomes_the_same_pkcs8() {
        let rsa = Rsa::generate(2048).unwrap();
        let ec = EcKey::generate(&EcGroup::from_curve_name(Nid::SECP384R1).unwrap()).unwrap();
        let (rsa_key, ec_key) = (PKey::from_rsa(rsa.clone()).unwrap(), PKey::from_ec_key(ec.clone()).unwrap());
        let mut forms = vec![(rsa.private_key_to_pem().unwrap(), &rsa_key), (ec.private_key_to_pem().unwrap(), &ec_key)];
        for cipher in [Cipher::aes_128_cbc(), Cipher::aes_192_cbc(), Cipher::aes_256_cbc(), Cipher::des_ede3_cbc()] {
            forms.push((rsa.private_key_to_pem_passphrase(cipher, b"geheim").unwrap(), &rsa_key));
            forms.push((ec.private_key_to_pem_passphrase(cipher, b"geheim").unwrap(), &ec_key));
            forms.push((ec_key.private_key_to_pem_pkcs8_passphrase(cipher, b"geheim").unwrap(), &ec_key));
        }
        forms.push((rsa_key.private_key_to_pem_pkcs8().unwrap(), &rsa_key));
        for (pem, expected) in forms {
            let read = PKey::private_key_from_pkcs8(&key(&pem, "geheim").unwrap()).unwrap();
            assert!(read.public_eq(expected), "{}", String::from_utf8_lossy(&pem));
            let is_locked = pem.windows(9).any(|window| window == b"ENCRYPTED");
            let wrong = key(&pem, "falsch");
            assert!(matches!((is_locked, wrong), (true, Err(Unusable::Locked(_))) | (false, Ok(_))), "{}", String::from_utf8_lossy(&pem));
        }
    }

    #[test]
    fn a_file_without_key_or_certificate_says_so() {
        let refused = |text: &str| match read(text.as_bytes(), "") {
            Err(Unusable::Damaged(reason)) => reason,
            _ => panic!("{text}"),
        };
        assert_eq!(refused(CERTIFICATE), "the file holds no private key");
        assert_eq!(refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"), "the file holds no certificate");
        assert_eq!(refused("-----BEGIN PRIVATE KEY-----\nAAAA\n"), "a PEM block has no end");
        assert_eq!(
            refused("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----"),
            "a key of the kind \"DSA PRIVATE KEY\" is not known"
        );
    }
}
