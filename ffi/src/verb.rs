//! The shape that most verbs share: object and request in, JSON out.

use crate::abi::{Buf, CancelHandle, StatusNumber};
use crate::handle::Kind;
use crate::{argument, cancel, entry, handle};
use postkontor_core::Cancel;
use postkontor_plugin::Error;
use std::ffi::c_char;

/// Gives the request of a verb to the object, which one thread uses at a time.
///
/// # Safety
///
/// The pointers are what the header says.
pub(crate) unsafe fn ask<K: Kind, R: Into<Vec<u8>>>(
    object: *mut K,
    request: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
    verb: impl FnOnce(&mut K::Thing, &str, &Cancel) -> Result<R, Error>,
) -> StatusNumber {
    // SAFETY: the caller's promise is the one asked for.
    unsafe {
        entry::call_of(object, out, || {
            let mut object = handle::lend(object)?;
            let request = argument::optional_text(request, "request")?.unwrap_or("{}");
            verb(object.get()?, request, &cancel::token(cancel)?)
        })
    }
}
