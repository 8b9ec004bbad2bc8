//! What is made of settings before the first connection, for all connections with the same ones.

use super::numbers::{self, ALGORITHM_MISMATCH};
use super::packed::{Packed, pack};
use super::system::{Credentials, Own};
use crate::net::tls::cache::Cache;
use crate::net::tls::identity;
use crate::net::tls::unreadable::unreadable;
use crate::settings::{ClientCertificate, Tls};
use crate::{Error, Stage, Status};
use std::sync::Arc;

/// Credentials, and the certificates (DER) that the settings trust beside those that the system trusts.
pub(super) struct Prepared {
    pub(super) credentials: Arc<Credentials>,
    pub(super) authorities: Vec<Vec<u8>>,
}

static SHARED: Cache<Arc<Prepared>> = Cache::new();

/// What was made of these settings.
pub(super) fn prepared(tls: &Tls) -> Result<Arc<Prepared>, Error> {
    SHARED.get(tls, || made(tls).map(Arc::new))
}

fn made(tls: &Tls) -> Result<Prepared, Error> {
    let authorities = tls.ca_file.as_ref().map(|file| authorities(file)).transpose()?.unwrap_or_default();
    let own = tls.client_certificate.as_ref().map(own).transpose()?;
    let has_own = own.is_some();
    let credentials = Credentials::new(tls.minimum, own).map_err(|number| match &tls.client_certificate {
        Some(settings) if has_own && number != ALGORITHM_MISMATCH => identity::refused(settings, numbers::words(number)),
        _ => unprepared(tls, number),
    })?;
    Ok(Prepared { credentials: Arc::new(credentials), authorities })
}

fn authorities(file: &str) -> Result<Vec<Vec<u8>>, Error> {
    let refused = |reason: String| unreadable("tls.ca_file_unreadable", "/tls/ca_file", file, reason);
    let bytes = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    let found = postkontor_keyfile::certificates(&bytes).map_err(|error| refused(error.to_string()))?;
    let is_readable = |der: &Vec<u8>| x509_parser::parse_x509_certificate(der).is_ok();
    if found.is_empty() || !found.iter().all(is_readable) { Err(refused("the file holds no certificate".to_owned())) } else { Ok(found) }
}

fn own(settings: &ClientCertificate) -> Result<Own, Error> {
    let Packed { certificate, pkcs12, password } = pack(settings)?;
    Own::import(&certificate, &pkcs12, &password).map_err(|number| identity::refused(settings, numbers::words(number)))
}

/// The error where Windows gives no credentials for these versions, or none at all.
fn unprepared(tls: &Tls, number: u32) -> Error {
    let code = if number == ALGORITHM_MISMATCH { "tls.system_too_old" } else { "tls.handshake_failed" };
    let error = Error::new(Status::Tls, code).stage(Stage::Tls).arg("minimum", tls.minimum.name());
    error.detail(numbers::words(number))
}
