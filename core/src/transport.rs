//! A transport that can be used: an open plugin and what it says of itself.

use crate::loader::{Context, Plugin, Session};
use crate::{Callbacks, Cancel};
use postkontor_plugin::Error;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

/// A transport that can be used.
pub(crate) struct Transport {
    plugin: Plugin,
    pub(crate) identity: Identity,
    description: OnceLock<Result<Arc<Description>, Error>>,
}

/// What a plugin says of itself whenever it is asked.
#[derive(Deserialize)]
pub(crate) struct Identity {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
    pub(crate) operations: Vec<String>,
}

/// What a plugin says of itself when it is asked for everything.
#[derive(Deserialize)]
pub(crate) struct Description {
    /// The schema of an account's settings, without texts.
    pub(crate) schema: Arc<Value>,
    /// Texts by language.
    #[serde(default)]
    pub(crate) texts: Value,
}

impl Transport {
    /// Asks a plugin who it is.
    pub(crate) fn new(plugin: Plugin) -> Result<Transport, Error> {
        let identity = plugin.describe("{}")?;
        Ok(Transport { plugin, identity, description: OnceLock::new() })
    }

    /// Whether it has an operation.
    pub(crate) fn supports(&self, operation: &str) -> bool {
        self.identity.operations.iter().any(|known| known == operation)
    }

    /// Everything it says of itself; asked for once.
    pub(crate) fn description(&self) -> Result<Arc<Description>, Error> {
        let describe = || self.plugin.describe(r#"{"full":true}"#).map(Arc::new);
        self.description.get_or_init(describe).clone()
    }

    /// Makes a session from settings whose secrets are in place. The network is not touched.
    pub(crate) fn open(&self, account: &str, settings: &Value, callbacks: &dyn Callbacks) -> Result<Session, Error> {
        let (cancel, mut no_streams) = (Cancel::default(), ());
        let context = Context::new(callbacks, &cancel, &mut no_streams);
        let request = Zeroizing::new(json!({"account": account, "settings": settings}).to_string());
        self.plugin.open(&request, &context)
    }
}
