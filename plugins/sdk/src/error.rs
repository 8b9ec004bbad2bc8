//! The one error of host and plugins.

use crate::{Answer, Reply, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::{self, Display, Formatter};

/// Where in a session something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading the settings.
    Settings,
    /// Reading or composing the message.
    Message,
    /// Fetching a secret.
    Secret,
    /// Talking to the proxy.
    Proxy,
    /// Opening the certificates that mail is signed and encrypted with.
    Smime,
    /// Looking up the server's name.
    Resolve,
    /// Connecting to one of its addresses.
    Connect,
    /// Waiting for the server's greeting.
    Greeting,
    /// Asking for the server's capabilities.
    Capabilities,
    /// Securing the connection.
    Tls,
    /// Getting an access token (OAuth 2.0).
    Token,
    /// Presenting the credentials.
    Login,
    /// Opening a mailbox or folder.
    Mailbox,
    /// Naming the sender.
    Sender,
    /// Naming the recipients.
    Recipients,
    /// Handing over the message.
    Content,
    /// Waiting for the reply to the message.
    Acceptance,
    /// Fetching messages.
    Fetch,
    /// Sending a test message.
    Loop,
    /// Logging out.
    Quit,
    /// Opening the store of the outbox.
    Store,
    /// Looking at what waits in the outbox.
    Queue,
}

/// As JSON writes it.
impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// How much of a message is known to have been delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Nothing.
    #[default]
    None,
    /// To some recipients.
    Partial,
    /// To all recipients.
    Complete,
    /// It cannot be known.
    Unknown,
}

/// Whether trying again makes sense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// No.
    #[default]
    No,
    /// The same again, later.
    Later,
    /// After something was changed: the settings, the message.
    Changed,
    /// Only for the refused recipients.
    RefusedOnly,
}

/// Whether the connection survived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// The next call may use it.
    Usable,
    /// It is closed; the next call opens another.
    #[default]
    Closed,
}

/// A document that the caller passed, into which a JSON pointer leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The settings document. A transport knows its account's settings only; the host adds what stands above them.
    Settings,
    /// The request of the call.
    Request,
    /// The message document, or the array of them.
    Message,
}

/// One place in the caller's JSON that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// The document that the pointer leads into. The host always says it; plugins built before there was this member do not.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub of: Option<Input>,
    /// Stable code of what is wrong, for example `message.line_break`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Arguments for the text of `code`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub args: Map<String, Value>,
    /// The sentence for the user; the host fills it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// A document of a kind that a newer plugin knows counts as not named, so that the rest of its error is still read.
fn known<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Input>, D::Error> {
    let named = Value::deserialize(deserializer)?;
    Ok(Input::deserialize(named).ok())
}

impl At {
    /// A place in a document; `code` says what is wrong there.
    pub fn new(of: Input, pointer: impl Into<String>, code: &str) -> At {
        At { pointer: pointer.into(), of: Some(of), code: code.to_owned(), args: Map::new(), message: String::new() }
    }
}

/// What went wrong, for the program (status, code), the user (message) and support (detail).
///
/// Build one where the cause is known, with [`Error::new`] and the methods that add facts, and pass it on with `?`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Error(Box<Facts>);

