//! Working: lanes that claim what is due, hand it over, and write down what became of it.

mod claim;
mod delivery;
mod gate;
mod lane;
mod lease;
mod limits;
mod outcome;
mod pace;
mod pause;
mod request;
mod settle;
mod takeover;
#[cfg(test)]
mod tests;
mod upkeep;
mod worker;

pub use request::{Until, WorkRequest};

use postkontor_core::{Account, Cancel, Error, Status};
use std::fmt::Display;

/// What stands in the tables makes no sense.
fn damaged(cause: &dyn Display) -> Error {
    Error::new(Status::Local, "outbox.store_damaged").usable().arg("store", "").cause(cause)
}

/// Whether the mark of a large mail is set only before its last block: no server that the account may use takes anything before.
fn marks_late(_account: &Account) -> bool {
    false
}

/// Where a copy of each of these mails lies among what the account keeps of its sent ones.
fn find_sent(_account: &mut Account, _message_ids: &[&str], _cancel: &Cancel) -> Result<Vec<Option<String>>, Error> {
    Err(Error::new(Status::Unsupported, "operation.unsupported"))
}
