//! PKCS#12 (RFC 7292).

use crate::content::{Content, Unusable, damaged};
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use zeroize::Zeroizing;

pub(crate) fn read(file: &[u8], password: &str) -> Result<Content, Unusable> {
    let archive = match Pkcs12Archive::from_pkcs12(file, password) {
        Ok(archive) => archive,
        // The checksum is keyed with the password; a file without one shows a wrong password by the padding.
        Err(error @ (Error::MacError(_) | Error::UnpadError)) => return Err(Unusable::Locked(error.to_string())),
        Err(error) => return Err(damaged(error)),
    };
    let first = archive.keys.first().ok_or(Unusable::NoKey)?;
    let mut certificates: Vec<Vec<u8>> = archive.certs.iter().map(|entry| entry.cert.as_der().to_vec()).collect();
    if certificates.is_empty() {
        return Err(Unusable::NoCertificate);
    }
    let id = first.local_key_id.as_ref();
    let own =
        archive.certs.iter().position(|entry| id.is_some() && entry.local_key_id.as_ref().map(AsRef::as_ref) == id.map(AsRef::as_ref));
    certificates.swap(0, own.unwrap_or(0));
    let keys = archive.keys.iter().map(|entry| Zeroizing::new(entry.key.as_der().to_vec())).collect();
    Ok(Content { certificates, keys })
}