/// The members of an [`Error`], reached through it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// How the call ended.
    pub status: Status,
    /// Stable code, listed in docs/codes.md, for example `auth.refused`.
    #[serde(default)]
    pub code: String,
    /// Arguments for the text of `code`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub args: Map<String, Value>,
    /// The sentence for the user, in the host's language; the host fills it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// English, for support.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Name of the transport; the host fills it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub transport: String,
    /// Where in the session it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// What became of the message.
    #[serde(default)]
    pub delivery: Delivery,
    /// Whether trying again makes sense.
    #[serde(default)]
    pub retry: Retry,
    /// The server's reply, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Reply>,
    /// The places in the caller's JSON that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<At>,
    /// The server's answer for each recipient, where the session got that far. ABI 1 calls them `answers`, and plugins write that.
    #[serde(default, alias = "answers", skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Answer>,
    /// Whether the connection survived.
    #[serde(default)]
    pub session: SessionState,
    /// Further members: the receipt of a mail that some recipients got, the results of a batch.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Error {
    /// An error with a status and a stable code. Retry follows from the status until [`Error::retry`] says otherwise.
    pub fn new(status: Status, code: &str) -> Error {
        let retry = match status {
            Status::Network | Status::Timeout | Status::Later | Status::Busy => Retry::Later,
            Status::Argument | Status::Settings | Status::Auth | Status::Tls => Retry::Changed,
            Status::Partial => Retry::RefusedOnly,
            _ => Retry::No,
        };
        let delivery = match status {
            Status::Uncertain => Delivery::Unknown,
            Status::Partial => Delivery::Partial,
            _ => Delivery::None,
        };
        Error(Box::new(Facts {
            status,
            code: code.to_owned(),
            args: Map::new(),
            message: String::new(),
            detail: String::new(),
            transport: String::new(),
            stage: None,
            delivery,
            retry,
            server: None,
            at: Vec::new(),
            recipients: Vec::new(),
            session: SessionState::Closed,
            more: Map::new(),
        }))
    }

    /// A setting that cannot be: `pointer` leads to it within the account's settings, and `code` says what is wrong.
    pub fn setting(pointer: &str, code: &str) -> Error {
        Error::new(Status::Settings, code).stage(Stage::Settings).at(pointer, code)
    }

    /// Adds an argument for the text of the code.
    #[must_use]
    pub fn arg(mut self, name: &str, value: impl Into<Value>) -> Error {
        self.0.args.insert(name.to_owned(), value.into());
        self
    }

    /// Adds English words for support.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Error {
        self.0.detail = detail.into();
        self
    }

    /// Adds what the system says of it: as `cause` for the text of the code, and for support.
    #[must_use]
    pub fn cause(self, cause: impl Display) -> Error {
        let words = cause.to_string();
        self.arg("cause", words.as_str()).detail(words)
    }

    /// Says where in the session it happened.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Error {
        self.0.stage = Some(stage);
        self
    }

    /// Says whether trying again makes sense.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Error {
        self.0.retry = retry;
        self
    }

    /// Sets what became of the message.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Error {
        self.0.delivery = delivery;
        self
    }

    /// Adds the server's reply.
    #[must_use]
    pub fn server(mut self, reply: Reply) -> Error {
        self.0.server = Some(reply);
        self
    }

    /// Notes that the connection is still good.
    #[must_use]
    pub fn usable(mut self) -> Error {
        self.0.session = SessionState::Usable;
        self
    }

    /// Points to a place in the settings, of the account where a transport says it; `code` says what is wrong there.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, code: &str) -> Error {
        self.0.at.push(At::new(Input::Settings, pointer, code));
        self
    }

    /// Points to a place in the request of the call.
    #[must_use]
    pub fn at_request(mut self, pointer: impl Into<String>, code: &str) -> Error {
        self.0.at.push(At::new(Input::Request, pointer, code));
        self
    }

    /// Points to a place in the message. A transport points into the [`Mail`](crate::Mail) that it was given, for example to
    /// `/recipients/0`; the host turns that into the place of the message document.
    #[must_use]
    pub fn at_message(mut self, pointer: impl Into<String>, code: &str) -> Error {
        self.0.at.push(At::new(Input::Message, pointer, code));
        self
    }

    /// Adds a member of the result that the call would have had: what was done before it ended.
    #[must_use]
    pub fn done(mut self, name: &str, done: &impl Serialize) -> Error {
        // Names and ids in lists always serialize.
        self.0.more.insert(name.to_owned(), serde_json::to_value(done).unwrap_or_default());
        self
    }

    /// Adds the server's answer for each recipient.
    #[must_use]
    pub fn recipients(mut self, recipients: Vec<Answer>) -> Error {
        self.0.recipients = recipients;
        self
    }
}

impl std::ops::Deref for Error {
    type Target = Facts;
    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl std::ops::DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.0
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.message.is_empty() { &self.code } else { &self.message })?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
