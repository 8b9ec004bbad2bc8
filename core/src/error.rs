//! Errors that the host itself finds.

use postkontor_plugin::{Error, Status};

/// An error of the host; the connection, if there is one, has nothing to do with it.
pub(crate) fn failed(status: Status, code: &str) -> Error {
    Error::new(status, code).usable()
}
