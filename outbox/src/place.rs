//! Where a store is.

use crate::engine::{Engine, Sqlite};
use crate::schema;
use postkontor_core::{Error, Watch};
use std::path::PathBuf;

/// Where a store is: what the setting `outbox.store` says.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A file of this machine.
    Sqlite(PathBuf),
}

impl Place {
    /// Opens a connection. The tables are there when this returns.
    pub(crate) fn open(&self, watch: &Watch<'_>) -> Result<Box<dyn Engine>, Error> {
        let mut engine: Box<dyn Engine> = match self {
            Place::Sqlite(path) => Box::new(Sqlite::open(path, watch)?),
        };
        schema::prepare(engine.as_mut(), &self.name(), watch)?;
        Ok(engine)
    }

    /// The folder with the large mails, where they are not in the database.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Place::Sqlite(path) => {
                let mut folder = path.clone().into_os_string();
                folder.push("-content");
                Some(folder.into())
            }
        }
    }

    /// What a person calls it by; never a password.
    pub(crate) fn name(&self) -> String {
        match self {
            Place::Sqlite(path) => path.to_string_lossy().into_owned(),
        }
    }
}
