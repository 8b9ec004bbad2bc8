//! Where our own module lies.

#![allow(unsafe_code, reason = "the system is asked by C functions")]

use std::path::PathBuf;

/// The folder of the module (shared library or program) that this code lies in.
pub(super) fn folder() -> Option<PathBuf> {
    Some(platform::module()?.canonicalize().ok()?.parent()?.to_owned())
}

#[cfg(unix)]
mod platform {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;
    use std::path::PathBuf;

    /// The file that the system mapped our code from.
    pub(super) fn module() -> Option<PathBuf> {
        // What the loader knows is the name by which the library was asked for, which may be relative to a working directory of
        // before, and of a program it is what its caller put into argv[0]. The system's own table of mapped files has neither fault.
        mapped(module as fn() -> Option<PathBuf> as usize).or_else(loaded)
    }

    /// The file that an address was mapped from, by the table that Linux keeps.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn mapped(address: usize) -> Option<PathBuf> {
        let table = std::fs::read("/proc/self/maps").ok()?;
        let file = table.split(|byte| *byte == b'\n').find_map(|line| super::file_at(line, address))?;
        Some(PathBuf::from(OsStr::from_bytes(file)))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn mapped(_address: usize) -> Option<PathBuf> {
        None
    }

    /// What the loader knows: good enough where it is absolute and not this program.
    fn loaded() -> Option<PathBuf> {
        let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: dladdr looks up any address and writes `info`; this function's own address lies in our module.
        let known = unsafe { libc::dladdr(module as fn() -> Option<PathBuf> as *const libc::c_void, info.as_mut_ptr()) };
        // SAFETY: zeroed memory is a valid Dl_info (pointers and addresses), whether dladdr wrote it or not.
        let info = unsafe { info.assume_init() };
        if known == 0 || info.dli_fname.is_null() {
            return std::env::current_exe().ok();
        }
        // SAFETY: the loader keeps the zero-terminated name as long as the module is loaded, which it is while it runs.
        let name = unsafe { CStr::from_ptr(info.dli_fname) };
        let name = PathBuf::from(OsStr::from_bytes(name.to_bytes()));
        let is_program = std::env::args_os().next().is_some_and(|program| program == name.as_os_str());
        if is_program || !name.is_absolute() { std::env::current_exe().ok() } else { Some(name) }
    }
}

/// The file in a line of `/proc/self/maps` (proc(5)) whose range holds the address:
/// `7f12a000-7f12b000 r-xp 00000000 08:01 1234   /usr/lib/libpostkontor.so`.
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code, reason = "only Linux has the table"))]
fn file_at(line: &[u8], address: usize) -> Option<&[u8]> {
    let place = line.iter().position(|byte| *byte == b' ')?;
    let range = std::str::from_utf8(&line[..place]).ok()?;
    let (begin, end) = range.split_once('-')?;
    let (begin, end) = (usize::from_str_radix(begin, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    // A file has an absolute path, and no other column a slash. A file that was replaced meanwhile is marked as deleted.
    let file = &line[line.iter().position(|byte| *byte == b'/')?..];
    let file = file.strip_suffix(b" (deleted)").unwrap_or(file);
    (begin..end).contains(&address).then_some(file)
}

#[cfg(windows)]
mod platform {
    use std::ffi::OsString;
    use std::os::windows::ffi::OsStringExt;
    use std::path::PathBuf;
    use windows_sys::Win32::Foundation::HMODULE;
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, GetModuleFileNameW, GetModuleHandleExW,
    };

    pub(super) fn module() -> Option<PathBuf> {
        let mut handle: HMODULE = std::ptr::null_mut();
        let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
        // SAFETY: with FROM_ADDRESS the "name" is any address in the module; `handle` is writable.
        if unsafe { GetModuleHandleExW(flags, module as fn() -> Option<PathBuf> as *const u16, &mut handle) } == 0 {
            return None;
        }
        let mut name = vec![0u16; 32_768];
        // SAFETY: the buffer is writable for the length given.
        let len = unsafe { GetModuleFileNameW(handle, name.as_mut_ptr(), name.len() as u32) } as usize;
        (len > 0 && len < name.len()).then(|| PathBuf::from(OsString::from_wide(&name[..len])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_an_address_is_found_in_the_table_of_maps() {
        let line = b"7f12a000-7f12b000 r-xp 00000000 08:01 1234                       /opt/My ERP/libpostkontor.so";
        assert_eq!(file_at(line, 0x7f12_a010), Some(&b"/opt/My ERP/libpostkontor.so"[..]));
        assert_eq!(file_at(line, 0x7f12_b000), None);
        let replaced = b"7f12a000-7f12b000 r-xp 00000000 08:01 1234 /opt/lib.so (deleted)";
        assert_eq!(file_at(replaced, 0x7f12_a000), Some(&b"/opt/lib.so"[..]));
        for line in [&b""[..], b"7f12a000-7f12b000 rw-p 00000000 00:00 0 ", b"7f12a000-7f12b000 rw-p 00000000 00:00 0 [heap]", b"x-y r /a"]
        {
            assert_eq!(file_at(line, 0x7f12_a000), None);
        }
    }

    #[test]
    fn this_program_lies_where_the_system_says() {
        assert_eq!(folder(), std::env::current_exe().unwrap().canonicalize().unwrap().parent().map(ToOwned::to_owned));
    }
}
