//! The settings document: named accounts, who sends with what, and the sender's identity.

mod account;
mod bridge;
mod certificates;
mod check;
mod conditions;
mod credentials;
mod defaults;
mod document;
mod fields;
mod findings;
mod form;
mod json;
mod keyword;
mod layers;
mod meant;
mod outbox;
mod own_sender;
mod patch;
mod problem;
mod reading;
mod references;
mod refusals;
mod repair;
mod risks;
mod routes;
mod rules;
mod schema;
mod schemas;
mod scopes;
mod secrets;
mod sender;
pub(crate) mod smime;
mod store;
mod trials;
mod values;
mod version;

pub use crate::keys::Seen;
pub use bridge::{Bridge, Login, Maildrop, ServerCertificate, ServerTls, ServerTlsMode, Submission, listening_address};
pub use certificates::Shown;
pub use check::{Checked, Finding, Severity, check};
pub use document::{AccountSettings, Document};
pub(crate) use form::input_form;
pub(crate) use form::names as named;
pub use form::{AccountKind, Form, account_form, document_form, form, layers_form};
pub use outbox::{Limit, OnUncertain, Outbox, Pauses};
pub(crate) use problem::{hint, shown};
pub use routes::{Receive, Send, Sent};
pub use schema::document_schema;
pub use schemas::Schemas;
pub(crate) use secrets::{resolve_kept, secret_names, wipe};
pub use secrets::{resolve_secrets, secret_not_found};
pub use sender::{Html, Sender, Unencodable};
pub use smime::{Encrypt, Incoming, KeyFile, Outgoing, Password, Sign};
pub use store::Store;

pub use version::{Migrated, VERSION};

use problem::Problem;
use serde_json::Value;

/// The schema of an account: what its transport describes, and for one that sends a sender of its own.
pub fn account_schema(described: &Value, sends: bool) -> Value {
    let mut schema = described.clone();
    if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut).filter(|_| sends) {
        members.entry("sender").or_insert_with(|| own_sender::schema().clone());
    }
    schema
}
