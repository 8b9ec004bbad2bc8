//! Files that the settings name and that cannot be used.

use crate::{Error, Status};

/// The error for a file that the settings name and that cannot be used.
pub(super) fn unreadable(code: &str, pointer: &str, file: &str, reason: impl std::fmt::Display) -> Error {
    Error::new(Status::Tls, code).arg("file", file).detail(reason.to_string()).at(pointer, code)
}
