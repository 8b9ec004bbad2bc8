//! A server's reply, as errors and receipts hold it.

use serde::{Deserialize, Serialize};

/// A server's reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The reply code, for example 550; 0 for protocols without numbers.
    #[serde(default)]
    pub code: u16,
    /// The enhanced status code of RFC 3463, for example `5.1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enhanced: Option<String>,
    /// The text, with control characters and secrets removed.
    #[serde(default)]
    pub text: String,
}
