//! Messages on their way into a folder, as a transport sees them.

use crate::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Messages that the account shall keep in a folder, each once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Filing {
    /// The folder by its name, or by its use in angle brackets: `<sent>` is where the account keeps what it sent.
    pub folder: String,
    /// By whom the messages were sent, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_by: Option<SentBy>,
    /// The flags of the messages in the folder; a copy of what was sent is [`Mark::Seen`] where this is left out. A transport that heeds it
    /// and `keywords` has the operation `append`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<Vec<Mark>>,
    /// Their keywords.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// The messages. None: the transport only looks whether there is such a folder, and changes nothing.
    #[serde(default)]
    pub messages: Vec<Original>,
}

impl Filing {
    /// Whether the messages are to have this flag.
    pub fn has(&self, mark: Mark) -> bool {
        self.flags.as_ref().map_or(mark == Mark::Seen, |flags| flags.contains(&mark))
    }
}

/// A flag that a message has from the beginning (RFC 9051, section 2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It was read.
    Seen,
    /// It was answered.
    Answered,
    /// It needs attention.
    Flagged,
    /// It is not finished.
    Draft,
}

/// The account that sent a message. Some providers keep what an account sends over their servers in its mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBy {
    /// The server, as the settings name it.
    #[serde(default)]
    pub host: String,
    /// The user who logged in there; empty without a login.
    #[serde(default)]
    pub user: String,
}

/// A message that is to be filed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// The stream to read the message from.
    pub stream: u64,
    /// The message's exact size in bytes. Lines end in CRLF.
    pub size: u64,
    /// The message's Message-ID, without the angle brackets; empty where it has none that is well-formed.
    #[serde(default)]
    pub message_id: String,
    /// Its headers have letters outside ASCII in addresses (RFC 6532).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub utf8: bool,
}

/// What became of messages that were to be filed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Filed {
    /// The folder's name on the server.
    pub folder: String,
    /// The provider keeps what it sent in that folder by itself: nothing was filed, and `results` is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_to_provider: bool,
    /// One for each message, in the order given.
    #[serde(default)]
    pub results: Vec<FilingResult>,
}

/// What became of one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingResult {
    /// It is in the folder now; the id by which the account names it, where the server tells it, else the folder.
    Saved(String),
    /// It was there before; its id.
    Found(String),
    /// It is not there, or that cannot be known ([`Status::Uncertain`](crate::Status::Uncertain)).
    Error(Error),
}
