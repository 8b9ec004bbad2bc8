//! The ports that a form shows.

use crate::settings::schema;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::json;

/// Checks that the form names, for each TLS mode, the port that is used where the settings name none.
///
/// # Panics
///
/// Where they differ, or the schema has no default port by `/tls/mode`.
pub fn check_default_ports<S: JsonSchema + DeserializeOwned>(default_port: impl Fn(&S) -> u16) {
    let schema = schema::<S>();
    let ports = &schema["properties"]["server"]["properties"]["port"]["x-postkontor"]["default_by"]["/tls/mode"];
    for (mode, port) in ports.as_object().unwrap_or_else(|| panic!("no default port by TLS mode: {schema}")) {
        let settings = json!({"server": {"host": "h"}, "tls": {"mode": mode}});
        let settings = serde_json::from_value(settings).unwrap_or_else(|error| panic!("{mode}: {error}"));
        assert_eq!(*port, default_port(&settings), "{mode}");
    }
}
