//! From a transport's result to the receipt or error that the caller gets.

use crate::account::locate;
use crate::error::failed;
use crate::message::Composed;
use crate::settings::Document;
use postkontor_plugin::{Answer, At, Delivery, Error, Reply, Sent, Stage, Status, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// What became of one mail. Exists only if the transport took it for at least one recipient.
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
    /// Where the transport, or who keeps the sender's copy, put the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_to: Option<String>,
    /// What became of the sender's copy, where one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_copy: Option<SentCopy>,
    /// The server's words on accepting the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Reply>,
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

/// Who sent, for the receipt.
pub(crate) struct Way {
    pub(crate) account: Arc<str>,
    pub(crate) transport: Arc<str>,
    pub(crate) reason: Option<Error>,
    pub(crate) elapsed: Duration,
    pub(crate) copy: Option<SentCopy>,
}

/// The receipt when every recipient was accepted, else the error PARTIAL with the receipt in it.
pub(crate) fn receipt(composed: Composed<'_>, sent: Sent, way: Way, document: &Document) -> Result<Receipt, Error> {
    let refused: Vec<At> = refused(&composed, &sent.recipients, document);
    let receipt = Receipt {
        status: if refused.is_empty() { Status::Ok } else { Status::Partial },
        message_id: composed.message_id,
        account: way.account,
        transport: way.transport,
        fallback: way.reason.is_some(),
        reason: way.reason,
        recipients: sent.recipients,
        repaired: composed.repaired,
        size: sent.size,
        elapsed_ms: u64::try_from(way.elapsed.as_millis()).unwrap_or(u64::MAX),
        saved_to: sent.saved_to.or_else(|| way.copy.as_ref().and_then(|copy| copy.place.clone())),
        sent_copy: way.copy,
        server: sent.reply,
    };
    if refused.is_empty() {
        return Ok(receipt);
    }
    let mut error = failed(Status::Partial, "recipients.refused").stage(Stage::Recipients).arg("count", refused.len());
    error.server = receipt.recipients.iter().find(|answer| answer.status == Verdict::Refused).map(|answer| answer.reply.clone());
    error.at = refused;
    error.answers.clone_from(&receipt.recipients);
    error.more.insert("receipt".to_owned(), serde_json::to_value(&receipt).map_err(unwritable)?);
    Err(error)
}

/// Completes the error of a mail that was not sent, or of which nobody knows: refused recipients get their pointers.
pub(crate) fn refusal(composed: &Composed<'_>, mut error: Error, way: &Way, document: &Document) -> Error {
    let refused = refused(composed, &error.answers, document);
    error.at.extend(refused);
    if error.delivery == Delivery::Unknown {
        // Whoever has to find out whether it arrived needs the name that it travels under.
        error.more.insert("message_id".to_owned(), Value::from(composed.message_id.as_str()));
    }
    if !composed.repaired.is_empty() {
        // A refused address may be one that was understood wrong.
        error.more.insert("repaired".to_owned(), serde_json::to_value(&composed.repaired).unwrap_or_default());
    }
    error.more.insert("account".to_owned(), Value::from(&*way.account));
    if let Some(reason) = &way.reason {
        // Whoever reads why the reserve failed wants to know why it was needed.
        error.more.insert("fallback".to_owned(), Value::Bool(true));
        error.more.insert("reason".to_owned(), serde_json::to_value(reason).unwrap_or_default());
    }
    error
}

fn refused(composed: &Composed<'_>, answers: &[Answer], document: &Document) -> Vec<At> {
    let pairs = composed.recipients.iter().zip(answers);
    let refused = pairs.filter(|(_, answer)| answer.status == Verdict::Refused);
    let at = |(recipient, answer): (&crate::message::Recipient, &Answer)| {
        let mut at = At::new(recipient.of, &recipient.pointer, "recipient.refused");
        at.args = Map::from_iter([
            ("address".to_owned(), Value::from(answer.address.as_str())),
            ("code".to_owned(), Value::from(answer.reply.code)),
            ("text".to_owned(), Value::from(answer.reply.text.as_str())),
        ]);
        locate(&mut at, composed.index, document);
        at
    };
    refused.map(at).collect()
}

pub(crate) fn unwritable(error: serde_json::Error) -> Error {
    failed(Status::Internal, "host.result_unwritable").detail(error.to_string())
}
