//! Keeps the library loaded when the caller frees it. On systems with ELF the linker does that (build.rs).

/// Pins the module that this code is in.
#[cfg(windows)]
pub(crate) fn pin() {
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };

    const FLAGS: u32 = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let mut module = std::ptr::null_mut();
    // SAFETY: the address lies in this module, and `module` has room for a handle. Failure leaves the module unpinned,
    // which only matters to a caller who frees it.
    unsafe { GetModuleHandleExW(FLAGS, pin as *const u16, &mut module) };
}

/// Nothing to do: linked with `-z nodelete`.
#[cfg(not(windows))]
pub(crate) fn pin() {}
