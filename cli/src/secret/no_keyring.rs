//! The keyring where the command knows none: secrets are in the encrypted file.

use crate::stop::Stop;
use postkontor_core::{Error, Secret};
use std::time::Instant;

/// Access to no keyring.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyring {
    pub(crate) stop: Stop,
    pub(crate) deadline: Option<Instant>,
}

/// Why the keyring did not serve. Here it is always missing.
#[allow(dead_code, reason = "the other ways to fail are those of a keyring")]
#[derive(Debug)]
pub(crate) enum Trouble {
    Missing(String),
    TooLong,
    Failed(Error),
}

impl Keyring {
    pub(crate) fn available(&self) -> Result<(), Trouble> {
        Err(missing())
    }

    pub(crate) fn get(&self, _name: &str) -> Result<Option<Secret>, Trouble> {
        Err(missing())
    }

    pub(crate) fn put(&self, _name: &str, _secret: &Secret) -> Result<(), Trouble> {
        Err(missing())
    }

    pub(crate) fn remove(&self, _name: &str) -> Result<bool, Trouble> {
        Err(missing())
    }

    pub(crate) fn names(&self) -> Result<Vec<String>, Trouble> {
        Err(missing())
    }
}

fn missing() -> Trouble {
    Trouble::Missing(format!("{} has none that this command knows", std::env::consts::OS))
}
