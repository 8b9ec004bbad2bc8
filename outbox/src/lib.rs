//! The outbox: a mail that was handed over goes out once, whatever dies.
//!
//! A program puts composed mail into a store and gets its id when it is durable there; lanes send what is due, on as many machines as share the
//! store. The store is SQLite for one machine, PostgreSQL for several. Core and the transports know nothing of it.
#![forbid(unsafe_code)]

mod act;
mod bounce;
mod content;
mod diagnosis;
mod digest;
mod engine;
mod entry;
mod mail;
mod outbox;
mod place;
mod put;
mod query;
mod queue;
mod reading;
mod recipient;
mod schema;
mod shelf;
mod state;
mod stats;

mod work;

pub use act::{ActRequest, Acted, Decision, Resolution};
pub use entry::Entry;
pub use outbox::Outbox;
pub use put::{Put, PutEntry, Raw, RawMessage};
pub use query::{Answered, Order, QueryRequest};
pub use recipient::{Recipient, Standing};
pub use state::State;
pub use stats::{Resting, Stats};
pub use work::{Until, WorkRequest, Worked};
