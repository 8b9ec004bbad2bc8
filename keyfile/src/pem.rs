//! PEM (RFC 7468), with private keys of every form as PKCS#8.

use crate::content::{Content, Unusable, damaged};
use crate::{der, legacy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncryptedPrivateKeyInfoRef;
use zeroize::Zeroizing;

/// Reads all certificates and private keys.
pub(crate) fn read(file: &[u8], password: &str) -> Result<Content, Unusable> {
    let text = Zeroizing::new(String::from_utf8_lossy(file).into_owned());
    let (mut certificates, mut keys) = (Vec::new(), Vec::new());
    for block in blocks(&text)? {
        if block.is_certificate() {
            certificates.push(block.body.to_vec());
        } else if block.label.ends_with("PRIVATE KEY") {
            keys.push(pkcs8(&block, password)?);
        }
    }
    if keys.is_empty() {
        Err(Unusable::NoKey)
    } else if certificates.is_empty() {
        Err(Unusable::NoCertificate)
    } else {
        Ok(Content { certificates, keys })
    }
}

/// Reads all certificates.
pub(crate) fn certificates(file: &[u8]) -> Result<Vec<Vec<u8>>, Unusable> {
    let text = String::from_utf8_lossy(file);
    Ok(blocks(&text)?.iter().filter(|block| block.is_certificate()).map(|block| block.body.to_vec()).collect())
}

/// One block.
struct Block<'a> {
    label: &'a str,
    /// `DEK-Info` of an encrypted key: the cipher and its initialisation vector.
    encryption: Option<&'a str>,
    body: Zeroizing<Vec<u8>>,
}

impl Block<'_> {
    fn is_certificate(&self) -> bool {
        matches!(self.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
    }
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
        let body = STANDARD.decode(digits.as_bytes()).map_err(damaged)?;
        found.push(Block { label, encryption, body: Zeroizing::new(body) });
    }
    Ok(found)
}

fn pkcs8(block: &Block<'_>, password: &str) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    if block.label == "ENCRYPTED PRIVATE KEY" {
        let locked = |error: pkcs8::Error| Unusable::Locked(error.to_string());
        let key = EncryptedPrivateKeyInfoRef::try_from(&block.body[..]).map_err(damaged)?;
        return Ok(Zeroizing::new(key.decrypt(password).map_err(locked)?.as_bytes().to_vec()));
    }
    let opened = block.encryption.map(|encryption| legacy::decrypted(&block.body, encryption, password)).transpose()?;
    let body = opened.as_ref().unwrap_or(&block.body);
    match block.label {
        "PRIVATE KEY" => Ok(body.clone()),
        // rsaEncryption, with NULL for its parameters (RFC 3279, section 2.3.1).
        "RSA PRIVATE KEY" => Ok(der::wrapped(&[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0], body)),
        // id-ecPublicKey, with the curve that stands in the key (RFC 5915).
        "EC PRIVATE KEY" => {
            let curve = der::curve(body).ok_or_else(|| damaged("the key does not name its curve"))?;
            let algorithm = [&[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], curve].concat();
            Ok(der::wrapped(&algorithm, body))
        }
        label => Err(damaged(format_args!("a key of the kind \"{label}\" is not known"))),
    }
}
