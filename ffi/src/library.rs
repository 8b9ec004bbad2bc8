//! The functions that belong to no object: the versions, and giving back buffers.

use crate::abi::{Buf, POSTKONTOR_ABI};
use crate::buffer;
use std::ffi::c_char;

/// The number of the C ABI that the library has; POSTKONTOR_ABI is the one the header has.
#[unsafe(no_mangle)]
pub extern "system" fn postkontor_abi() -> i32 {
    POSTKONTOR_ABI
}

/// The version of the product, for example "1.2.0". A zero-terminated string that is never freed.
#[unsafe(no_mangle)]
pub extern "system" fn postkontor_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Gives back what a function handed out, and sets it to null and 0. Null, an empty buffer, a second time and a buffer
/// that is not ours do no harm.
///
/// # Safety
///
/// `buf` is null or points to a postkontor_buf.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_buf_free(buf: *mut Buf) {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { buffer::give_back(buf) }
}
