//! What a session knows of its account besides the settings.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a transport learns besides its settings when a session is opened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Opening {
    /// The account's name in the settings document.
    pub account: String,
    /// The names of the secrets that the settings refer to (`{"secret":"name"}`), by the pointers at which they stand, so that a
    /// renewed one can be kept under its name ([`Call::secret_put`](crate::Call::secret_put)).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// Whether the host keeps access tokens for all transports of the process. Older hosts do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub token_cache: bool,
    /// Whether the host takes warnings ([`Call::warn`](crate::Call::warn)). Older hosts do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warnings: bool,
}
