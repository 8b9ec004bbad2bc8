//! The private key of an application or a service account, where there is no OpenSSL to sign with.

use crate::settings::ClientCertificate;
use crate::{Error, Stage, Status};

/// A key that cannot be.
pub(super) enum Key {}

impl Key {
    pub(super) fn of_application(_settings: &ClientCertificate) -> Result<Key, Error> {
        Err(unsupported("/auth/oauth2/certificate/file"))
    }

    pub(super) fn of_service_account(_file: &str) -> Result<(Key, String), Error> {
        Err(unsupported("/auth/oauth2/service_account"))
    }

    pub(super) fn certificate(&self) -> Option<&[u8]> {
        match *self {}
    }

    pub(super) fn id(&self) -> Option<&str> {
        match *self {}
    }

    pub(super) fn sign(&self, _data: &[u8]) -> Result<Vec<u8>, Error> {
        match *self {}
    }
}

fn unsupported(pointer: &str) -> Error {
    let code = "oauth.certificate_unsupported";
    Error::new(Status::Unsupported, code).stage(Stage::Token).at(pointer, code)
}
