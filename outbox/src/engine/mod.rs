//! The database under the outbox: transactions, and one text of SQL for each of them.

mod connection;
mod fault;
mod sqlite;
mod value;

pub(crate) use connection::{Dialect, Engine, transaction};
pub(crate) use sqlite::Sqlite;
pub(crate) use value::{Row, Value};
