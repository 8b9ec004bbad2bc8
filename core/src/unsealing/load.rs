//! With what signed and encrypted messages are read: the files that the settings name, opened.

use crate::authorities;
use crate::keys::key_file;
use crate::keys::now;
use crate::opened::Keys;
use crate::settings::{Incoming, Password, Sign};
use postkontor_plugin::{Error, Input, Secret};
use postkontor_smime::Identity;
use postkontor_smime::verify::Anchors;
use std::path::Path;

/// What loading has to know of the document that names the files.
pub(crate) struct Loading<'a> {
    /// Finds a secret by its name.
    pub(crate) secret: &'a dyn Fn(&str) -> Option<Secret>,
    /// What kind of document it is.
    pub(crate) of: Input,
    /// Where a member of the group stands in it: `/keys/0/certificate`.
    pub(crate) place: &'a dyn Fn(&str) -> String,
}

/// What was loaded, and what could not be.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) keys: Keys,
    /// Each with the place that names the file.
    pub(crate) errors: Vec<Error>,
}

impl Loading<'_> {
    /// Opens all files of the group. One that cannot be read does not stand in the way of the others.
    pub(crate) fn incoming(&self, incoming: &Incoming) -> Loaded {
        let mut loaded = Loaded::default();
        for (index, key) in incoming.keys.iter().enumerate() {
            loaded.add(self.identities(&key.certificate, key.password.as_ref(), &format!("/keys/{index}")));
        }
        let trust = match &incoming.ca_file {
            None => Ok(authorities::of_the_system().clone()),
            Some(name) => key_file::certificates(Path::new(name)).map(Anchors::new),
        };
        match trust {
            Ok(trust) => loaded.keys.trust = trust,
            Err(unusable) => loaded.errors.push(self.placed(unusable.error_at("/ca_file"))),
        }
        loaded.keys.now = now();
        loaded
    }

    /// The certificate that the sender signs with: mail is encrypted for it as well.
    pub(crate) fn signer(&self, sign: &Sign, loaded: &mut Loaded) {
        loaded.add(self.identities(&sign.certificate, sign.password.as_ref(), ""));
    }

    fn identities(&self, name: &str, password: Option<&Password>, group: &str) -> Result<Vec<Identity>, Error> {
        key_file::load(name, password, group, self.secret).map_err(|error| self.placed(error))
    }

    /// The error with the places of the document in the place of those in the group.
    fn placed(&self, mut error: Error) -> Error {
        for at in &mut error.at {
            at.of = Some(self.of);
            at.pointer = (self.place)(&at.pointer);
        }
        error
    }
}

impl Loaded {
    /// Adds identities that are not there yet: the key that signs may be among the others.
    fn add(&mut self, identities: Result<Vec<Identity>, Error>) {
        match identities {
            Ok(identities) => {
                for identity in identities {
                    if !self.keys.identities.iter().any(|known| known.certificate() == identity.certificate()) {
                        self.keys.known.extend_from_slice(identity.chain());
                        self.keys.identities.push(identity);
                    }
                }
            }
            Err(error) => self.errors.push(error),
        }
    }
}
