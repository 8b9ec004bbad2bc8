//! What every database can do for the outbox.

use super::value::{Row, Value};
use postkontor_core::{Error, Watch};
use std::time::Duration;

/// How long a call waits for a lock that another program holds, where its deadline leaves so much.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// Which SQL the database speaks where the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgresql,
}

impl Dialect {
    /// What ends a SELECT whose rows no other transaction may have at the same time. SQLite has one writer anyway.
    pub(crate) fn skip_locked(self) -> &'static str {
        match self {
            Dialect::Sqlite => "",
            Dialect::Postgresql => " FOR UPDATE SKIP LOCKED",
        }
    }
}

/// A connection to a database. Parameters are `$1`, `$2` … in the order in which they first appear.
///
/// Every call watches deadline, progress and cancelling. A connection that broke is made anew by the next `begin`, or by the next statement
/// outside of a transaction.
pub(crate) trait Engine: Send {
    /// Begins a transaction that writes.
    fn begin(&mut self, watch: &Watch<'_>) -> Result<(), Error>;
    /// Ends it. What was written is durable when this returns; a lost answer leaves that open (`outbox.commit_unknown`).
    fn commit(&mut self, watch: &Watch<'_>) -> Result<(), Error>;
    /// Ends it as if it had not been.
    fn rollback(&mut self);
    /// Runs a statement and returns the number of rows that it changed.
    fn run(&mut self, sql: &str, values: &[Value], watch: &Watch<'_>) -> Result<u64, Error>;
    /// Runs a statement that answers with rows.
    fn rows(&mut self, sql: &str, values: &[Value], watch: &Watch<'_>) -> Result<Vec<Row>, Error>;
    /// Which SQL it speaks.
    fn dialect(&self) -> Dialect;
    /// Milliseconds since 1970 by the clock that all who share the database see.
    fn now(&mut self, watch: &Watch<'_>) -> Result<i64, Error>;
    /// Whether the database has such a table.
    fn has_table(&mut self, name: &str, watch: &Watch<'_>) -> Result<bool, Error>;
}

/// Does work in one transaction: all of it is durable when this returns, or none of it is there.
pub(crate) fn transaction<T>(
    engine: &mut dyn Engine,
    watch: &Watch<'_>,
    work: impl FnOnce(&mut dyn Engine) -> Result<T, Error>,
) -> Result<T, Error> {
    engine.begin(watch)?;
    match work(engine) {
        Ok(done) => engine.commit(watch).map(|()| done),
        Err(error) => {
            engine.rollback();
            Err(error)
        }
    }
}
