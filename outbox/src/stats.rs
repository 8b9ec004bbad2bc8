//! How the whole stands.

use crate::engine::Engine;
use crate::entry::moment;
use postkontor_core::{Error, Watch};
use serde::Serialize;
use serde_json::value::RawValue;

/// How many entries are in which state, how fast they go out, and which accounts rest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// Waiting to be sent.
    pub queued: u64,
    /// In the hands of a worker.
    pub sending: u64,
    /// Sent.
    pub sent: u64,
    /// Waiting for somebody to say what became of them.
    pub held: u64,
    /// Refused or given up.
    pub failed: u64,
    /// Taken back.
    pub cancelled: u64,
    /// Sent, and come back.
    pub bounced: u64,
    /// How many were sent in the last minute.
    pub per_minute: u64,
    /// How long the oldest has been waiting that is due.
    pub oldest_seconds: u64,
    /// The accounts that rest, or whose last attempt failed.
    pub accounts: Vec<Resting>,
}

/// An account that cannot be used at the moment.
#[derive(Clone, Debug, Serialize)]
pub struct Resting {
    /// The account.
    pub account: String,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<String>,
    /// What went wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<RawValue>>,
}

impl Stats {
    pub(crate) fn of(engine: &mut dyn Engine, now: i64, watch: &Watch<'_>) -> Result<Stats, Error> {
        let mut stats = Stats::default();
        for row in engine.rows("SELECT state, COUNT(*) FROM postkontor_outbox_entries GROUP BY state", &[], watch)? {
            let count = row.int(1)?.unsigned_abs();
            match row.text(0)? {
                "queued" => stats.queued = count,
                "sending" => stats.sending = count,
                "sent" => stats.sent = count,
                "held" => stats.held = count,
                "failed" => stats.failed = count,
                "cancelled" => stats.cancelled = count,
                "bounced" => stats.bounced = count,
                _ => (),
            }
        }
        let number = |engine: &mut dyn Engine, sql: &str, value: i64| {
            let rows = engine.rows(sql, &[value.into()], watch)?;
            rows.first().map_or(Ok(None), |row| row.int_or_none(0))
        };
        let sent = "SELECT COUNT(*) FROM postkontor_outbox_entries
            WHERE state IN ('sent', 'failed', 'cancelled', 'bounced') AND state = 'sent' AND updated > $1";
        stats.per_minute = number(engine, sent, now - 60_000)?.unwrap_or_default().unsigned_abs();
        let oldest = "SELECT due FROM postkontor_outbox_entries WHERE state = 'queued' AND due <= $1 ORDER BY id LIMIT 1";
        let waiting = number(engine, oldest, now)?.map_or(0, |due| (now - due).max(0) / 1000);
        stats.oldest_seconds = waiting.unsigned_abs();
        stats.accounts = resting(engine, now, watch)?;
        Ok(stats)
    }
}

fn resting(engine: &mut dyn Engine, now: i64, watch: &Watch<'_>) -> Result<Vec<Resting>, Error> {
    let select = "SELECT account, paused_until, error FROM postkontor_outbox_accounts
        WHERE paused_until > $1 OR error IS NOT NULL ORDER BY account";
    let rows = engine.rows(select, &[now.into()], watch)?;
    let resting = |row: &crate::engine::Row| {
        let error = row.text_or_none(2)?.and_then(|error| RawValue::from_string(error.to_owned()).ok());
        let paused_until = Some(row.int(1)?).filter(|until| *until > now).map(moment);
        Ok(Resting { account: row.text(0)?.to_owned(), paused_until, error })
    };
    rows.iter().map(resting).collect()
}
