//! The schema of the settings document.

use super::{Bridge, Outbox, Receive, Send, Sender, Sent};
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
        #[schemars(extend("x-postkontor" = {"order": 50, "advanced": true}))]
        outbox: Option<Outbox>,
        #[schemars(extend("x-postkontor" = {"order": 60, "advanced": true}))]
        bridge: Option<Bridge>,
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
