//! The database under the outbox: transactions, and one text of SQL for each of them.
#![allow(dead_code, reason = "the store is built on it next")]

use postkontor_core::{Error, Watch};

/// A value of a column or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A row of an answer, its columns in the order of the statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row(pub(crate) Vec<Value>);

/// Which SQL the database speaks where the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgresql,
}

/// A connection to a database. Parameters are `$1`, `$2` … in the order in which they first appear.
///
/// Every call watches deadline, progress and cancelling.
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
}
