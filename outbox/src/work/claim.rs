//! Claiming: what is due becomes a lane's own, and the mark that its bytes may leave is durable before one does.

use super::damage::damaged;
use super::pace::{BYTES, LARGE};
use crate::engine::{Engine, Row};
use crate::recipient::Recipient;
use postkontor_core::{Error, Watch};

/// An entry that a lane has claimed.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) queue: String,
    /// What is kept of the mail beside its bytes.
    pub(super) stored: String,
    pub(super) recipients: Vec<Recipient>,
    /// Where its bytes are.
    pub(super) content: String,
    /// The attempts before this one.
    pub(super) attempts: i64,
    /// The mark is set that its last byte may leave.
    pub(super) is_leaving: bool,
    due: i64,
}

/// What a lane asks for.
pub(super) struct Wanted<'a> {
    pub(super) account: &'a str,
    pub(super) priority: i64,
    /// So many mails at most.
    pub(super) mails: i64,
    /// The name of the claim.
    pub(super) lease: &'a str,
    /// When it ends unless it is renewed.
    pub(super) until: i64,
    /// A large mail gets its mark only before its last block is handed over: the server takes nothing of a mail whose end it did not get.
    pub(super) marks_late: bool,
}

/// The most urgent priority of which the account has a mail that is due.
pub(super) fn priority(engine: &mut dyn Engine, account: &str, now: i64, watch: &Watch<'_>) -> Result<Option<i64>, Error> {
    // A subselect that is compared is done once for each priority, by the index; EXISTS may become a join over all that is due.
    let due = "WITH priorities (priority) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) \
        SELECT CAST(priorities.priority AS BIGINT) FROM priorities WHERE (SELECT entries.id FROM postkontor_outbox_entries AS entries \
        WHERE entries.state = 'queued' AND entries.ready = 1 AND entries.account = $1 AND entries.priority = priorities.priority \
        AND entries.due <= $2 AND entries.give_up > $2 ORDER BY entries.due, entries.id LIMIT 1) IS NOT NULL ORDER BY 1 LIMIT 1";
    engine.rows(due, &[account.into(), now.into()], watch)?.first().map(|row| row.int(0)).transpose()
}

/// Claims what is due, in the order of its time. No other lane waits for that, nor gets the same.
pub(super) fn claim(engine: &mut dyn Engine, wanted: &Wanted<'_>, now: i64, watch: &Watch<'_>) -> Result<Vec<Claimed>, Error> {
    let skip_locked = engine.dialect().skip_locked();
    // Several mails come together only while they are small, all of them and together.
    let claim = format!(
        "WITH picked AS MATERIALIZED (SELECT id, size, due FROM postkontor_outbox_entries WHERE state = 'queued' AND ready = 1 \
            AND account = $1 AND priority = $2 AND due <= $3 AND give_up > $3 ORDER BY due, id LIMIT $4{skip_locked}), \
        placed AS (SELECT id, ROW_NUMBER() OVER so_far AS place, SUM(size) OVER so_far AS total, MAX(size) OVER so_far AS largest \
            FROM picked WINDOW so_far AS (ORDER BY due, id)) \
        UPDATE postkontor_outbox_entries SET state = 'sending', lease = $5, lease_until = $6, updated = $3, \
            leaving = CASE WHEN size > {LARGE} THEN CAST($7 AS BIGINT) ELSE 1 END \
        WHERE id IN (SELECT id FROM placed WHERE place = 1 OR (total <= {BYTES} AND largest <= {LARGE})) \
        RETURNING id, queue, stored, recipients, content, attempts, leaving, due"
    );
    let marked = i64::from(!wanted.marks_late);
    let values = [
        wanted.account.into(),
        wanted.priority.into(),
        now.into(),
        wanted.mails.into(),
        wanted.lease.into(),
        wanted.until.into(),
        marked.into(),
    ];
    let mut claimed = engine.rows(&claim, &values, watch)?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    claimed.sort_by_key(|entry| (entry.due, entry.id));
    Ok(claimed)
}

fn read(row: &Row) -> Result<Claimed, Error> {
    Ok(Claimed {
        id: row.int(0)?,
        queue: row.text(1)?.to_owned(),
        stored: row.text(2)?.to_owned(),
        recipients: recipients(row.text(3)?)?,
        content: row.text(4)?.to_owned(),
        attempts: row.int(5)?,
        is_leaving: row.int(6)? != 0,
        due: row.int(7)?,
    })
}

/// Reads the recipients of an entry.
pub(super) fn recipients(json: &str) -> Result<Vec<Recipient>, Error> {
    serde_json::from_str(json).map_err(|error| damaged(&error))
}

/// Lets go what was claimed and not handed over: the commit of the claim failed in a way that does not say whether it was made.
pub(super) fn release(engine: &mut dyn Engine, lease: &str, watch: &Watch<'_>) -> Result<(), Error> {
    let release = "UPDATE postkontor_outbox_entries SET state = 'queued', lease = '', lease_until = 0, leaving = 0 \
        WHERE state = 'sending' AND lease = $1";
    engine.run(release, &[lease.into()], watch).map(drop)
}

/// Sets the mark of a large mail, before its last block is handed over. `false` where the lease has passed to another.
pub(super) fn mark(engine: &mut dyn Engine, id: i64, lease: &str, watch: &Watch<'_>) -> Result<bool, Error> {
    let mark = "UPDATE postkontor_outbox_entries SET leaving = 1 WHERE id = $1 AND lease = $2 AND state = 'sending'";
    engine.run(mark, &[id.into(), lease.into()], watch).map(|count| count == 1)
}
