//! What lanes do beside: they give up what is overdue, and forget what ended long ago.

use super::outcome::{Next, by_recipients};
use super::settle::{Tally, json};
use super::{claim, limits};
use crate::content::{self, Whereabouts};
use crate::engine::Engine;
use crate::queue;
use crate::recipient::Standing;
use crate::state::State;
use postkontor_core::{Error, Host, Status, Watch};

/// The most entries in one transaction, which others wait for.
const MOST: i64 = 200;

/// Gives up the entries that are overdue, within a transaction: also those of an account that is paused.
pub(super) fn give_up(engine: &mut dyn Engine, host: &Host, now: i64, watch: &Watch<'_>) -> Result<Tally, Error> {
    let overdue = format!(
        "SELECT entries.id, entries.queue, entries.recipients, COALESCE(entries.error, accounts.error) \
        FROM postkontor_outbox_entries AS entries LEFT JOIN postkontor_outbox_accounts AS accounts ON accounts.account = entries.account \
        WHERE entries.state = 'queued' AND entries.give_up <= $1 ORDER BY entries.give_up LIMIT {MOST}"
    );
    let rows = engine.rows(&overdue, &[now.into()], watch)?;
    let queues = rows.iter().map(|row| row.text(1)).collect::<Result<Vec<_>, _>>()?;
    queue::lock(engine, queues, watch)?;
    let mut tally = Tally::default();
    for row in &rows {
        let (id, queue, mut recipients) = (row.int(0)?, row.text(1)?, claim::recipients(row.text(2)?)?);
        let left = recipients.iter_mut().filter(|recipient| recipient.status == Standing::Waiting);
        left.for_each(|recipient| recipient.status = Standing::Refused);
        let is_sent = !recipients.is_empty() && by_recipients(&recipients) == Next::Sent;
        let state = if is_sent { State::Sent } else { State::Failed };
        let error = json(&given_up(row.text_or_none(3)?, host))?;
        let end = "UPDATE postkontor_outbox_entries SET state = $1, recipients = $2, error = $3, lease = '', updated = $4 \
            WHERE id = $5 AND state = 'queued' AND give_up <= $4";
        if engine.run(end, &[state.word().into(), json(&recipients)?.into(), error.into(), now.into(), id.into()], watch)? == 1 {
            tally.count(state);
            queue::advance(engine, queue, watch)?;
        }
    }
    Ok(tally)
}

/// Why an entry was given up: its last error, or that of its account.
fn given_up(last: Option<&str>, host: &Host) -> Error {
    let mut error = Error::new(Status::Refused, "outbox.given_up").usable();
    if let Some(reason) = last.and_then(|error| serde_json::from_str::<Error>(error).ok()) {
        error = error.arg("reason", if reason.message.is_empty() { reason.code.as_str() } else { reason.message.as_str() });
        error.server.clone_from(&reason.server);
        error.detail.clone_from(&reason.detail);
        error = error.done("reason", &reason);
    } else {
        error = error.arg("reason", "");
    }
    host.localised(error)
}

/// Forgets entries that ended before this time, within a transaction; whether there may be more, and where bytes are that go with them.
pub(super) fn forget(engine: &mut dyn Engine, before: i64, now: i64, watch: &Watch<'_>) -> Result<(bool, Vec<Whereabouts>), Error> {
    limits::forget(engine, now, watch)?;
    let skip_locked = engine.dialect().skip_locked();
    let old = format!(
        "SELECT id, content FROM postkontor_outbox_entries WHERE state IN ('sent', 'failed', 'cancelled', 'bounced') AND updated < $1 \
        ORDER BY updated LIMIT {MOST}{skip_locked}"
    );
    let mut gone = Vec::new();
    let rows = engine.rows(&old, &[before.into()], watch)?;
    for row in &rows {
        let (id, at) = (row.int(0)?, Whereabouts::of(row.text(1)?));
        content::remove(engine, id, &at, watch)?;
        engine.run("DELETE FROM postkontor_outbox_entries WHERE id = $1", &[id.into()], watch)?;
        gone.push(at);
    }
    Ok((rows.len() as i64 == MOST, gone))
}
