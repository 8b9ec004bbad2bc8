//! The settings document: named accounts, who sends with what, and the sender's identity.

mod check;
mod credentials;
mod document;
mod fields;
mod form;
mod json;
mod layers;
mod pointer;
mod problem;
mod reading;
mod routes;
mod rules;
mod secrets;
mod sender;

pub use check::check;
pub use document::{AccountSettings, Document, Schemas};
pub use form::form;
pub(crate) use pointer::names;
pub use routes::{Receive, Send, Sent};
pub use secrets::{resolve_secrets, secret_not_found};
pub(crate) use secrets::{secret_names, wipe};
pub use sender::{Html, Sender, Unencodable};

use problem::Problem;
use serde_json::Value;
use std::sync::OnceLock;

/// The schema of the document's own groups (everything but the accounts), without texts.
pub fn document_schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    /// The document's own groups.
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Groups {
        /// Off: nothing is checked, and sending ends with the status DISABLED.
        #[serde(default = "on")]
        #[schemars(extend("x-postkontor" = {"scope": "company", "order": 10}))]
        enabled: bool,
        #[serde(default)]
        #[schemars(extend("x-postkontor" = {"order": 20}))]
        sender: Sender,
        #[serde(default)]
        #[schemars(extend("x-postkontor" = {"order": 30}))]
        send: Send,
        #[serde(default)]
        #[schemars(extend("x-postkontor" = {"order": 35}))]
        sent: Sent,
        #[serde(default)]
        #[schemars(extend("x-postkontor" = {"order": 40}))]
        receive: Receive,
    }
    fn on() -> bool {
        true
    }
    SCHEMA.get_or_init(postkontor_plugin::settings::schema::<Groups>)
}
