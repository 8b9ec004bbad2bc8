//! The private key of an application or a service account.

use crate::net::tls::identity::{self, Identity};
use crate::settings::ClientCertificate;
use crate::{Error, Secret, Stage, Status};
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::Signer;
use openssl::x509::X509;
use serde::Deserialize;
use std::io::Read;
use zeroize::Zeroizing;

/// The largest key file that is read.
const LARGEST: u64 = 64 * 1024;

/// A private RSA key, and how the provider knows it.
pub(super) struct Key {
    private: PKey<Private>,
    /// The certificate (DER).
    certificate: Option<Vec<u8>>,
    id: Option<String>,
}

/// A key file of Google's.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: Secret,
    #[serde(default)]
    private_key_id: Option<String>,
}

impl Key {
    /// Reads an application's certificate and its private key.
    pub(super) fn of_application(settings: &ClientCertificate) -> Result<Key, Error> {
        let refused = |reason: &dyn std::fmt::Display| moved(identity::refused(settings, reason));
        let (certificate, private) = match identity::read(settings).map_err(moved)? {
            Identity::Der { chain, key } => (chain.into_iter().next(), PKey::private_key_from_pkcs8(&key)),
            Identity::Pem(bytes) => {
                let certificate = X509::from_pem(&bytes).and_then(|certificate| certificate.to_der()).map_err(|error| refused(&error))?;
                (Some(certificate), PKey::private_key_from_pem_passphrase(&bytes, settings.password.reveal().as_bytes()))
            }
        };
        let private = private.map_err(|error| refused(&error))?;
        if private.id() != Id::RSA {
            return Err(refused(&"the private key is not an RSA key"));
        }
        Ok(Key { private, certificate, id: None })
    }

    /// Reads the key file of a service account; with the account's name.
    pub(super) fn of_service_account(file: &str) -> Result<(Key, String), Error> {
        let code = "oauth.key_file_unreadable";
        let refused = |reason: &dyn std::fmt::Display| {
            let error = Error::new(Status::Settings, code).stage(Stage::Token).arg("file", file);
            error.at("/auth/oauth2/service_account", code).detail(reason.to_string())
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST as usize));
        let opened = std::fs::File::open(file).map_err(|error| refused(&error))?;
        opened.take(LARGEST).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
        // Its own words could quote the key.
        let read: KeyFile = serde_json::from_slice(&bytes).map_err(|_| refused(&"not the key file of a service account"))?;
        let private = PKey::private_key_from_pem(read.private_key.reveal().as_bytes()).map_err(|error| refused(&error))?;
        if private.id() != Id::RSA {
            return Err(refused(&"the private key is not an RSA key"));
        }
        Ok((Key { private, certificate: None, id: read.private_key_id }, read.client_email))
    }

    /// The certificate (DER), where there is one.
    pub(super) fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// The name that the provider has given the key.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Signs by RSASSA-PKCS1-v1_5 with SHA-256 (RS256 of RFC 7518).
    pub(super) fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = Signer::new(MessageDigest::sha256(), &self.private).and_then(|mut signer| signer.sign_oneshot_to_vec(data));
        signed.map_err(|error| Error::new(Status::Internal, "auth.internal").stage(Stage::Token).detail(error.to_string()))
    }
}

/// The error of a file that stands elsewhere in the settings.
fn moved(mut error: Error) -> Error {
    for at in &mut error.at {
        at.pointer = at.pointer.replace("/tls/client_certificate", "/auth/oauth2/certificate");
    }
    error.stage(Stage::Token)
}
