//! From a transport's result to the receipt or error that the caller gets.

use crate::account::locate;
use crate::error::failed;
use crate::message::Composed;
use crate::settings::Document;
use postkontor_plugin::{Answer, At, Delivery, Error, Sent, Stage, Status, Verdict};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// What became of one mail. Exists only if the transport took it for at least one recipient.
#[derive(Serialize)]
pub(crate) struct Receipt<'a> {
    /// 0, or 12 when some recipients were refused.
    status: Status,
    message_id: &'a str,
    account: &'a str,
    transport: &'a str,
    /// Whether another account than the first choice sent it; `reason` then holds why the first did not.
    fallback: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Error>,
    recipients: &'a [Answer],
    /// The addresses that were put right.
    #[serde(skip_serializing_if = "<[At]>::is_empty")]
    repaired: &'a [At],
    size: u64,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_copy: Option<&'a SentCopy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a postkontor_plugin::Reply>,
}

/// What became of the copy that the sender keeps of a mail.
#[derive(Serialize)]
pub(crate) struct SentCopy {
    pub(crate) status: Kept,
    /// The account whose mailbox was to get it.
    pub(crate) account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<String>,
    /// The same in a sentence.
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Error>,
    /// Where it is: the receipt's `saved_to`.
    #[serde(skip)]
    pub(crate) place: Option<String>,
}

/// How a copy came to be where it is, if it is.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kept {
    Saved,
    /// It was there already.
    Found,
    LeftToProvider,
    Failed,
}

/// Who sent, for the receipt.
pub(crate) struct Way<'a> {
    pub(crate) account: &'a str,
    pub(crate) transport: &'a str,
    pub(crate) reason: Option<&'a Error>,
    pub(crate) elapsed: Duration,
    pub(crate) copy: Option<&'a SentCopy>,
}

/// The receipt as JSON when every recipient was accepted, else the error PARTIAL with the receipt in it.
pub(crate) fn receipt(composed: &Composed<'_>, sent: &Sent, way: &Way<'_>, document: &Document) -> Result<String, Error> {
    let refused: Vec<At> = refused(composed, &sent.recipients, document);
    let receipt = Receipt {
        status: if refused.is_empty() { Status::Ok } else { Status::Partial },
        message_id: &composed.message_id,
        account: way.account,
        transport: way.transport,
        fallback: way.reason.is_some(),
        reason: way.reason,
        recipients: &sent.recipients,
        repaired: &composed.repaired,
        size: sent.size,
        elapsed_ms: u64::try_from(way.elapsed.as_millis()).unwrap_or(u64::MAX),
        saved_to: sent.saved_to.as_deref().or(way.copy.and_then(|copy| copy.place.as_deref())),
        sent_copy: way.copy,
        server: sent.reply.as_ref(),
    };
    if refused.is_empty() {
        return serde_json::to_string(&receipt).map_err(unwritable);
    }
    let mut error = failed(Status::Partial, "recipients.refused").stage(Stage::Recipients).arg("count", refused.len());
    error.server = sent.recipients.iter().find(|answer| answer.status == Verdict::Refused).map(|answer| answer.reply.clone());
    error.at = refused;
    error.answers.clone_from(&sent.recipients);
    error.more.insert("receipt".to_owned(), serde_json::to_value(&receipt).map_err(unwritable)?);
    Err(error)
}

/// Completes the error of a mail that was not sent, or of which nobody knows: refused recipients get their pointers.
pub(crate) fn refusal(composed: &Composed<'_>, mut error: Error, way: &Way<'_>, document: &Document) -> Error {
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
    error.more.insert("account".to_owned(), Value::from(way.account));
    if let Some(reason) = way.reason {
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

fn unwritable(error: serde_json::Error) -> Error {
    failed(Status::Internal, "host.result_unwritable").detail(error.to_string())
}
