//! Messages that are looked for by their Message-IDs.

use serde::{Deserialize, Serialize};

/// Which messages are looked for, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindRequest {
    /// The folder by its name, or by its use in angle brackets: `<sent>` is where the account keeps what it sent.
    pub folder: String,
    /// The host itself puts copies of what is sent into that folder ([`Transport::file`](crate::Transport::file)).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub filed: bool,
    /// The Message-IDs without their angle brackets.
    pub message_ids: Vec<String>,
}

/// What became of looking for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMessages {
    /// The folder's name on the server.
    pub folder: String,
    /// In the order of the request: the id of the message, and nothing where it is not there, or not among those that were looked at.
    pub places: Vec<Option<String>>,
}
