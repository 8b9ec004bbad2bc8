//! From a transport's result to the receipt or error that the caller gets.

use super::pointers::locate;
use crate::error::{failed, result_unwritable};
use crate::message::Composed;
use crate::receipt::{Receipt, SentCopy};
use crate::settings::Document;
use postkontor_plugin::{Answer, At, Delivery, Error, Sent, Stage, Status, Verdict};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// Who tried to send a mail, and how long that took.
pub(super) struct Attempt {
    pub(super) account: Arc<str>,
    pub(super) transport: Arc<str>,
    pub(super) reason: Option<Error>,
    pub(super) elapsed: Duration,
    pub(super) copy: Option<SentCopy>,
}

/// The receipt when every recipient was accepted, else the error PARTIAL with the receipt in it.
pub(super) fn receipt(composed: Composed<'_>, sent: Sent, attempt: Attempt, document: &Document) -> Result<Receipt, Error> {
    let refused: Vec<At> = refused(&composed, &sent.recipients, document);
    let receipt = Receipt {
        status: if refused.is_empty() { Status::Ok } else { Status::Partial },
        message_id: composed.message_id,
        account: attempt.account,
        transport: attempt.transport,
        fallback: attempt.reason.is_some(),
        reason: attempt.reason,
        recipients: sent.recipients,
        repaired: composed.repaired,
        size: sent.size,
        elapsed_ms: u64::try_from(attempt.elapsed.as_millis()).unwrap_or(u64::MAX),
        saved_to: sent.saved_to.or_else(|| attempt.copy.as_ref().and_then(|copy| copy.place.clone())),
        sent_copy: attempt.copy,
        filed: None,
        server: sent.reply,
        warnings: composed.warnings,
    };
    if refused.is_empty() {
        return Ok(receipt);
    }
    let mut error = failed(Status::Partial, "recipients.refused").stage(Stage::Recipients).arg("count", refused.len());
    error.server = receipt.recipients.iter().find(|answer| answer.status == Verdict::Refused).map(|answer| answer.reply.clone());
    error.at = refused;
    error.recipients.clone_from(&receipt.recipients);
    error.more.insert("receipt".to_owned(), serde_json::to_value(&receipt).map_err(result_unwritable)?);
    Err(error)
}

/// Completes the error of a mail that was not sent, or whose outcome is unknown: refused recipients get their pointers.
pub(super) fn refusal(composed: &Composed<'_>, mut error: Error, attempt: &Attempt, document: &Document) -> Error {
    let refused = refused(composed, &error.recipients, document);
    error.at.extend(refused);
    if error.delivery == Delivery::Unknown {
        // A search for the mail needs the name that it travels under.
        error.more.insert("message_id".to_owned(), Value::from(composed.message_id.as_str()));
    }
    if !composed.repaired.is_empty() {
        // A refused address may be one that was understood wrong.
        error.more.insert("repaired".to_owned(), serde_json::to_value(&composed.repaired).unwrap_or_default());
    }
    error.more.insert("account".to_owned(), Value::from(&*attempt.account));
    if let Some(reason) = &attempt.reason {
        // Why the reserve was needed is as useful as why it failed.
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
