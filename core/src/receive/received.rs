//! What a fetch brought, as the program gets it.

use postkontor_plugin::{Action, Error, Missing};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

/// What a fetch brought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Received {
    /// The messages, in the order they came.
    pub messages: Vec<Taken>,
    /// Those that the server named and did not hand over; the next fetch tries them again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// What was done in another way than it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Error>,
    /// For the next request: then only what is new is fetched.
    pub state: String,
    /// Whether messages were left because of a limit.
    pub more: bool,
}

impl Received {
    /// What was taken before a fetch was interrupted by this error; nothing where nothing was.
    pub fn of_interrupted(error: &Error) -> Option<Received> {
        error.more.get("messages")?;
        Received::deserialize(&error.more).ok()
    }

    /// The same as members for an error.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let mut members = Map::from_iter([
            ("messages".to_owned(), json!(self.messages)),
            ("state".to_owned(), Value::from(self.state.as_str())),
            ("more".to_owned(), Value::from(self.more)),
        ]);
        if !self.missing.is_empty() {
            members.insert("missing".to_owned(), json!(self.missing));
        }
        if !self.warnings.is_empty() {
            members.insert("warnings".to_owned(), json!(self.warnings));
        }
        members
    }
}

/// A message that was fetched, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// The name of the file it was saved in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Names it for ever within the account.
    pub id: String,
    /// The digest of its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Its bytes.
    pub size: u64,
    /// Its subject, where it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The recipients within the company, where the settings route messages.
    #[serde(serialize_with = "or_empty", deserialize_with = "unless_empty")]
    pub deliver_to: Option<Arc<DeliverTo>>,
    /// What became of it on the server.
    pub action: Action,
}

/// A line for the log.
impl Display for Taken {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "fetched message {}, {} bytes", self.id, self.size)?;
        if let Some(file) = &self.file {
            write!(f, ", saved as {file}")?;
        }
        f.write_str(match self.action {
            Action::Keep => ", kept",
            Action::Seen => ", marked as seen",
            Action::Delete => ", deleted",
            Action::Stop => ", left as it was",
        })
    }
}

/// Who is to get a message, by the settings (`receive.routing`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverTo {
    /// The number that the messages of this mailbox are filed under.
    pub number: Option<String>,
    /// The operators, each once.
    pub operators: Vec<String>,
    /// The workgroups, each once.
    pub workgroups: Vec<String>,
}

/// An object in any case, as readers expect one.
fn or_empty<S: Serializer>(deliver_to: &Option<Arc<DeliverTo>>, serializer: S) -> Result<S::Ok, S::Error> {
    match deliver_to {
        Some(deliver_to) => deliver_to.serialize(serializer),
        None => Map::new().serialize(serializer),
    }
}

fn unless_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<DeliverTo>>, D::Error> {
    let members = Map::deserialize(deserializer)?;
    if members.is_empty() { Ok(None) } else { Arc::deserialize(members).map(Some).map_err(D::Error::custom) }
}
