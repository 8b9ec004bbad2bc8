//! What settings ask about transports.

use crate::keys::Seen;
use postkontor_plugin::Error;
use serde_json::Value;
use std::sync::Arc;

/// Where the schema of a transport's account settings comes from: the host's plugins.
pub trait Schemas {
    /// The schema that the plugin describes, without texts; an error where there is no such transport.
    fn schema(&self, transport: &str) -> Result<Arc<Value>, Error>;

    /// The names of the known transports, for suggestions.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether the transport has an operation; `true` where that is not known, because then the account has a problem of its own.
    fn supports(&self, _transport: &str, _operation: &str) -> bool {
        true
    }

    /// What was seen in files with certificates, so that a check looks at those that did not change once only.
    fn seen(&self) -> Option<&Seen> {
        None
    }

    /// Asks the transport itself whether it would take an account's settings, without touching the network: for rules that no
    /// schema expresses. References to secrets have been replaced by `***`. Only [`check`](super::check) asks; opening an
    /// account shows it anyway.
    fn refuse(&self, _transport: &str, _account: &str, _settings: &Value) -> Result<(), Error> {
        Ok(())
    }
}
