//! What a report says, and what it is read from, as types.

use crate::header::Fields;
use std::borrow::Cow;

/// The bytes of an entity that are looked at: a thousand recipients need less.
pub const LARGEST: usize = 1024 * 1024;

/// An entity of a message, attached messages unopened.
pub struct Entity<'a> {
    /// Its media type in lower case: `message/delivery-status`.
    pub kind: &'a str,
    /// The beginning of its decoded bytes; more than [`LARGEST`] is not needed.
    pub bytes: &'a [u8],
}

/// A message that may be a report.
pub struct Given<'a> {
    /// Its header as it stands.
    pub header: &'a [u8],
    /// The fields of the header.
    pub fields: &'a Fields<'a>,
    /// The leaves of its structure, in order.
    pub entities: &'a [Entity<'a>],
    /// Its text, decoded; where there is only HTML, what that says. Asked for where the header hints at a report.
    pub text: &'a dyn Fn() -> Cow<'a, str>,
    /// Its subject, decoded.
    pub subject: &'a str,
}

/// What a report says of the message that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What became of the message.
    pub kind: Kind,
    /// Message-ID of the message, without angle brackets.
    pub message_id: Option<String>,
    /// What became of its recipients.
    pub recipients: Vec<Recipient>,
}

/// What became of a message, by the worst of what became of its recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A recipient does not get it.
    Failure,
    /// A recipient has not got it yet; the server goes on trying.
    Delay,
    /// A report that does not say what became of it.
    Unknown,
    /// It was handed to a server that makes no reports, or to the members of a list.
    Relayed,
    /// The server of the recipient has it.
    Success,
    /// It was displayed.
    Read,
    /// It was deleted, read or not.
    Deleted,
    /// The reader refused the receipt.
    Denied,
    /// The reader's program could not make the receipt.
    Failed,
    /// A program worked on it, and no person has seen it.
    Processed,
    /// It was passed on (RFC 2298).
    Dispatched,
    /// A recipient's mailbox answered by itself.
    AutoReply,
}

impl Kind {
    /// The word for it in a summary.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Failure => "failure",
            Kind::Delay => "delay",
            Kind::Unknown => "unknown",
            Kind::Relayed => "relayed",
            Kind::Success => "success",
            Kind::Read => "read",
            Kind::Deleted => "deleted",
            Kind::Denied => "denied",
            Kind::Failed => "failed",
            Kind::Processed => "processed",
            Kind::Dispatched => "dispatched",
            Kind::AutoReply => "auto_reply",
        }
    }
}

/// What a report says of a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address that the server tried last.
    pub address: String,
    /// The address that the message was sent to, where that is another one.
    pub original: Option<String>,
    /// The enhanced status code (RFC 3463).
    pub enhanced: Option<String>,
    /// The server's words.
    pub text: Option<String>,
    /// How lasting a failure is; nothing where the message arrived.
    pub verdict: Option<Verdict>,
}

/// How lasting a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The address is not to be written to again: sending anew ends alike.
    Hard,
    /// The address may work later: a full mailbox, a server that is down.
    Soft,
    /// The server wants to be asked again, as it does at first of everyone.
    Greylist,
    /// No failure: the mailbox answered by itself.
    AutoReply,
}

impl Failure {
    /// The word for it in a summary.
    pub fn name(self) -> &'static str {
        match self {
            Failure::Hard => "hard",
            Failure::Soft => "soft",
            Failure::Greylist => "greylist",
            Failure::AutoReply => "auto_reply",
        }
    }
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// A code in a field that is made for it.
    Certain,
    /// A code in prose, or a general one with words that fit.
    Likely,
    /// Words only, or nothing at all.
    Guess,
}

impl Confidence {
    /// The word for it in a summary.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Guess => "guess",
        }
    }
}

/// How lasting a failure is, and what that rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How lasting it is.
    pub failure: Failure,
    /// What says so.
    pub confidence: Confidence,
}
