//! A transport that can be used: an open plugin and what it says of itself.

use crate::error::failed;
use crate::loader::{Context, Plugin, Session};
use crate::{Callbacks, Cancel};
use postkontor_plugin::settings::portable_schema;
use postkontor_plugin::{Error, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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
        let describe = || {
            let mut description: Description = self.plugin.describe(r#"{"full":true}"#)?;
            // The Rust SDK has done it already; a plugin in another language has only written its schema down.
            let schema = std::mem::take(&mut description.schema);
            description.schema = Arc::new(portable_schema(Arc::unwrap_or_clone(schema)));
            Ok(Arc::new(description))
        };
        self.description.get_or_init(describe).clone()
    }

    /// Makes a session from settings whose secrets are in place. The network is not touched.
    ///
    /// `names` are those of the secrets that the settings refer to, by pointer; `log` is the most detailed level that somebody reads.
    pub(crate) fn open(
        &self,
        account: &str,
        settings: &Value,
        names: &Map<String, Value>,
        callbacks: &dyn Callbacks,
        log: i32,
    ) -> Result<Session, Error> {
        #[derive(Serialize)]
        struct Request<'a> {
            account: &'a str,
            settings: &'a Value,
            #[serde(skip_serializing_if = "Map::is_empty")]
            secrets: &'a Map<String, Value>,
            #[serde(skip_serializing_if = "is_silent")]
            log: i32,
        }
        let (cancel, mut no_streams) = (Cancel::default(), ());
        let context = Context::new(callbacks, &cancel, &mut no_streams);
        let request = serde_json::to_string(&Request { account, settings, secrets: names, log });
        let request = request.map_err(|error| failed(Status::Internal, "host.request_unwritable").detail(error.to_string()))?;
        let request = Zeroizing::new(request);
        self.plugin.open(&request, &context)
    }
}

/// Whether nobody reads the log; then the transport need not learn it.
fn is_silent(log: &i32) -> bool {
    *log == 0
}
