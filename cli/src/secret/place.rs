//! Where secrets may be, and which store is asked for.

use crate::texts::problem;
use postkontor_core::Error;

/// A place for secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A variable of the environment.
    Environment,
    /// A file that the name says.
    Direct,
    /// The system's keyring.
    Keyring,
    /// The encrypted file.
    File,
}

impl Place {
    /// Its word on the command line and in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Place::Environment => "env",
            Place::Direct => "path",
            Place::Keyring => "keyring",
            Place::File => "file",
        }
    }
}

/// The store that new secrets go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The keyring where there is one, else the encrypted file.
    #[default]
    Auto,
    /// Only the keyring.
    Keyring,
    /// Only the encrypted file.
    File,
}

impl Choice {
    /// The one that `POSTKONTOR_SECRETS` names.
    pub(crate) fn of_environment() -> Result<Choice, Error> {
        Choice::read(&std::env::var("POSTKONTOR_SECRETS").unwrap_or_default())
    }

    /// Reads the word of `--store` and `POSTKONTOR_SECRETS`.
    pub(crate) fn read(word: &str) -> Result<Choice, Error> {
        match word {
            "auto" | "" => Ok(Choice::Auto),
            "keyring" => Ok(Choice::Keyring),
            "file" => Ok(Choice::File),
            other => Err(problem("cli.store_unknown").arg("value", other)),
        }
    }
}
