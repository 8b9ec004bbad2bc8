//! Tables in which something stands that no lane has written.

use postkontor_core::{Error, Status};
use std::fmt::Display;

/// What stands in the tables makes no sense.
pub(super) fn damaged(cause: &dyn Display) -> Error {
    Error::new(Status::Local, "outbox.store_damaged").usable().arg("store", "").cause(cause)
}
