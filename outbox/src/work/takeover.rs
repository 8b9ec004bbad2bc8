//! Entries whose worker died, or came back without a verdict: they go back where nothing of them can have left, and the others are settled
//! by what the account keeps of its sent mail, or by the settings.

use super::claim;
use super::lease::LEASE;
use super::outcome::{Next, by_recipients};
use super::pause::Pauses;
use super::settle::{Tally, json};
use crate::content::{self, Whereabouts};
use crate::engine::{Engine, Row, Value};
use crate::queue;
use crate::recipient::{Recipient, Standing};
use crate::state::State;
use postkontor_core::{Delivery, Error, Host, Retry, Status, Watch};
use serde_json::json;

/// The most entries that are taken over at a time.
const MOST: i64 = 100;

/// An entry of which it is not known whether it went out.
#[derive(Debug)]
pub(super) struct Doubt {
    id: i64,
    queue: String,
    pub(super) account: String,
    lease: String,
    pub(super) message_id: String,
    recipients: Vec<Recipient>,
    attempts: i64,
    content: String,
    error: Option<String>,
    give_up: i64,
}

impl Doubt {
    fn read(row: &Row) -> Result<Doubt, Error> {
        let mut recipients = claim::recipients(row.text(5)?)?;
        let mut attempts = row.int(6)?;
        // A worker that came back without a verdict has said who is in doubt. One that died has said nothing, so all are.
        if recipients.iter().all(|recipient| recipient.status != Standing::Unknown) {
            recipients
                .iter_mut()
                .filter(|recipient| recipient.status == Standing::Waiting)
                .for_each(|left| left.status = Standing::Unknown);
            attempts += 1;
        }
        Ok(Doubt {
            id: row.int(0)?,
            queue: row.text(1)?.to_owned(),
            account: row.text(2)?.to_owned(),
            lease: row.text(3)?.to_owned(),
            message_id: row.text(4)?.to_owned(),
            recipients,
            attempts,
            content: row.text(7)?.to_owned(),
            error: row.text_or_none(8)?.map(str::to_owned),
            give_up: row.int(10)?,
        })
    }
}

/// Whether a lease has ended.
pub(super) fn is_due(engine: &mut dyn Engine, now: i64, watch: &Watch<'_>) -> Result<bool, Error> {
    let ended = "SELECT id FROM postkontor_outbox_entries WHERE state = 'sending' AND lease_until < $1 LIMIT 1";
    Ok(!engine.rows(ended, &[now.into()], watch)?.is_empty())
}

/// Takes over the entries whose lease has ended, within a transaction. Those that cannot have left are back in the queue with it; the
/// others come back from here, to be settled while their lease is kept from others for a while.
pub(super) fn take(engine: &mut dyn Engine, now: i64, watch: &Watch<'_>) -> Result<Vec<Doubt>, Error> {
    let skip_locked = engine.dialect().skip_locked();
    let ended = format!(
        "SELECT id, queue, account, lease, message_id, recipients, attempts, content, error, leaving, give_up FROM postkontor_outbox_entries \
        WHERE state = 'sending' AND lease_until < $1 ORDER BY lease_until LIMIT {MOST}{skip_locked}"
    );
    let mut doubts = Vec::new();
    for row in engine.rows(&ended, &[now.into()], watch)? {
        if row.int(9)? == 0 {
            let back = "UPDATE postkontor_outbox_entries SET state = 'queued', lease = '', lease_until = 0, updated = $1 WHERE id = $2";
            engine.run(back, &[now.into(), row.int(0)?.into()], watch)?;
        } else {
            // The name of the lease stays: should its worker live, its verdict is the better one.
            let keep = "UPDATE postkontor_outbox_entries SET lease_until = $1 WHERE id = $2";
            engine.run(keep, &[(now + LEASE).into(), row.int(0)?.into()], watch)?;
            doubts.push(Doubt::read(&row)?);
        }
    }
    Ok(doubts)
}

/// What a search among the sent mail has found of an entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Trace {
    /// It lies there, so it went out.
    Found(String),
    /// It does not, or nothing is kept.
    None,
    /// The search itself failed for now; it is repeated after the lease.
    Later,
}

/// Reads the answers of a search.
pub(super) fn traces(found: Result<Vec<Option<String>>, Error>, count: usize) -> Vec<Trace> {
    match found {
        Ok(places) if places.len() == count => places.into_iter().map(|place| place.map_or(Trace::None, Trace::Found)).collect(),
        Err(error) if error.retry == Retry::Later || error.status == Status::Cancelled => vec![Trace::Later; count],
        _ => vec![Trace::None; count],
    }
}

