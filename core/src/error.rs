//! Errors that the host itself finds.

use postkontor_plugin::{Delivery, Error, Status};

/// An error of the host; the connection, if there is one, has nothing to do with it.
pub(crate) fn failed(status: Status, code: &str) -> Error {
    Error::new(status, code).usable()
}

/// A request that cannot be written as JSON.
pub(crate) fn unwritable(error: serde_json::Error) -> Error {
    failed(Status::Internal, "host.request_unwritable").detail(error.to_string())
}

/// A result that cannot be written as JSON.
pub(crate) fn result_unwritable(error: serde_json::Error) -> Error {
    failed(Status::Internal, "host.result_unwritable").detail(error.to_string())
}

/// An answer of a plugin's that makes no sense.
pub(crate) fn unreadable(cause: impl ToString) -> Error {
    failed(Status::Internal, "plugin.answer_unreadable").detail(cause.to_string())
}

/// The host's own error with what the transport knows of the session: the transport knows only that a stream failed, the host knows why.
pub(crate) fn merged(mut cause: Error, seen: &Error) -> Error {
    cause.transport.clone_from(&seen.transport);
    cause.session = seen.session;
    cause.delivery = seen.delivery;
    if seen.delivery == Delivery::Unknown {
        cause.status = Status::Uncertain;
    }
    cause
}
