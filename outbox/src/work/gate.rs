//! Whether mail of an account may be handed over: an account that fails rests, and is tried by one lane, with one mail, after each pause.

use super::pause::Pauses;
use crate::engine::{Engine, Value};
use postkontor_core::{Error, Watch};

/// For how long an account counts as good after a mail went through it. After that one lane tries it first, so that a password that was
/// changed over night costs one refused login and not one for each lane.
const PROVEN: i64 = 60_000;

/// How often that is written down.
const NOTED: i64 = 10_000;

/// How long the others wait for the lane that tries the account.
const TRIAL: i64 = 60_000;

/// What a lane may do with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Hand over what is due.
    Open,
    /// Hand over one mail, while the others wait for what becomes of it.
    Trial,
    /// Nothing.
    Closed,
}

/// Whether the account rests after a failure, so that there is nothing to ask for.
pub(super) fn rests(engine: &mut dyn Engine, account: &str, now: i64, watch: &Watch<'_>) -> Result<bool, Error> {
    let resting = "SELECT account FROM postkontor_outbox_accounts WHERE account = $1 AND pauses > 0 AND paused_until > $2";
    Ok(!engine.rows(resting, &[account.into(), now.into()], watch)?.is_empty())
}

/// Asks for an account, within the transaction that claims. With [`Gate::Trial`] it is closed for the others.
pub(super) fn ask(engine: &mut dyn Engine, account: &str, now: i64, watch: &Watch<'_>) -> Result<Gate, Error> {
    let known = "SELECT paused_until, pauses, proven FROM postkontor_outbox_accounts WHERE account = $1";
    let rows = engine.rows(known, &[account.into()], watch)?;
    if let Some(row) = rows.first() {
        let (paused_until, pauses, proven) = (row.int(0)?, row.int(1)?, row.int(2)?);
        // A clock that was put back must not close an account for hours.
        if paused_until > now {
            return Ok(Gate::Closed);
        }
        if pauses == 0 && proven.saturating_add(PROVEN) > now {
            return Ok(Gate::Open);
        }
    }
    let close = "INSERT INTO postkontor_outbox_accounts (account, paused_until) VALUES ($1, $2) ON CONFLICT (account) DO UPDATE \
        SET paused_until = excluded.paused_until WHERE postkontor_outbox_accounts.paused_until <= $3";
    let is_ours = engine.run(close, &[account.into(), (now + TRIAL).into(), now.into()], watch)? == 1;
    Ok(if is_ours { Gate::Trial } else { Gate::Closed })
}

/// Opens an account again whose trial came to nothing: no mail was there, or the lane was stopped.
pub(super) fn reopen(engine: &mut dyn Engine, account: &str, watch: &Watch<'_>) -> Result<(), Error> {
    engine.run("UPDATE postkontor_outbox_accounts SET paused_until = 0 WHERE account = $1", &[account.into()], watch).map(drop)
}

/// The server has dealt with a mail of the account. Only a trial ends a pause: a lane that is logged in says nothing of the next login.
pub(super) fn passed(engine: &mut dyn Engine, account: &str, was_trial: bool, now: i64, watch: &Watch<'_>) -> Result<(), Error> {
    if was_trial {
        let open = "UPDATE postkontor_outbox_accounts SET paused_until = 0, pauses = 0, proven = $1, error = NULL WHERE account = $2";
        return engine.run(open, &[now.into(), account.into()], watch).map(drop);
    }
    let note = "UPDATE postkontor_outbox_accounts SET proven = $1, error = NULL WHERE account = $2 AND pauses = 0 AND proven < $3";
    engine.run(note, &[now.into(), account.into(), (now - NOTED).into()], watch).map(drop)
}

/// The account cannot be used from here. Others may fare better, so that it is only said.
pub(super) fn out_of_reach(engine: &mut dyn Engine, account: &str, error: &Error, watch: &Watch<'_>) -> Result<(), Error> {
    let say = "INSERT INTO postkontor_outbox_accounts (account, error) VALUES ($1, $2) \
        ON CONFLICT (account) DO UPDATE SET error = excluded.error WHERE postkontor_outbox_accounts.pauses = 0";
    engine.run(say, &[account.into(), Value::from(serde_json::to_string(error).ok())], watch).map(drop)
}

/// The server does not let the account in: it rests everywhere, longer each time.
pub(super) fn failed(
    engine: &mut dyn Engine,
    account: &str,
    error: &Error,
    was_trial: bool,
    pauses: &Pauses,
    (now, seed): (i64, u64),
    watch: &Watch<'_>,
) -> Result<(), Error> {
    let known = "SELECT paused_until, pauses FROM postkontor_outbox_accounts WHERE account = $1";
    let rows = engine.rows(known, &[account.into()], watch)?;
    let (paused_until, before) = rows.first().map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))?;
    if !was_trial && before > 0 && paused_until > now {
        // Another lane has seen it already.
        return Ok(());
    }
    let rest = "INSERT INTO postkontor_outbox_accounts (account, paused_until, pauses, error) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (account) DO UPDATE SET paused_until = excluded.paused_until, pauses = excluded.pauses, error = excluded.error, proven = 0";
    let error = serde_json::to_string(error).ok();
    let until = now.saturating_add(pauses.after(before + 1, seed));
    engine.run(rest, &[account.into(), until.into(), (before + 1).into(), Value::from(error)], watch).map(drop)
}
