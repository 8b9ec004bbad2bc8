//! `postkontor_cancel_*`.

use crate::abi::{Buf, CancelHandle, StatusNumber};
use crate::entry::{self, NOTHING};
use crate::{argument, handle};
use postkontor_core::Cancel;
use postkontor_plugin::{Error, Status};
use std::time::Duration;

/// The token behind a handle; for a null handle one that never fires.
pub(crate) fn token(handle: *mut CancelHandle) -> Result<Cancel, Error> {
    if handle.is_null() { Ok(Cancel::new(None)) } else { handle::share(handle).map(|token| token.clone()) }
}

/// Makes a token that stops calls: `deadline_ms` milliseconds from now, and when it is fired. 0: only when it is fired. It may
/// be given to several calls, one after the other or at a time; `cancel` receives the handle, or null.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_cancel_new(deadline_ms: i32, cancel: *mut *mut CancelHandle, out: *mut Buf) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call(out, || {
            let cancel = argument::place(cancel, "cancel")?;
            let milliseconds =
                u64::try_from(deadline_ms).map_err(|_| Error::new(Status::Argument, "argument.negative").arg("argument", "deadline_ms"))?;
            let deadline = (milliseconds > 0).then(|| Duration::from_millis(milliseconds));
            cancel.fill(handle::open(Cancel::new(deadline), None)?);
            Ok(NOTHING)
        })
    }
}

/// Stops every call that has the token, now and later. From any thread, at any time.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_cancel_fire(cancel: *mut CancelHandle, out: *mut Buf) -> StatusNumber {
    // SAFETY: `out` is what the header says.
    unsafe {
        entry::call(out, || {
            handle::share(cancel)?.fire();
            Ok(NOTHING)
        })
    }
}

/// Gives a token back. Calls that have it go on to its deadline.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_cancel_free(cancel: *mut CancelHandle, out: *mut Buf) -> StatusNumber {
    // SAFETY: `out` is what the header says.
    unsafe { entry::call(out, || handle::close(cancel).map(|_| NOTHING)) }
}
