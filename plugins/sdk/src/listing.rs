//! Folders and messages that are listed without being fetched, as a transport sees them.

use crate::Missing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ListRequest {
    /// The folder whose messages are wanted, empty for the account's inbox. Left out: the folders themselves, or the messages of a
    /// mailbox that has no folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["INBOX"], "x-postkontor" = {"folder": true}))]
    pub folder: Option<String>,
}

/// A list of folders or of messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Listing {
    /// The folders of the mailbox.
    Folders {
        /// In the order of the server.
        folders: Vec<Folder>,
    },
    /// The messages of a folder.
    Messages {
        /// Its name on the server; nothing where the mailbox has no folders.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
        /// In the order of the server.
        messages: Vec<Listed>,
        /// Messages that the server describes in no usable way, and why.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<Missing>,
    },
}

/// A folder as the server lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Its name.
    pub name: String,
    /// What stands in its name between the levels of the hierarchy.
    #[serde(default)]
    pub delimiter: Option<String>,
    /// Its special uses (RFC 6154), in lower case: `sent`, `drafts`, `trash`, `junk`, `archive`, `all`, `flagged`.
    #[serde(default)]
    pub uses: Vec<Cow<'static, str>>,
    /// Whether it can hold messages.
    #[serde(default = "yes")]
    pub selectable: bool,
}

fn yes() -> bool {
    true
}

/// A message that is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Names the message for ever within the account, as [`Incoming::id`](crate::Incoming::id) does.
    pub id: String,
    /// Bytes, where the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Flags as the server names them, where it has flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<Vec<String>>,
    /// When the server got it, as RFC 3339, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
}
