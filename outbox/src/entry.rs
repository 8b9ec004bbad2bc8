//! A mail in the outbox, as a program reads of it.

use crate::engine::Row;
use crate::recipient::Recipient;
use crate::state::State;
use postkontor_core::message::timestamp;
use postkontor_core::{Error, Status};
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::{Duration, UNIX_EPOCH};

/// The columns that [`Entry::of`] reads, in their order.
pub(crate) const COLUMNS: &str = "id, key, account, queue, priority, state, message_id, subject, size, created, updated, not_before, give_up, due, attempts, recipients, receipt, error";

/// A mail in the outbox. Moments are RFC 3339, in UTC.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// By which it is asked for.
    pub id: String,
    /// The key that it was put with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The account that sends it.
    pub account: String,
    /// The queue whose order it keeps.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub queue: String,
    /// 0 goes first, 9 last.
    pub priority: i64,
    /// What has become of it.
    pub state: State,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// Its subject.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The number of its bytes.
    pub size: u64,
    /// When it was put.
    pub created: String,
    /// When something last happened to it.
    pub updated: String,
    /// It is not sent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// When it is given up.
    pub give_up_at: String,
    /// When it is tried next, where it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// Its recipients, in the order to, cc, bcc.
    pub recipients: Vec<Recipient>,
    /// The receipt of the last delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Box<RawValue>>,
    /// The error of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<RawValue>>,
}

impl Entry {
    /// Reads a row of [`COLUMNS`].
    pub(crate) fn of(row: &Row) -> Result<Entry, Error> {
        let state = State::of(row.text(5)?).ok_or_else(|| damaged(row.text(5).unwrap_or_default()))?;
        Ok(Entry {
            id: row.int(0)?.to_string(),
            key: row.text_or_none(1)?.map(str::to_owned),
            account: row.text(2)?.to_owned(),
            queue: row.text(3)?.to_owned(),
            priority: row.int(4)?,
            state,
            message_id: row.text(6)?.to_owned(),
            subject: row.text(7)?.to_owned(),
            size: row.int(8)?.unsigned_abs(),
            created: moment(row.int(9)?),
            updated: moment(row.int(10)?),
            not_before: row.int_or_none(11)?.map(moment),
            give_up_at: moment(row.int(12)?),
            next_try: (state == State::Queued).then(|| row.int(13).map(moment)).transpose()?,
            attempts: row.int(14)?,
            recipients: recipients(row.text(15)?)?,
            receipt: document(row.text_or_none(16)?)?,
            error: document(row.text_or_none(17)?)?,
        })
    }
}

/// The recipients of an entry, as their column has them.
pub(crate) fn recipients(column: &str) -> Result<Vec<Recipient>, Error> {
    serde_json::from_str(column).map_err(|error| damaged(&error.to_string()))
}

fn document(column: Option<&str>) -> Result<Option<Box<RawValue>>, Error> {
    let document = |text: &str| RawValue::from_string(text.to_owned()).map_err(|error| damaged(&error.to_string()));
    column.map(document).transpose()
}

/// Milliseconds since 1970 as RFC 3339 writes them.
pub(crate) fn moment(milliseconds: i64) -> String {
    timestamp(UNIX_EPOCH + Duration::from_millis(milliseconds.max(0).unsigned_abs()))
}

fn damaged(cause: &str) -> Error {
    Error::new(Status::Local, "outbox.store_damaged").usable().arg("store", "").cause(cause)
}
