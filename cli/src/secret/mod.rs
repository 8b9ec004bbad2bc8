//! The secrets that settings refer to, and where they are kept.
//!
//! `{"secret":"env:NAME"}` is in the environment, `{"secret":"file:/path"}` in a file. Every other name is in a store: the system's
//! [`keyring`], or an encrypted file ([`sealed`]) where there is no keyring. A name in the file hides the same name in the keyring.
//!
//! [`Secrets`] is the interface: get, put, list, remove. [`command`] is `postkontor secret`.

mod age;
pub(crate) mod command;
mod direct;
mod identity;
mod keyring;
mod place;
mod sealed;
mod told;
mod wiped;

use crate::stop::Stop;
use crate::texts::problem;
pub(crate) use direct::line;
use keyring::{Keyring, Trouble};
pub(crate) use place::{Choice, Place};
use postkontor_core::{Error, Secret, Status};
use sealed::Sealed;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
pub(crate) use told::Told;

/// Access to the secrets.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    choice: Choice,
    keyring: Keyring,
}

impl Default for Secrets {
    /// The store that `POSTKONTOR_SECRETS` names; a word that names none, which [`Secrets::new`] refuses, counts as nothing.
    fn default() -> Secrets {
        Secrets { choice: Choice::of_environment().unwrap_or_default(), keyring: Keyring::default() }
    }
}

/// The longest name, in bytes.
const NAME: usize = 200;

/// The longest text, in bytes.
const TEXT: usize = 64 * 1024;

impl Secrets {
    /// Uses the store that is asked for, else the one that `POSTKONTOR_SECRETS` names. Waiting for a keyring ends with `stop` and `timeout`.
    pub(crate) fn new(asked: Option<Choice>, stop: &Stop, timeout: Option<Duration>) -> Result<Secrets, Error> {
        let choice = asked.map_or_else(Choice::of_environment, Ok)?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Ok(Secrets { choice, keyring: Keyring { stop: stop.clone(), deadline } })
    }

    /// Finds a secret, and says where it was.
    pub(crate) fn get(&self, name: &str) -> Result<Option<(Secret, Place)>, Error> {
        if let Some(found) = direct::get(name) {
            return found;
        }
        // The file first: it needs no person.
        let in_file = if self.choice == Choice::Keyring { None } else { Sealed::of_user()?.get(name)? };
        if let Some(secret) = in_file {
            return Ok(Some((secret, Place::File)));
        }
        let in_keyring = self.asked(None, |keyring| keyring.get(name))?;
        Ok(in_keyring.map(|secret| (secret, Place::Keyring)))
    }

    /// Keeps a secret: where one of that name is, else in the store of choice. Says where it is now.
    pub(crate) fn put(&self, name: &str, secret: &Secret) -> Result<Place, Error> {
        if let Some(put) = direct::put(name, secret) {
            return put;
        }
        named(name)?;
        if secret.is_empty() || secret.reveal().len() > TEXT {
            return Err(problem("cli.secret_size").arg("name", name).arg("limit", TEXT));
        }
        let is_in_file = || Sealed::of_user().and_then(|file| file.get(name)).map(|found| found.is_some());
        if self.choice == Choice::File || self.choice == Choice::Auto && is_in_file()? {
            Sealed::of_user()?.put(name, secret)?;
            return Ok(Place::File);
        }
        match self.keyring.put(name, secret) {
            Ok(()) => {
                // One in the file would hide it.
                if self.choice == Choice::Keyring {
                    Sealed::of_user()?.remove(name)?;
                }
                Ok(Place::Keyring)
            }
            Err(Trouble::Missing(_) | Trouble::TooLong) if self.choice == Choice::Auto => {
                Sealed::of_user()?.put(name, secret)?;
                Ok(Place::File)
            }
            Err(trouble) => Err(told(trouble)),
        }
    }

    /// Every name with its store, the stores, and which of them takes new secrets.
    pub(crate) fn list(&self) -> Result<Value, Error> {
        let file = Sealed::of_user()?;
        let available = self.keyring.available();
        let mut found: Vec<(String, Place)> = Vec::new();
        if self.choice != Choice::Keyring {
            found.extend(file.names()?.into_iter().map(|name| (name, Place::File)));
        }
        if self.choice != Choice::File {
            found.extend(self.asked(Some(&available), Keyring::names)?.into_iter().map(|name| (name, Place::Keyring)));
        }
        found.sort();
        let secrets: Vec<Value> = found.iter().map(|(name, place)| json!({"name": name, "store": place.word()})).collect();
        let mut keyring = json!({"store": Place::Keyring.word(), "available": available.is_ok()});
        if let Err(Trouble::Missing(cause)) = &available {
            keyring["cause"] = Value::from(cause.as_str());
        }
        let sealed = json!({"store": Place::File.word(), "available": true, "file": file.file, "key": file.key});
        let takes_new = match self.choice {
            Choice::File => Place::File,
            Choice::Auto if available.is_err() => Place::File,
            Choice::Auto | Choice::Keyring => Place::Keyring,
        };
        Ok(json!({"secrets": secrets, "stores": [keyring, sealed], "store": takes_new.word()}))
    }

    /// Forgets a secret wherever it is kept, and says where that was.
    pub(crate) fn remove(&self, name: &str) -> Result<Place, Error> {
        named(name)?;
        let was_in_file = self.choice != Choice::Keyring && Sealed::of_user()?.remove(name)?;
        let was_in_keyring = self.asked(None, |keyring| keyring.remove(name))?;
        if was_in_file || was_in_keyring {
            return Ok(if was_in_file { Place::File } else { Place::Keyring });
        }
        let mut unknown = problem("cli.secret_unknown").arg("name", name);
        unknown.status = Status::NotFound;
        Err(unknown)
    }

    /// What the keyring answers; where there is none, or it is not wanted, what an empty one would.
    fn asked<T: Default>(
        &self,
        available: Option<&Result<(), Trouble>>,
        ask: impl FnOnce(&Keyring) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        let is_missing = matches!(available, Some(Err(Trouble::Missing(_)))) && self.choice == Choice::Auto;
        if self.choice == Choice::File || is_missing {
            return Ok(T::default());
        }
        match ask(&self.keyring) {
            Err(Trouble::Missing(_)) if self.choice == Choice::Auto => Ok(T::default()),
            answer => answer.map_err(told),
        }
    }
}

/// Whether a store takes such a name.
fn named(name: &str) -> Result<(), Error> {
    let is_taken = ["env:", "file:", "postkontor:"].iter().any(|prefix| name.starts_with(prefix));
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) || name.trim() != name || is_taken {
        return Err(problem("cli.secret_name").arg("name", name));
    }
    Ok(())
}

fn told(trouble: Trouble) -> Error {
    let mut missing = match trouble {
        Trouble::Missing(cause) => problem("cli.keyring_missing").arg("cause", cause),
        Trouble::TooLong => problem("cli.keyring_too_long"),
        Trouble::Failed(error) => return error,
    };
    missing.status = Status::Local;
    missing
}
