//! A transport that can be used: an open plugin and its description.

use crate::error::{failed, unwritable};
use crate::loader::{Context, Plugin, Session};
use crate::settings::named;
use crate::{Callbacks, Cancel};
use postkontor_plugin::settings::portable_schema;
use postkontor_plugin::wire::{DescribeRequest, Identity, OpenRequest};
use postkontor_plugin::{CONDITIONS, Error, Opening, PART, ReceiveRequest, STRUCTURE, Stage, Status, Summary};
use serde_json::{Map, Value};
use std::io::Write;
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

/// What a plugin says of itself; its schema is shared by all that read it.
pub(crate) type Description = postkontor_plugin::wire::Description<Arc<Value>>;

/// A transport that can be used.
pub(crate) struct Transport {
    plugin: Plugin,
    pub(crate) identity: Identity,
    description: OnceLock<Result<Arc<Description>, Error>>,
}

impl Transport {
    /// Asks a plugin who it is.
    pub(crate) fn new(plugin: Plugin) -> Result<Transport, Error> {
        let identity: Identity = plugin.describe(DescribeRequest::default())?;
        if named::is_reserved(&identity.name) {
            return Err(failed(Status::Transport, "plugin.name_reserved").arg("name", identity.name.as_str()));
        }
        Ok(Transport { plugin, identity, description: OnceLock::new() })
    }

    /// Whether it has an operation.
    pub(crate) fn supports(&self, operation: &str) -> bool {
        self.identity.operations.iter().any(|known| known == operation)
    }

    /// Refuses a request to fetch that has what the plugin does not say it heeds: an older one would leave it out of account in silence, and
    /// more would come, or be deleted, than was asked for.
    pub(crate) fn heeds(&self, request: &ReceiveRequest) -> Result<(), Error> {
        let heeds = |name: &str| self.identity.heeds.iter().any(|known| known == name);
        let asked = [
            (CONDITIONS, request.filter.newest()),
            (STRUCTURE, (request.summary == Summary::Structure).then_some("/summary")),
            (PART, request.message.as_ref().map(|_| "/message")),
        ];
        let Some((_, Some(pointer))) = asked.into_iter().find(|(name, pointer)| pointer.is_some() && !heeds(name)) else { return Ok(()) };
        let code = "receive.member_unsupported";
        let error = failed(Status::Unsupported, code).stage(Stage::Fetch).at_request(pointer, code);
        let member = pointer.trim_start_matches('/').replace('/', ".");
        Err(error.arg("transport", self.identity.name.as_str()).arg("member", member))
    }

    /// Everything it says of itself; asked for once.
    pub(crate) fn description(&self) -> Result<Arc<Description>, Error> {
        let describe = || {
            let mut description: Description = self.plugin.describe(DescribeRequest { full: true })?;
            // The Rust SDK has done it already; a plugin in another language has only written its schema down.
            let schema = std::mem::take(&mut description.schema);
            description.schema = Arc::new(portable_schema(Arc::unwrap_or_clone(schema)));
            Ok(Arc::new(description))
        };
        self.description.get_or_init(describe).clone()
    }

    /// Makes a session from settings whose secrets are in place. The network is not touched.
    ///
    /// `names` are those of the secrets that the settings refer to, by pointer; `log` is the most detailed level that is read.
    pub(crate) fn open(
        &self,
        account: &str,
        settings: &Value,
        names: &Map<String, Value>,
        callbacks: &dyn Callbacks,
        log: i32,
    ) -> Result<Session, Error> {
        let (cancel, mut no_streams) = (Cancel::default(), ());
        let context = Context::new(callbacks, &cancel, &mut no_streams);
        let secrets = names.iter().filter_map(|(pointer, name)| Some((pointer.clone(), name.as_str()?.to_owned()))).collect();
        let opening = Opening { account: account.to_owned(), secrets, token_cache: true, warnings: true };
        let log = u64::try_from(log).unwrap_or_default();
        let mut request = Growing::default();
        serde_json::to_writer(&mut request, &OpenRequest { opening, log, settings }).map_err(unwritable)?;
        self.plugin.open(&request.0, &context)
    }
}

/// Bytes that leave nothing behind where they outgrow their place.
#[derive(Default)]
struct Growing(Zeroizing<Vec<u8>>);

impl Write for Growing {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        if self.0.capacity() - self.0.len() < data.len() {
            let mut larger = Zeroizing::new(Vec::with_capacity((self.0.len() + data.len()).max(1024) * 2));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
