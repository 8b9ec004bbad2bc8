//! Messages that are marked, copied, moved or deleted by their ids, as a transport sees them.

use crate::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do with which messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyRequest {
    /// The messages by their ids.
    pub messages: Vec<String>,
    /// What to do with them. `do` is its name in ABI 1, which the plugins that exist read.
    #[serde(rename = "do")]
    pub action: ApplyAction,
    /// Where [`ApplyAction::Move`] moves them and [`ApplyAction::Copy`] copies them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The keywords that [`ApplyAction::Keywords`] adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
    /// The keywords that [`ApplyAction::Keywords`] removes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

/// What is done with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Mark them as answered.
    Answered,
    /// Mark them as not answered.
    Unanswered,
    /// Mark them as flagged.
    Flagged,
    /// Mark them as not flagged.
    Unflagged,
    /// Add keywords to them and remove others.
    Keywords,
    /// Copy them to another folder.
    Copy,
}

impl ApplyAction {
    /// The operation that a transport with this action has: a plugin from before it never gets the action.
    pub const fn operation(self) -> &'static str {
        match self {
            ApplyAction::Seen | ApplyAction::Unseen | ApplyAction::Move | ApplyAction::Delete => "apply",
            ApplyAction::Answered | ApplyAction::Unanswered | ApplyAction::Flagged | ApplyAction::Unflagged | ApplyAction::Keywords => {
                "mark"
            }
            ApplyAction::Copy => "copy",
        }
    }

    /// Whether the request names a folder for it.
    pub const fn needs_folder(self) -> bool {
        matches!(self, ApplyAction::Move | ApplyAction::Copy)
    }
}

/// What became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The ids of those that were there.
    pub applied: Vec<String>,
    /// The ids of those that were not.
    #[serde(default)]
    pub missing: Vec<String>,
    /// The ids of what was moved or copied in the other folder, of those of which the server tells them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_ids: Vec<NewId>,
}

/// The id of a message that was moved or copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewId {
    /// The id by which it was named.
    pub id: String,
    /// The id that it, or its copy, has in the other folder.
    pub new_id: String,
}

impl Applied {
    /// The error of a call that ended early, with what was done before.
    pub fn told_by(&self, error: Error) -> Error {
        let told = error.done("applied", &self.applied).done("missing", &self.missing);
        if self.new_ids.is_empty() { told } else { told.done("new_ids", &self.new_ids) }
    }

    /// Puts `applied`, `missing` and `new_ids` in the order of the request.
    pub fn in_order_of(&mut self, request: &ApplyRequest) {
        let places = |ids: &[String]| -> std::collections::HashMap<String, usize> {
            ids.iter().enumerate().rev().map(|(place, id)| (id.clone(), place)).collect()
        };
        let places = places(&request.messages);
        let place = |id: &String| places.get(id).copied().unwrap_or(usize::MAX);
        self.applied.sort_by_key(place);
        self.missing.sort_by_key(place);
        self.new_ids.sort_by_key(|pair| place(&pair.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_of_abi_1_is_written_as_before() {
        let request =
            ApplyRequest { messages: vec!["1".to_owned()], action: ApplyAction::Seen, folder: None, add: Vec::new(), remove: Vec::new() };
        assert_eq!(serde_json::to_value(&request).unwrap(), json!({"messages": ["1"], "do": "seen"}));
        assert_eq!(serde_json::to_value(Applied::default()).unwrap(), json!({"applied": [], "missing": []}));
    }

    #[test]
    fn what_was_applied_stands_in_the_order_of_the_request() {
        let texts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let (add, remove) = (Vec::new(), Vec::new());
        let request = ApplyRequest { messages: texts(&["c", "x", "a", "c", "b"]), action: ApplyAction::Seen, folder: None, add, remove };
        let mut applied = Applied { applied: texts(&["a", "b", "c", "c"]), missing: texts(&["x"]), ..Applied::default() };
        applied.in_order_of(&request);
        // A message that is named twice stands twice, where it was named first.
        assert_eq!(applied.applied, ["c", "c", "a", "b"]);
    }
}
