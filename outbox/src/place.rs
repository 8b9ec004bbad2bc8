//! Where a store is.

use crate::engine::{Engine, Sqlite};
#[cfg(feature = "postgresql")]
use crate::engine::{Login, Postgresql};
use crate::schema;
use postkontor_core::settings::Store;
use postkontor_core::{Error, Watch};
use std::path::PathBuf;

/// Where a store is: what the setting `outbox.store` says.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A server, and who logs in there.
    #[cfg(feature = "postgresql")]
    Postgresql(Box<Login>),
}

impl Place {
    /// Reads the setting.
    pub(crate) fn parse(store: &str) -> Result<Place, Error> {
        let unusable = |code: &str| Err(Error::setting("/outbox/store", code).usable());
        match Store::read(store) {
            Some(Store::Sqlite(path)) => Ok(Place::Sqlite(path)),
            #[cfg(feature = "postgresql")]
            Some(Store::Postgresql(url)) => Login::parse(&url).map(Box::new).map(Place::Postgresql),
            #[cfg(not(feature = "postgresql"))]
            Some(Store::Postgresql(_)) => unusable("outbox.store_not_built_in"),
            None => unusable("settings.store_unknown"),
        }
    }

    /// Opens a connection. The tables are there when this returns.
    pub(crate) fn open(&self, watch: &Watch<'_>) -> Result<Box<dyn Engine>, Error> {
        let mut engine: Box<dyn Engine> = match self {
            Place::Sqlite(path) => Box::new(Sqlite::open(path, watch)?),
            #[cfg(feature = "postgresql")]
            Place::Postgresql(login) => Box::new(Postgresql::open(login, watch)?),
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
            #[cfg(feature = "postgresql")]
            Place::Postgresql(_) => None,
        }
    }

    /// What a person calls it by; never a password.
    pub(crate) fn name(&self) -> String {
        match self {
            Place::Sqlite(path) => path.to_string_lossy().into_owned(),
            #[cfg(feature = "postgresql")]
            Place::Postgresql(login) => login.name.clone(),
        }
    }
}
