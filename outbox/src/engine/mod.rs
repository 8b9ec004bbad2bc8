//! The database under the outbox: transactions, and one text of SQL for each of them.

mod connection;
mod fault;
#[cfg(feature = "postgresql")]
mod postgresql;
mod sqlite;
mod value;

pub(crate) use connection::{Dialect, Engine, transaction};
#[cfg(feature = "postgresql")]
pub(crate) use postgresql::{Login, Postgresql};
pub(crate) use sqlite::Sqlite;
pub(crate) use value::{Row, Value};
