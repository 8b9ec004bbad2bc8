//! What files have of certificates, for people who look at them: files of certificates and keys, and messages that somebody signed.

use super::{Collection, Loading};
use crate::keys::{Unusable, key_file};
use crate::opened::{Encrypted, Keys, Opened, Signed};
use crate::settings::{Incoming, Shown};
use crate::{Host, Watch};
use postkontor_plugin::{Error, Input, Secret};
use postkontor_smime::Error::NoCertificate;
use postkontor_smime::{Certificate, Identity};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// What a file has.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Found {
    /// The certificates, in the order of the file; of a message those of its signers, with their issuers.
    pub certificates: Vec<FoundCertificate>,
    /// Of a message that is signed: the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<Signed>,
    /// Of a message that is encrypted: whether it could be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<Encrypted>,
    /// The names of the files that were put into the folder, where certificates were collected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collected: Vec<String>,
}

/// A certificate of a file.
#[derive(Clone, Debug, Serialize)]
pub struct FoundCertificate {
    /// What there is to show of it.
    #[serde(flatten)]
    pub shown: Shown,
    /// Whether its private key is in the file.
    pub has_key: bool,
}

impl FoundCertificate {
    fn of(certificate: &Certificate, has_key: bool) -> Self {
        Self { shown: Shown::of(certificate), has_key }
    }
}

impl Host {
    /// With what messages are opened, by the group `receive.smime` of a settings document, where one is given; `ca_file` wins over that of the document.
    ///
    /// # Errors
    ///
    /// SETTINGS: the document is wrong, or a file that it names cannot be used.
    pub fn opening_keys(&self, settings: Option<&str>, ca_file: Option<String>) -> Result<Keys, Error> {
        let document = settings.map(|settings| self.document(settings)).transpose()?;
        let mut incoming: Incoming = document.as_ref().and_then(|document| document.receive.smime.clone()).unwrap_or_default();
        incoming.ca_file = ca_file.or(incoming.ca_file);
        let secret = |name: &str| self.callbacks().secret_get(name);
        let place = |pointer: &str| {
            let pointer = format!("/receive/smime{pointer}");
            document.as_ref().map_or(pointer.clone(), |document| document.locate(&pointer))
        };
        let mut loaded = Loading { secret: &secret, of: Input::Settings, place: &place }.incoming(&incoming);
        if loaded.errors.is_empty() { Ok(loaded.keys) } else { Err(self.localised(loaded.errors.swap_remove(0))) }
    }

    /// Looks into a file: PEM, DER, PKCS#7 (.p7b), PKCS#12, or a message. A password is for PKCS#12 and encrypted PEM. With a folder, the certificates of those who signed the message well are put there.
    ///
    /// # Errors
    ///
    /// SETTINGS: the file cannot be used (`smime.password_missing`: it has a password). LOCAL: the folder cannot be written to. CANCELLED, TIMEOUT.
    pub fn certificates_of(
        &self,
        file: &Path,
        password: Option<&Secret>,
        keys: Keys,
        collect: Option<&Path>,
        watch: &Watch<'_>,
    ) -> Result<Found, Error> {
        let found = match certificates(file, password) {
            Ok(Some(certificates)) => Ok(Found { certificates, ..Found::default() }),
            Ok(None) => self.of_message(file, keys, collect, watch).and_then(|found| {
                let is_message = found.signed.is_some() || found.encrypted.is_some() || collect.is_some();
                if is_message { Ok(found) } else { Err(Unusable::content(file, &NoCertificate, false).plain()) }
            }),
            Err(unusable) => Err(unusable.plain()),
        };
        found.map_err(|error| self.localised(error))
    }

    fn of_message(&self, file: &Path, keys: Keys, collect: Option<&Path>, watch: &Watch<'_>) -> Result<Found, Error> {
        let goes_on = || watch.check().is_ok();
        let opened = Opened::open_while(file, &goes_on)?.map(|opened| opened.in_language(self.language()).with_keys(Arc::new(keys)));
        watch.check()?;
        let Some(opened) = opened.filter(|opened| opened.read(&goes_on).is_ok_and(|is_read| is_read)) else {
            watch.check()?;
            return Err(crate::error::failed(postkontor_plugin::Status::Local, "message.not_read"));
        };
        let mut found = Found::default();
        for certificate in opened.signers().iter().flat_map(|signer| signer.certificate.iter().chain(&signer.chain)) {
            found.certificates.push(FoundCertificate::of(certificate, false));
        }
        if let Some(folder) = collect {
            found.collected = Collection::of(folder).add_all(&opened)?;
        }
        let smime = opened.content().smime.unwrap_or_default();
        Ok(Found { signed: smime.signed, encrypted: smime.encrypted, ..found })
    }
}

/// The certificates of a file; `None` where it is something else, which may be a message.
fn certificates(file: &Path, password: Option<&Secret>) -> Result<Option<Vec<FoundCertificate>>, Unusable> {
    match key_file::identities(file, password) {
        Ok(identities) => Ok(Some(of_identities(&identities))),
        // Larger than a file of keys can be.
        Err(unusable) if unusable.code == "smime.file_too_large" => Ok(None),
        Err(unusable) if ["smime.file_damaged", "smime.no_key"].contains(&unusable.code) => {
            let found = key_file::certificates(file).ok();
            Ok(found.map(|found| found.iter().map(|certificate| FoundCertificate::of(certificate, false)).collect()))
        }
        Err(unusable) => Err(unusable),
    }
}

fn of_identities(identities: &[Identity]) -> Vec<FoundCertificate> {
    let mut found: Vec<(&Certificate, bool)> = identities.iter().map(|identity| (identity.certificate(), true)).collect();
    for issuer in identities.iter().flat_map(Identity::chain) {
        if !found.iter().any(|(known, _)| *known == issuer) {
            found.push((issuer, false));
        }
    }
    found.into_iter().map(|(certificate, has_key)| FoundCertificate::of(certificate, has_key)).collect()
}
