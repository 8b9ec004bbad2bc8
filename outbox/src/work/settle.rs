//! Writing down what became of the entries of a batch.

use super::damage::damaged;
use super::outcome::{Next, Outcome};
use super::pause::Pauses;
use crate::content::{self, Whereabouts};
use crate::engine::{Engine, Value};
use crate::queue;
use crate::state::State;
use postkontor_core::{Error, Watch};
use serde::Serialize;
use std::collections::BTreeSet;

/// What became of an entry, and under which lease.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) id: i64,
    pub(super) queue: String,
    pub(super) lease: String,
    pub(super) attempts: i64,
    pub(super) content: String,
    pub(super) outcome: Outcome,
}

/// What working has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// Mails that a server took.
    pub(super) sent: u64,
    /// Mails of which it is not known, and that wait for a person.
    pub(super) held: u64,
    /// Mails that were refused, or given up.
    pub(super) failed: u64,
    /// Mails that are tried again later.
    pub(super) later: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Tally) {
        self.sent += other.sent;
        self.held += other.held;
        self.failed += other.failed;
        self.later += other.later;
    }

    /// Counts an entry that came into this state.
    pub(super) fn count(&mut self, state: State) {
        match state {
            State::Sent => self.sent += 1,
            State::Held => self.held += 1,
            State::Failed => self.failed += 1,
            State::Queued => self.later += 1,
            State::Sending | State::Cancelled | State::Bounced => (),
        }
    }
}

/// Locks the queues in which entries may end, before anything else is written.
pub(super) fn lock(engine: &mut dyn Engine, settled: &[Settled], watch: &Watch<'_>) -> Result<(), Error> {
    queue::lock(engine, settled.iter().map(|entry| entry.queue.as_str()), watch)
}

/// Writes down what became of entries, within a transaction. An entry that was taken over in the meantime still gets its verdict, unless a
/// person has decided, or another has claimed it again.
pub(super) fn settle(engine: &mut dyn Engine, settled: &[Settled], pauses: &Pauses, now: i64, watch: &Watch<'_>) -> Result<Tally, Error> {
    let (mut tally, mut ended) = (Tally::default(), BTreeSet::new());
    for entry in settled {
        if entry.outcome.next == Next::Back {
            put_back(engine, entry, now, watch)?;
        } else if let Some(state) = write(engine, entry, pauses, now, watch)? {
            tally.count(state);
            if state.has_ended() {
                ended.insert(entry.queue.as_str());
            }
        }
    }
    for queue in ended {
        queue::advance(engine, queue, watch)?;
    }
    Ok(tally)
}

fn put_back(engine: &mut dyn Engine, entry: &Settled, now: i64, watch: &Watch<'_>) -> Result<(), Error> {
    let back = "UPDATE postkontor_outbox_entries SET state = 'queued', lease = '', lease_until = 0, leaving = 0, updated = $1 \
        WHERE id = $2 AND lease = $3 AND state IN ('sending', 'held')";
    engine.run(back, &[now.into(), entry.id.into(), entry.lease.as_str().into()], watch).map(drop)
}

/// The state that the entry came into; nothing where it is not the lane's any more.
fn write(engine: &mut dyn Engine, entry: &Settled, pauses: &Pauses, now: i64, watch: &Watch<'_>) -> Result<Option<State>, Error> {
    let outcome = &entry.outcome;
    let attempts = entry.attempts + 1;
    let state = match outcome.next {
        Next::Sent => State::Sent,
        Next::Failed => State::Failed,
        Next::Again | Next::Back => State::Queued,
        // Who settles doubts finds it as if its lease had ended.
        Next::Uncertain => State::Sending,
    };
    let is_open = outcome.next == Next::Uncertain;
    let due = (outcome.next == Next::Again).then(|| now.saturating_add(pauses.after(attempts, entry.id.unsigned_abs())));
    let write = "UPDATE postkontor_outbox_entries SET state = $1, recipients = $2, receipt = COALESCE($3, receipt), error = $4, \
        due = COALESCE($5, due), attempts = $6, lease = CASE WHEN $1 = 'sending' THEN lease ELSE '' END, lease_until = 0, \
        leaving = CAST($7 AS BIGINT), updated = $8 WHERE id = $9 AND lease = $10 AND state IN ('sending', 'held', 'queued')";
    let values = [
        state.word().into(),
        json(&outcome.recipients)?.into(),
        Value::from(outcome.receipt.as_ref().map(json).transpose()?),
        Value::from(outcome.error.as_ref().map(json).transpose()?),
        Value::from(due),
        attempts.into(),
        i64::from(is_open).into(),
        now.into(),
        entry.id.into(),
        entry.lease.as_str().into(),
    ];
    if engine.run(write, &values, watch)? == 0 {
        return Ok(None);
    }
    if state == State::Sent {
        content::remove(engine, entry.id, &Whereabouts::of(&entry.content), watch)?;
    }
    Ok(Some(state))
}

/// A value as a column keeps it.
pub(super) fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| damaged(&error))
}
