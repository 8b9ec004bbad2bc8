//! The client's certificate and private key, from PKCS#12 or PEM.

use super::unreadable::unreadable;
use crate::Error;
use crate::settings::ClientCertificate;
use postkontor_keyfile::Unusable;
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
    if postkontor_keyfile::is_pem(&bytes) {
        return Ok(Identity::Pem(bytes));
    }
    let (chain, key) = first(settings, &bytes)?;
    Ok(Identity::Der { chain, key })
}

/// Certificates (DER, the client's own first) and private key (PKCS#8, DER).
type Own = (Vec<Vec<u8>>, Zeroizing<Vec<u8>>);

/// The certificates and the first private key of a file's bytes.
pub(super) fn first(settings: &ClientCertificate, bytes: &[u8]) -> Result<Own, Error> {
    let content = postkontor_keyfile::read(bytes, settings.password.reveal()).map_err(|unusable| match unusable {
        Unusable::Locked(reason) => locked(settings, reason),
        other => refused(settings, other),
    })?;
    let key = content.keys.into_iter().next().ok_or_else(|| refused(settings, Unusable::NoKey))?;
    Ok((content.certificates, key))
}
