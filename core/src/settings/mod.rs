//! The settings document: named accounts, who sends with what, and the sender's identity.

mod check;
mod credentials;
mod defaults;
mod document;
mod fields;
mod form;
mod json;
mod layers;
mod pointer;
mod problem;
mod reading;
mod references;
mod routes;
mod rules;
mod secrets;
mod sender;

pub use check::{Checked, Finding, Severity, check};
pub use document::{AccountSettings, Document, Schemas};
pub use form::{Form, form};
pub(crate) use pointer::{child, names};
pub(crate) use problem::{hint, shown};
pub use routes::{Receive, Send, Sent};
pub use secrets::{resolve_secrets, secret_not_found};
pub(crate) use secrets::{secret_names, wipe};
pub use sender::{Html, Sender, Unencodable};

use problem::Problem;
use serde_json::Value;
use std::sync::OnceLock;

/// The schema of an account: what its transport describes, and for one that sends a sender of its own.
pub fn account_schema(described: &Value, sends: bool) -> Value {
    let mut schema = described.clone();
    if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut).filter(|_| sends) {
        members.entry("sender").or_insert_with(|| sender::of_account().clone());
    }
    schema
}

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
    SCHEMA.get_or_init(|| {
        let mut schema = postkontor_plugin::settings::schema::<Groups>();
        schema["x-postkontor"] = serde_json::json!({"document": true});
        schema
    })
}
