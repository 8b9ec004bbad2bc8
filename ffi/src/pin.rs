//! Keeps the library loaded when the caller frees it. On systems with ELF the linker does that (build.rs).

/// Pins the module that this code is in.
#[cfg(windows)]
pub(crate) fn pin() {
    use std::ffi::c_void;

    const FROM_ADDRESS: u32 = 4;
    const PIN: u32 = 1;
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
    }

    let mut module = std::ptr::null_mut();
    // SAFETY: the address lies in this module, and `module` has room for a handle. Failure leaves the module unpinned,
    // which only matters to a caller who frees it.
    unsafe { GetModuleHandleExW(FROM_ADDRESS | PIN, pin as *const c_void, &mut module) };
}

/// Nothing to do: linked with `-z nodelete`.
#[cfg(not(windows))]
pub(crate) fn pin() {}
