//! Messages that are marked, moved or deleted by their ids, as a transport sees them.

use serde::{Deserialize, Serialize};

/// What to do with which messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyRequest {
    /// The messages by their ids.
    pub messages: Vec<String>,
    /// What to do with them. `do` is its name in ABI 1, which the plugins that exist read.
    #[serde(rename = "do")]
    pub action: ApplyAction,
    /// Where [`ApplyAction::Move`] moves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// What is done with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplyAction {
    /// Mark them as seen.
    Seen,
    /// Mark them as not seen.
    Unseen,
    /// Move them to another folder.
    Move,
    /// Delete them.
    Delete,
}

/// What became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The ids of those that were there.
    pub applied: Vec<String>,
    /// The ids of those that were not.
    #[serde(default)]
    pub missing: Vec<String>,
}
