//! What the settings allow an account: so many mails a minute, so many lanes at a time.

use crate::engine::Engine;
use postkontor_core::{Error, Watch};

const MINUTE: i64 = 60_000;

/// The limits of an account (`outbox.limits`), over all who share the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// The most mails that are handed over in a minute of the clock.
    pub(super) per_minute: Option<i64>,
    /// The most lanes that have a connection at a time.
    pub(super) connections: Option<i64>,
}

/// How many mails of the account may still be claimed in this minute. Until the transaction ends, no other lane gets an answer.
pub(super) fn left(engine: &mut dyn Engine, account: &str, per_minute: i64, now: i64, watch: &Watch<'_>) -> Result<i64, Error> {
    let count = "INSERT INTO postkontor_outbox_rates (account, minute, count) VALUES ($1, $2, 0) ON CONFLICT (account, minute) DO UPDATE \
        SET count = postkontor_outbox_rates.count RETURNING count";
    let rows = engine.rows(count, &[account.into(), (now / MINUTE).into()], watch)?;
    let claimed = rows.first().map_or(Ok(0), |row| row.int(0))?;
    Ok((per_minute - claimed).max(0))
}

/// Counts mails that were claimed.
pub(super) fn count(engine: &mut dyn Engine, account: &str, mails: usize, now: i64, watch: &Watch<'_>) -> Result<(), Error> {
    let add = "UPDATE postkontor_outbox_rates SET count = count + $1 WHERE account = $2 AND minute = $3";
    let mails = i64::try_from(mails).unwrap_or(i64::MAX);
    engine.run(add, &[mails.into(), account.into(), (now / MINUTE).into()], watch).map(drop)
}

/// Takes one of the account's connections, or keeps the one that the worker has, until `until`. `false` where others have them all.
pub(super) fn take_connection(
    engine: &mut dyn Engine,
    account: &str,
    connections: i64,
    worker: &str,
    (now, until): (i64, i64),
    watch: &Watch<'_>,
) -> Result<bool, Error> {
    let keep = "UPDATE postkontor_outbox_lanes SET until = $1 WHERE account = $2 AND worker = $3";
    if engine.run(keep, &[until.into(), account.into(), worker.into()], watch)? > 0 {
        return Ok(true);
    }
    let take = "INSERT INTO postkontor_outbox_lanes (account, number, worker, until) VALUES ($1, $2, $3, $4) ON CONFLICT (account, number) \
        DO UPDATE SET worker = excluded.worker, until = excluded.until WHERE postkontor_outbox_lanes.until < $5";
    for number in 0..connections {
        if engine.run(take, &[account.into(), number.into(), worker.into(), until.into(), now.into()], watch)? == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps the connections of a worker.
pub(super) fn keep_connections(engine: &mut dyn Engine, worker: &str, until: i64, watch: &Watch<'_>) -> Result<(), Error> {
    engine.run("UPDATE postkontor_outbox_lanes SET until = $1 WHERE worker = $2", &[until.into(), worker.into()], watch).map(drop)
}

/// Gives back the connection of an account.
pub(super) fn leave_connection(engine: &mut dyn Engine, account: &str, worker: &str, watch: &Watch<'_>) -> Result<(), Error> {
    let leave = "DELETE FROM postkontor_outbox_lanes WHERE account = $1 AND worker = $2";
    engine.run(leave, &[account.into(), worker.into()], watch).map(drop)
}

/// Forgets minutes that are over.
pub(super) fn forget(engine: &mut dyn Engine, now: i64, watch: &Watch<'_>) -> Result<(), Error> {
    engine.run("DELETE FROM postkontor_outbox_rates WHERE minute < $1", &[(now / MINUTE - 10).into()], watch).map(drop)
}
