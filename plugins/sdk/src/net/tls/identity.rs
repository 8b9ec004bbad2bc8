//! The client's certificate and private key, from PKCS#12 or PEM.

use super::unreadable::unreadable;
use crate::Error;
use crate::settings::ClientCertificate;
use p12_keystore::Pkcs12Archive;
use zeroize::Zeroizing;

/// A client certificate file, as far as every engine reads it alike.
pub(in crate::net) enum Identity {
    /// Certificates (DER, the client's own first) and private key (PKCS#8, DER), from PKCS#12.
    Der { chain: Vec<Vec<u8>>, key: Zeroizing<Vec<u8>> },
    /// A PEM file, for the engine to read.
    Pem(Zeroizing<Vec<u8>>),
}

/// The error for a client certificate that cannot be used.
pub(in crate::net) fn refused(settings: &ClientCertificate, reason: impl std::fmt::Display) -> Error {
    unreadable("tls.client_certificate_unreadable", "/tls/client_certificate/file", &settings.file, reason)
}

/// The error for a file that another password would open.
pub(super) fn locked(settings: &ClientCertificate, reason: impl std::fmt::Display) -> Error {
    unreadable("tls.client_certificate_locked", "/tls/client_certificate/password", &settings.file, reason)
}

/// Reads the file. PKCS#12 is opened here, without the engine: OpenSSL 3 does not know the RC2 and 3DES of the files
/// that Windows exported for twenty years unless its legacy provider is loaded into the whole process.
pub(in crate::net) fn read(settings: &ClientCertificate) -> Result<Identity, Error> {
    let bytes = Zeroizing::new(std::fs::read(&settings.file).map_err(|error| refused(settings, error))?);
    if bytes.windows(11).any(|window| window == b"-----BEGIN ") {
        return Ok(Identity::Pem(bytes));
    }
    let archive = match Pkcs12Archive::from_pkcs12(&bytes, settings.password.reveal()) {
        Ok(archive) => archive,
        // The checksum is keyed with the password.
        Err(error @ p12_keystore::error::Error::MacError(_)) => return Err(locked(settings, error)),
        Err(error) => return Err(refused(settings, error)),
    };
    let key = archive.keys.first().ok_or_else(|| refused(settings, "the file holds no private key"))?;
    let mut chain: Vec<Vec<u8>> = archive.certs.iter().map(|entry| entry.cert.as_der().to_vec()).collect();
    if chain.is_empty() {
        return Err(refused(settings, "the file holds no certificate"));
    }
    let id = key.local_key_id.as_ref();
    let own =
        archive.certs.iter().position(|entry| id.is_some() && entry.local_key_id.as_ref().map(AsRef::as_ref) == id.map(AsRef::as_ref));
    chain.swap(0, own.unwrap_or(0));
    Ok(Identity::Der { chain, key: Zeroizing::new(key.key.as_der().to_vec()) })
}
