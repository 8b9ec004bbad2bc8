//! A mail on its way out, as a transport sees it.

use crate::Reply;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One mail to send: the envelope and the number of the stream that holds the message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The stream to read the message from.
    pub stream: u64,
    /// The message's exact size in bytes, where the host knows it. Lines end in CRLF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Envelope sender; empty for the null sender of reports.
    pub from: String,
    /// Envelope recipients, at least one.
    pub recipients: Vec<String>,
    /// The message has bytes above 127 in its body.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub eight_bit: bool,
    /// An address or header needs SMTPUTF8 (RFC 6531).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub utf8: bool,
    /// The message's Message-ID, without the angle brackets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message_id: String,
    /// The delivery reports that the sender wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dsn: Option<Dsn>,
}

/// The delivery reports that the sender wants (RFC 3461).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dsn {
    /// On which occasions; empty means never.
    pub notify: Vec<Notify>,
}

/// An occasion for a delivery report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// Delivery failed.
    Failure,
    /// Delivery takes longer than usual.
    Delay,
    /// Delivery succeeded.
    Success,
}

/// What became of one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The server took responsibility.
    Accepted,
    /// The server refused.
    Refused,
    /// It cannot be known.
    Unknown,
}

/// The server's answer for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The recipient's address.
    pub address: String,
    /// What became of it.
    pub status: Verdict,
    /// The server's words.
    #[serde(flatten)]
    pub reply: Reply,
}

/// A mail that the server took for at least one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The server's answer for each recipient, in the order given.
    pub recipients: Vec<Answer>,
    /// Bytes handed over.
    pub size: u64,
    /// Where the transport put the message, for those that keep it: a folder, a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_to: Option<String>,
    /// The server's words on accepting the message, often with its queue number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// The recipients, by their places, whom the server refused only because they were too many for one transaction (RFC 5321, section
    /// 4.5.3.1.10). The host hands the message over once more, for them alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_transaction: Vec<usize>,
}

impl Sent {
    /// All recipients accepted, for a transport without an answer per recipient.
    pub fn to_all(mail: &Mail, size: u64) -> Sent {
        let answer = |address: &String| Answer { address: address.clone(), status: Verdict::Accepted, reply: Reply::default() };
        Sent { recipients: mail.recipients.iter().map(answer).collect(), size, ..Sent::default() }
    }
}
