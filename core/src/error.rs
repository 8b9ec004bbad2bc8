//! Errors that the host itself finds.

use crate::texts;
use postkontor_plugin::{Delivery, Error, Retry, Status};
use std::io;
use std::path::Path;

/// An error of the host; the connection, if there is one, has nothing to do with it.
pub(crate) fn failed(status: Status, code: &str) -> Error {
    Error::new(status, code).usable()
}

/// Whether another program keeps a file, or a part of it, from all others, as programs of Windows do.
pub(crate) fn is_in_use(error: &io::Error) -> bool {
    const ERROR_SHARING_VIOLATION: i32 = 32;
    const ERROR_LOCK_VIOLATION: i32 = 33;
    cfg!(windows) && matches!(error.raw_os_error(), Some(ERROR_SHARING_VIOLATION | ERROR_LOCK_VIOLATION))
}

/// A file that cannot be opened or written: by `code`, unless another program keeps it for itself and the same call will do as soon as it is
/// closed there.
pub(crate) fn file_failed(error: &io::Error, status: Status, code: &str, file: &Path) -> Error {
    let is_in_use = is_in_use(error);
    let failed =
        failed(status, if is_in_use { "message.file_in_use" } else { code }).detail(error.to_string()).arg("file", texts::path(file));
    if is_in_use { failed.retry(Retry::Later) } else { failed }
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
