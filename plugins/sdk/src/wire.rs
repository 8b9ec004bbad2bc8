//! What crosses the vtable as JSON, declared once for the shim of the plugins and for the host.
//!
//! Not for the authors of transports, who see the types that stand in the [`Transport`](crate::Transport) trait. What one side writes as
//! a borrowed type the other reads as an owned one: sending and receiving are promises of speed. New facts are new members that both
//! sides can do without, because a plugin may be older than its host, or newer.

use crate::{Action, Dsn, Error, Incoming, Opening, Sent, Step};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// The stream that received messages are written to, one after the other.
pub const MESSAGE_STREAM: u64 = 1;

/// Added to the number of a stream that holds a mail to be sent: a read, of nothing, begins the stream anew. Hosts that know no such stream
/// answer ARGUMENT.
pub const REWIND: u64 = 1 << 63;

/// The request of `describe`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct DescribeRequest {
    /// The schema and the texts are wanted, too.
    #[serde(default)]
    pub full: bool,
}

/// What a plugin says of itself whenever it is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// The transport's name.
    pub name: String,
    /// The plugin's version.
    #[serde(default)]
    pub version: String,
    /// The operations that it has.
    pub operations: Vec<String>,
    /// What its `receive` heeds beside what every transport does (see [`Transport::HEEDS`](crate::Transport::HEEDS)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heeds: Vec<String>,
    /// Its server takes nothing of a mail whose end it did not get (see [`Transport::TAKES_WHOLE`](crate::Transport::TAKES_WHOLE)).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// The login methods that it has, where it says them; their names are for people, the schema already takes no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Value>,
}

/// What a plugin says of itself when it is asked for everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description<S = Value> {
    /// The schema of an account's settings, without texts.
    pub schema: S,
    /// Texts by language.
    #[serde(default)]
    pub texts: Value,
}

/// The request of `open`; the host writes it with borrowed settings.
#[derive(Serialize, Deserialize)]
pub struct OpenRequest<O = Opening, S = Value> {
    /// What the transport learns besides its settings.
    #[serde(flatten)]
    pub opening: O,
    /// The most detailed level that the host's log is read at; 0 where it is not read. In every request.
    #[serde(default, skip_serializing_if = "is_silent")]
    pub log: u64,
    /// The account's settings, complete and with the secrets in place.
    pub settings: S,
}

/// The request of an operation, with the time that it may take.
#[derive(Serialize, Deserialize)]
pub struct Timed<R> {
    /// Milliseconds until the call must have ended.
    #[serde(default = "minute")]
    pub deadline_ms: u64,
    /// See [`OpenRequest::log`].
    #[serde(default, skip_serializing_if = "is_silent")]
    pub log: u64,
    /// Whether the host wants to hear of each step of a test as it ends ([`Told`]). Older hosts do not ask.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub steps: bool,
    /// What is asked for.
    #[serde(flatten)]
    pub request: R,
}

fn is_silent(log: &u64) -> bool {
    *log == 0
}

fn minute() -> u64 {
    60_000
}

/// The request of `send`. Not a [`Timed`] one: what is flattened is read twice.
#[derive(Serialize, Deserialize)]
pub struct SendRequest<M> {
    /// Milliseconds until the call must have ended.
    pub deadline_ms: u64,
    /// See [`OpenRequest::log`].
    #[serde(default, skip_serializing_if = "is_silent")]
    pub log: u64,
    /// The mails: [`Outgoing`] where the host writes them, [`Mail`](crate::Mail) where the plugin reads them.
    pub messages: Vec<M>,
}

/// A [`Mail`](crate::Mail), borrowed.
#[derive(Serialize)]
pub struct Outgoing<'a> {
    /// See [`Mail::stream`](crate::Mail::stream).
    pub stream: u64,
    /// See [`Mail::size`](crate::Mail::size).
    pub size: u64,
    /// See [`Mail::from`](crate::Mail::from).
    pub from: &'a str,
    /// See [`Mail::recipients`](crate::Mail::recipients).
    pub recipients: Vec<&'a str>,
    /// See [`Mail::eight_bit`](crate::Mail::eight_bit).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub eight_bit: bool,
    /// See [`Mail::utf8`](crate::Mail::utf8).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub utf8: bool,
    /// See [`Mail::message_id`](crate::Mail::message_id).
    #[serde(skip_serializing_if = "str::is_empty")]
    pub message_id: &'a str,
    /// See [`Mail::dsn`](crate::Mail::dsn).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsn: Option<&'a Dsn>,
}

/// The answer to `send`: a result for each mail, in order.
#[derive(Serialize, Deserialize)]
pub struct SendAnswer {
    /// The results.
    pub results: Vec<SendResult>,
}

/// What became of one mail.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendResult {
    /// The server accepted it for at least one recipient.
    Sent(Sent),
    /// No recipient was accepted, or that cannot be known.
    Error(#[serde(serialize_with = "as_in_abi_1")] Error),
}

