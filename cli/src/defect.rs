//! Turns a panic, which is a defect of the command or the library, into an error: the caller still gets a JSON document and an exit status.

use crate::texts::problem;
use postkontor_core::{Error, Status};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// The message and the place of the last panic.
static LAST: Mutex<String> = Mutex::new(String::new());

/// Does the work; a panic in it is an error like others.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // This process is the command's own, so its hook is, too. The standard one would write to standard error, among the user's sentences.
    std::panic::set_hook(Box::new(|panic| *LAST.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string()));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let mut error = problem("cli.panicked").detail(std::mem::take(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner)));
        error.status = Status::Internal;
        Err(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_place() {
        let error = guarded::<()>(|| panic!("the folder cannot be closed")).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Internal, "cli.panicked"));
        assert!(error.detail.contains("the folder cannot be closed") && error.detail.contains("defect.rs:"), "{}", error.detail);
        assert_eq!(guarded(|| Ok(7)).unwrap(), 7);
        let _ = std::panic::take_hook();
    }
}
