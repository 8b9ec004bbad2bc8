//! What the mail of a sender is signed and encrypted with.

use super::folders::{Folders, Going};
use super::stamp::Stamp;
use super::{Unusable, key_file};
use crate::message::{Certificates, Protection, Signature, When};
use crate::settings::{Encrypt, Outgoing, Sign};
use postkontor_plugin::{Error, Secret};
use postkontor_smime::Capability;
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The place of the settings of S/MIME in a sender.
const GROUP: &str = "/sender/smime";

/// The signer of a sender, kept from mail to mail.
#[derive(Default)]
pub(crate) struct Keyring(Mutex<Option<Kept>>);

struct Kept {
    files: Vec<Option<Stamp>>,
    signature: Arc<Signature>,
}

/// Where a sender's certificates are asked for.
pub(crate) struct Surroundings<'a> {
    /// The sender's settings.
    pub(crate) smime: &'a Outgoing,
    pub(crate) keyring: &'a Keyring,
    pub(crate) folders: &'a Folders,
    /// Fetches a password by its name.
    pub(crate) find: &'a dyn Fn(&str) -> Option<Secret>,
    pub(crate) going: Going<'a>,
}

impl Surroundings<'_> {
    /// How the sender's mail is protected.
    pub(crate) fn protection(&self) -> Protection<'_> {
        let encrypt = self.smime.encrypt.as_ref();
        Protection {
            certificates: self,
            sign: self.smime.sign.is_some(),
            encrypt: encrypt.map_or(When::Never, |encrypt| encrypt.when),
            to_self: encrypt.is_none_or(|encrypt| encrypt.to_self),
        }
    }

    /// How many certificates of others there are.
    pub(crate) fn count(&self) -> Result<usize, Error> {
        let mut count = 0;
        for (place, path) in self.sources() {
            count += self.folders.count(Path::new(path), &self.going).map_err(|unusable| at_source(&unusable, place))?;
        }
        Ok(count)
    }

    fn sources(&self) -> impl Iterator<Item = (usize, &String)> {
        self.smime.encrypt.iter().flat_map(|Encrypt { certificates, .. }| certificates).enumerate()
    }

    fn load(&self, sign: &Sign) -> Result<Signature, Error> {
        let group = format!("{GROUP}/sign");
        let identities = key_file::load(&sign.certificate, sign.password.as_ref(), &group, self.find)?;
        // One that is read has at least one.
        let Some(mut identity) = key_file::signing(identities) else {
            return Err(Unusable::no_file(Path::new(&sign.certificate)).error(&group));
        };
        if let Some(chain) = &sign.chain {
            let further = key_file::certificates(Path::new(chain)).map_err(|unusable| unusable.error_at(&format!("{group}/chain")))?;
            identity.extend_chain(&further);
        }
        Ok(Signature { identity, terms: Terms { capabilities: Capability::own(), ..Terms::default() } })
    }
}

impl Certificates for Surroundings<'_> {
    fn signature(&self) -> Result<Option<Arc<Signature>>, Error> {
        let Some(sign) = &self.smime.sign else { return Ok(None) };
        let stamp = |file: &String| fs::metadata(file).ok().map(|metadata| Stamp::of(&metadata));
        let files: Vec<Option<Stamp>> = std::iter::once(&sign.certificate).chain(&sign.chain).map(stamp).collect();
        let mut kept = self.keyring.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.files == files) {
            return Ok(Some(Arc::clone(&kept.signature)));
        }
        let signature = Arc::new(self.load(sign)?);
        *kept = Some(Kept { files, signature: Arc::clone(&signature) });
        Ok(Some(signature))
    }

    fn of(&self, address: &str) -> Result<Vec<Recipient>, Error> {
        let mut found = Vec::new();
        for (place, path) in self.sources() {
            let recipients = self.folders.of(Path::new(path), address, &self.going);
            found.extend(recipients.map_err(|unusable| at_source(&unusable, place))?);
        }
        Ok(found)
    }
}

/// The error of a folder or a file of recipients' certificates.
fn at_source(unusable: &Unusable, place: usize) -> Error {
    unusable.error_at(&format!("{GROUP}/encrypt/certificates/{place}"))
}
