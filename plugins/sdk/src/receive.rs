//! Mail on its way in, as a transport sees it.
//!
//! For each message that the host should get, a transport [announces](crate::Call::announce) it, writes its bytes with
//! [`Call::message`](crate::Call::message) block by block as they come, and asks for the [`Action`] with
//! [`Call::action`](crate::Call::action). Only then may it mark or delete the message: a crash before fetches it again.

use crate::Filter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReceiveRequest {
    /// The folder, where the protocol has folders; the account's inbox when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["INBOX"], "x-postkontor" = {"order": 10, "folder": true, "without": ["message"]}))]
    pub folder: Option<String>,
    /// What the last call returned as [`Received::state`]; only what is new since then is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"order": 80, "lines": true, "advanced": true}))]
    pub state: Option<String>,
    /// Which messages.
    #[serde(skip_serializing_if = "Filter::is_empty")]
    #[schemars(extend("x-postkontor" = {"order": 20, "without": ["message"]}))]
    pub filter: Filter,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [100], "x-postkontor" = {"order": 30, "without": ["message"]}))]
    pub max_messages: Option<u64>,
    /// A message with more bytes is announced with its headers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [26_214_400], "x-postkontor" = {"order": 40, "unit": "byte", "without": ["message"]}))]
    pub max_bytes: Option<u64>,
    /// Where nothing is to be fetched, so many seconds may pass until something comes. A transport whose server tells it of new
    /// messages waits for them; the others return at once with nothing, and the host asks them again as long as the wait lasts.
    #[schemars(extend("x-postkontor" = {"order": 70, "unit": "second", "advanced": true, "without": ["message"]}))]
    pub wait_seconds: u64,
    /// What the program wants to know of each message beside its bytes.
    #[schemars(extend("x-postkontor" = {"order": 90, "advanced": true}))]
    pub summary: Summary,
    /// Only this message, by its [`Incoming::id`]: whether it was fetched before does not matter, and the state stays what it was. Only
    /// a transport that names [`PART`] gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"order": 100, "advanced": true}))]
    pub message: Option<String>,
    /// Of that message only this part, by IMAP's number (`2.1`): what is handed over is the part's own header and its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 100),
        regex(pattern = r"^0{0,8}[1-9][0-9]{0,8}(\.0{0,8}[1-9][0-9]{0,8})*$"),
        extend("examples" = ["2.1"], "x-postkontor" = {"order": 110, "advanced": true, "with": "message"})
    )]
    pub section: Option<String>,
    /// Of that message or part only so many bytes of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [65_536], "x-postkontor" = {"order": 120, "unit": "byte", "advanced": true, "with": "message"}))]
    pub first_bytes: Option<u64>,
}

/// What a transport names in [`Transport::HEEDS`](crate::Transport::HEEDS) that knows [`Summary::Structure`].
pub const STRUCTURE: &str = "structure";

/// What a transport names in [`Transport::HEEDS`](crate::Transport::HEEDS) that can hand over one message by its id, and one part of it.
pub const PART: &str = "part";

/// What a program wants to know of a message beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// Everything that reading it shows, and what the server tells.
    #[default]
    Full,
    /// Only what the bytes themselves show: nothing is read and no digest made, and what a server has to look up is left out
    /// ([`Incoming::flags`], [`Incoming::received`]).
    None,
    /// Everything but the bodies: the headers come, and of what stands behind them only what the server tells ([`Incoming::parts`]). No
    /// message counts as fetched, none is marked or deleted. Only a transport that names [`STRUCTURE`] gets it.
    Structure,
}

/// What the server tells of an attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number in [`ReceiveRequest::section`].
    pub section: String,
    /// Its name, decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its type in small letters, for example `application/pdf`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes as it is encoded, which is a third more than as it is where that is base64.
    pub encoded_size: u64,
    /// The Content-ID of a part that the HTML shows, without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<String>,
}

/// The parts of a message, as far as the server tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// The sections of the texts and of the HTML, in order, with their types and sizes.
    #[serde(default)]
    pub texts: Vec<Part>,
    /// The attachments, in order.
    #[serde(default)]
    pub parts: Vec<Part>,
}

/// A message that is about to come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// Names the message for ever within the account: POP3's UIDL, IMAP's folder, UIDVALIDITY and UID.
    pub id: String,
    /// Bytes, where the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The folder it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Flags as the server names them, for example `\Seen`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// When the server got it, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// Only the headers come, because the message is larger than wanted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub headers_only: bool,
    /// The part that comes, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Only the beginning comes, because no more was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// The structure, where it was asked for and the server tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
}

/// What is to be done with a message that the host has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Mark it as seen.
    Seen,
    /// Delete it.
    Delete,
    /// Leave it as it is, as if it had not been fetched, and fetch no more.
    Stop,
}

/// The end of a fetch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// For [`ReceiveRequest::state`] of the next call; opaque to all but the transport.
    pub state: String,
    /// Whether messages were left because of a limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The server does not want to be asked again before so many seconds are over; a host that waits for new messages heeds that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_seconds: Option<u64>,
    /// Why the fetch ended early although some messages were taken; the state still says which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<crate::Error>,
    /// Messages that the server named and did not hand over. They are not in the state, so the next fetch tries them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// What was done in another way than it was asked for, although nothing failed: for example that the server could not search and the
    /// filter was applied here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<crate::Error>,
}

/// A message that the server named and did not hand over. The others were fetched all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// Its [`Incoming::id`]; empty where the server names it in no usable way.
    pub id: String,
    /// Why it did not come.
    pub error: crate::Error,
}
