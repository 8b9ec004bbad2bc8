//! What became of a mail, as the caller gets it.

use postkontor_plugin::{Answer, At, Error, Reply, Status};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What became of one mail. Exists only if the transport took it for at least one recipient, or if it was to be put into a folder and
/// lies there ([`Receipt::filed`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// OK, or PARTIAL when some recipients were refused.
    pub status: Status,
    /// The Message-ID that the mail travels under, without its angle brackets.
    pub message_id: String,
    /// The account that sent it.
    pub account: Arc<str>,
    /// That account's transport.
    pub transport: Arc<str>,
    /// Whether another account than the first choice sent it.
    pub fallback: bool,
    /// Why the first choice did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Error>,
    /// The server's answer for each recipient, in the order to, cc, bcc.
    pub recipients: Vec<Answer>,
    /// The addresses that were put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<At>,
    /// Bytes handed over.
    pub size: u64,
    /// How long it took.
    pub elapsed_ms: u64,
    /// Where the transport, or the account for copies, put the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_to: Option<String>,
    /// What became of the sender's copy, where one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_copy: Option<SentCopy>,
    /// Where the message was put, which was not sent. Then there are no `recipients`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed: Option<Appended>,
    /// The server's words on accepting the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Reply>,
    /// What the program should know although the mail went out: for example that a refresh token could not be kept, or that
    /// an automatic mail was answered. What concerns a whole
    /// call stands in the receipt of its first mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Error>,
}

impl Receipt {
    /// The receipt in the error of a mail that some recipients got and others did not (PARTIAL).
    pub fn of_partial(error: &Error) -> Option<Receipt> {
        Receipt::deserialize(error.more.get("receipt")?).ok()
    }
}

/// What became of a message document, or of an array of them, when everything went to everybody.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "it exists once in a call, where a box would cost each mail an allocation")]
pub enum Receipts {
    /// Of one message.
    One(Receipt),
    /// Of an array, in its order.
    Several {
        /// A receipt for each message.
        results: Vec<Receipt>,
    },
}

/// A message that was put into a folder and not sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Appended {
    /// [`Kept::Saved`], or [`Kept::Found`] where one with its Message-ID was there already.
    pub status: Kept,
    /// The folder's name on the server.
    pub folder: String,
    /// The same in a sentence.
    pub message: String,
}

/// What became of the copy that the sender keeps of a mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentCopy {
    /// How it came to be where it is, if it is.
    pub status: Kept,
    /// The account whose mailbox was to get it.
    pub account: String,
    /// The folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The same in a sentence.
    pub message: String,
    /// Why it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// Where it is: the receipt's `saved_to`.
    #[serde(skip)]
    pub(crate) place: Option<String>,
}

/// How a copy came to be where it is, if it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// It was filed.
    Saved,
    /// It was there already.
    Found,
    /// The provider keeps what it sends.
    LeftToProvider,
    /// It is missing.
    Failed,
}