/// In ABI 1 the recipients of an error are `answers`, which the hosts that exist read.
fn as_in_abi_1<S: Serializer>(error: &Error, serializer: S) -> Result<S::Ok, S::Error> {
    let mut written = serde_json::to_value(error).map_err(S::Error::custom)?;
    if let Some(members) = written.as_object_mut()
        && let Some(recipients) = members.remove("recipients")
    {
        members.insert("answers".to_owned(), recipients);
    }
    written.serialize(serializer)
}

impl From<Result<Sent, Error>> for SendResult {
    fn from(result: Result<Sent, Error>) -> SendResult {
        result.map_or_else(SendResult::Error, SendResult::Sent)
    }
}

impl From<SendResult> for Result<Sent, Error> {
    fn from(result: SendResult) -> Result<Sent, Error> {
        match result {
            SendResult::Sent(sent) => Ok(sent),
            SendResult::Error(error) => Err(error),
        }
    }
}

/// What a transport says on the control stream while it hands messages over; it writes it with `&Incoming`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event<I = Incoming> {
    /// A message is about to come.
    Message(I),
    /// The message is complete; the host is asked for the action on it.
    End(bool),
}

/// [`Event::End`] as it is written.
pub const END: &[u8] = br#"{"end":true}"#;

/// What a transport says on the control stream, in any operation, for the program to know although the call goes on. Only to a host that
/// takes it ([`Opening::warnings`]).
#[derive(Serialize, Deserialize)]
pub struct Warned {
    /// What happened, and what has come of it.
    pub warning: Error,
}

impl Warned {
    /// What it begins with, unlike every [`Event`].
    pub const BEGINNING: &'static [u8] = br#"{"warning":"#;
}

/// What a transport says on the control stream as a step of a test ends, where the request asks for it ([`Timed::steps`]). The report has
/// the same step once more.
#[derive(Serialize, Deserialize)]
pub struct Told<S = Step> {
    /// The step.
    pub step: S,
}

/// The host's answer to [`Event::End`].
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct EndAnswer {
    /// What is to be done with the message. `disposal` is its name in ABI 1, which the plugins that exist read.
    #[serde(rename = "disposal")]
    pub action: Action,
}

impl EndAnswer {
    /// Every answer.
    pub const ALL: [EndAnswer; 4] = [
        EndAnswer { action: Action::Keep },
        EndAnswer { action: Action::Seen },
        EndAnswer { action: Action::Delete },
        EndAnswer { action: Action::Stop },
    ];

    /// The answer as it is written, without a serializer for each message.
    pub fn as_bytes(self) -> &'static [u8] {
        match self.action {
            Action::Keep => br#"{"disposal":"keep"}"#,
            Action::Seen => br#"{"disposal":"seen"}"#,
            Action::Delete => br#"{"disposal":"delete"}"#,
            Action::Stop => br#"{"disposal":"stop"}"#,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Mail, Notify, Reply, Status, Verdict};
    use serde_json::json;

    #[test]
    fn a_borrowed_mail_is_read_as_the_owned_one() {
        let dsn = Dsn { notify: vec![Notify::Delay] };
        for (eight_bit, message_id, dsn) in [(true, "1@x", Some(&dsn)), (false, "", None)] {
            let out =
                Outgoing { stream: 3, size: 7, from: "a@x", recipients: vec!["b@x", "c@x"], eight_bit, utf8: eight_bit, message_id, dsn };
            let written = serde_json::to_value(&out).unwrap();
            let mail: Mail = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&mail).unwrap(), written);
        }
    }

    #[test]
    fn what_is_written_by_hand_is_what_a_serializer_writes() {
        for answer in EndAnswer::ALL {
            assert_eq!(answer.as_bytes(), serde_json::to_vec(&answer).unwrap());
        }
        let warned = serde_json::to_vec(&Warned { warning: Error::new(Status::Local, "x") }).unwrap();
        assert!(warned.starts_with(Warned::BEGINNING));
        assert_eq!(END, serde_json::to_vec(&Event::<Incoming>::End(true)).unwrap());
    }

    #[test]
    fn the_recipients_of_an_error_keep_their_name_of_abi_1_between_plugin_and_host() {
        let answer = Answer { address: "a@x".to_owned(), status: Verdict::Refused, reply: Reply::default() };
        let error = Error::new(Status::Refused, "recipients.all_refused").recipients(vec![answer]);
        let crossing = serde_json::to_value(SendResult::Error(error.clone())).unwrap();
        assert_eq!((&crossing["error"]["answers"][0]["address"], crossing["error"].get("recipients")), (&json!("a@x"), None));
        let arrived: SendResult = serde_json::from_value(crossing).unwrap();
        assert_eq!(Result::from(arrived), Err(error.clone()));
        let callers = serde_json::to_value(&error).unwrap();
        assert_eq!((&callers["recipients"][0]["address"], callers.get("answers")), (&json!("a@x"), None));
    }

    #[test]
    fn a_request_without_a_deadline_has_a_minute() {
        let timed: Timed<crate::ListRequest> = serde_json::from_value(json!({"folder": "x", "later": 1})).unwrap();
        assert_eq!((timed.deadline_ms, timed.request.folder.as_deref()), (60_000, Some("x")));
    }
}