/// A search is not repeated for ever.
pub(super) fn in_time(doubt: Doubt, trace: Trace, now: i64) -> (Doubt, Trace) {
    let is_over = trace == Trace::Later && doubt.give_up <= now;
    (doubt, if is_over { Trace::None } else { trace })
}

/// How doubts are settled.
pub(super) struct Way<'a> {
    pub(super) host: &'a Host,
    pub(super) sends_again: bool,
    pub(super) pauses: &'a Pauses,
}

/// Settles doubts, within a transaction, and says where bytes are that are not needed any more.
pub(super) fn settle(
    engine: &mut dyn Engine,
    doubts: &[(Doubt, Trace)],
    way: &Way<'_>,
    now: i64,
    watch: &Watch<'_>,
) -> Result<(Tally, Vec<Whereabouts>), Error> {
    queue::lock(engine, doubts.iter().map(|(doubt, _)| doubt.queue.as_str()), watch)?;
    let (mut tally, mut gone) = (Tally::default(), Vec::new());
    for (doubt, trace) in doubts.iter().filter(|(_, trace)| *trace != Trace::Later) {
        let mut recipients = doubt.recipients.clone();
        let state = decided(trace, &mut recipients, way.sends_again);
        if !write(engine, (doubt, trace), (state, &recipients), way, now, watch)? {
            continue;
        }
        tally.count(state);
        if state == State::Sent {
            let at = Whereabouts::of(&doubt.content);
            content::remove(engine, doubt.id, &at, watch)?;
            gone.push(at);
        }
        if state.has_ended() {
            queue::advance(engine, &doubt.queue, watch)?;
        }
    }
    Ok((tally, gone))
}

/// The state that a doubt ends in, and where its recipients stand then.
fn decided(trace: &Trace, recipients: &mut [Recipient], sends_again: bool) -> State {
    let unknown = recipients.iter_mut().filter(|recipient| recipient.status == Standing::Unknown);
    match trace {
        Trace::Found(_) => unknown.for_each(|recipient| recipient.status = Standing::Accepted),
        _ if sends_again => {
            unknown.for_each(|recipient| recipient.status = Standing::Waiting);
            return State::Queued;
        }
        _ => return State::Held,
    }
    match by_recipients(recipients) {
        Next::Again => State::Queued,
        Next::Failed => State::Failed,
        _ => State::Sent,
    }
}

fn write(
    engine: &mut dyn Engine,
    (doubt, trace): (&Doubt, &Trace),
    (state, recipients): (State, &[Recipient]),
    way: &Way<'_>,
    now: i64,
    watch: &Watch<'_>,
) -> Result<bool, Error> {
    let receipt = match trace {
        Trace::Found(place) => Some(json!({"message_id": doubt.message_id, "account": doubt.account, "saved_to": place}).to_string()),
        _ => None,
    };
    let error = match state {
        State::Sent => None,
        _ => Some(json(&uncertain(doubt, way.host))?),
    };
    let due = (state == State::Queued).then(|| now.saturating_add(way.pauses.after(doubt.attempts, doubt.id.unsigned_abs())));
    let write = "UPDATE postkontor_outbox_entries SET state = $1, recipients = $2, receipt = COALESCE($3, receipt), error = $4, \
        due = COALESCE($5, due), attempts = $6, lease_until = 0, leaving = 0, updated = $7 \
        WHERE id = $8 AND lease = $9 AND state = 'sending' AND leaving = 1";
    let values = [
        state.word().into(),
        json(&recipients)?.into(),
        Value::from(receipt),
        Value::from(error),
        Value::from(due),
        doubt.attempts.into(),
        now.into(),
        doubt.id.into(),
        doubt.lease.as_str().into(),
    ];
    Ok(engine.run(write, &values, watch)? == 1)
}

/// What an entry in doubt says of itself, with what was known before.
fn uncertain(doubt: &Doubt, host: &Host) -> Error {
    let mut error = Error::new(Status::Uncertain, "outbox.uncertain").delivery(Delivery::Unknown).usable();
    error = error.arg("message_id", doubt.message_id.as_str());
    if let Some(reason) = doubt.error.as_deref().and_then(|error| serde_json::from_str::<Error>(error).ok()) {
        error.detail.clone_from(&reason.detail);
        error.server.clone_from(&reason.server);
        error = error.done("reason", &reason);
    }
    host.localised(error)
}
