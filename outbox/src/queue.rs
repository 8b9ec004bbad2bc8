//! Named queues: their mails go out in the order in which they were put.
//!
//! Of a queue only the oldest unfinished entry may be claimed (`ready`). Who puts into a queue or ends an entry of it holds its lock until
//! the transaction ends, so that no two transactions see different entries as the oldest.

use crate::engine::{Dialect, Engine, Value};
use postkontor_core::{Error, Watch};

/// Which entries keep those behind them waiting; a statement that names them uses the index of the queues.
const UNFINISHED: &str = "queue = $1 AND queue <> '' AND state IN ('queued', 'sending', 'held')";

/// Locks these queues until the transaction ends. Locks are taken in one order everywhere, so that two transactions never wait for each other.
pub(crate) fn lock<'q>(engine: &mut dyn Engine, queues: impl IntoIterator<Item = &'q str>, watch: &Watch<'_>) -> Result<(), Error> {
    // A transaction of SQLite that writes is alone anyway.
    if engine.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let mut queues: Vec<&str> = queues.into_iter().filter(|queue| !queue.is_empty()).collect();
    queues.sort_unstable();
    queues.dedup();
    for queue in queues {
        let lock = "SELECT CAST(pg_advisory_xact_lock(hashtextextended($1, 15)) AS TEXT)";
        engine.rows(lock, &[Value::Text(queue.to_owned())], watch)?;
    }
    Ok(())
}

/// Whether an entry that is put into the queue now may be claimed at once: nothing unfinished is before it. The caller holds the lock.
pub(crate) fn is_free(engine: &mut dyn Engine, queue: &str, watch: &Watch<'_>) -> Result<bool, Error> {
    if queue.is_empty() {
        return Ok(true);
    }
    let unfinished = format!("SELECT 1 FROM postkontor_outbox_entries WHERE {UNFINISHED} LIMIT 1");
    Ok(engine.rows(&unfinished, &[Value::Text(queue.to_owned())], watch)?.is_empty())
}

/// Lets the oldest unfinished entry of the queue go, after one was ended. The caller holds the lock.
pub(crate) fn advance(engine: &mut dyn Engine, queue: &str, watch: &Watch<'_>) -> Result<(), Error> {
    if queue.is_empty() {
        return Ok(());
    }
    let next = format!(
        "UPDATE postkontor_outbox_entries SET ready = 1 WHERE ready = 0 AND id = (SELECT id FROM postkontor_outbox_entries WHERE {UNFINISHED} ORDER BY id LIMIT 1)"
    );
    engine.run(&next, &[Value::Text(queue.to_owned())], watch)?;
    Ok(())
}
