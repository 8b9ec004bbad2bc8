//! Group `server` of a transport whose server stands in a URL: the way there.

use super::server::default_timeout;
use crate::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long to wait for the server, and the way there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Route {
    /// Seconds to wait for an answer, and the total time of a test.
    #[schemars(range(min = 1, max = 3600), extend("x-postkontor" = {"scope": "user", "unit": "s", "order": 30}))]
    pub timeout_seconds: u32,
    /// `socks5://[user:password@]host:port` or `http://[user:password@]host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "secret": true, "order": 40}))]
    pub proxy: Option<Secret>,
}

impl Default for Route {
    fn default() -> Route {
        Route { timeout_seconds: default_timeout(), proxy: None }
    }
}
