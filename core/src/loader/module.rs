//! What the platform knows of files and of our own module.

use super::shown;
use crate::error::failed;
use postkontor_plugin::{Error, Status};
use std::path::{Path, PathBuf};

/// The folder of the module (shared library or program) that this code lies in.
pub(super) fn folder() -> Option<PathBuf> {
    let file = platform::module().filter(|path| path.is_absolute()).or_else(|| std::env::current_exe().ok())?;
    Some(file.canonicalize().ok()?.parent()?.to_owned())
}

/// Refuses a file or folder that others than its trusted owner may write.
pub(super) fn refuse_foreign(path: &Path) -> Result<(), Error> {
    match platform::foreign(path) {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => Err(failed(Status::Transport, "plugin.writable_by_others").arg("path", shown(path)).detail(reason)),
        Err(error) => Err(failed(Status::Transport, "plugin.file_unreadable").arg("path", shown(path)).detail(error.to_string())),
    }
}

#[cfg(unix)]
mod platform {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    pub(super) fn module() -> Option<PathBuf> {
        let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: dladdr looks up any address and writes `info`; this function's own address lies in our module.
        let known = unsafe { libc::dladdr(module as fn() -> Option<PathBuf> as *const libc::c_void, info.as_mut_ptr()) };
        // SAFETY: zeroed memory is a valid Dl_info (pointers and addresses), whether dladdr wrote it or not.
        let info = unsafe { info.assume_init() };
        if known == 0 || info.dli_fname.is_null() {
            return None;
        }
        // SAFETY: the loader keeps the zero-terminated name as long as the module is loaded, which it is while it runs.
        let name = unsafe { CStr::from_ptr(info.dli_fname) };
        Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
    }

    /// Why somebody else could change what lies at the path, if somebody could.
    pub(super) fn foreign(path: &Path) -> std::io::Result<Option<String>> {
        let metadata = std::fs::metadata(path)?;
        // SAFETY: geteuid has no preconditions and cannot fail.
        let user = unsafe { libc::geteuid() };
        let mode = metadata.mode();
        if metadata.uid() != 0 && metadata.uid() != user {
            return Ok(Some(format!("it belongs to user {}, neither to root nor to user {user}", metadata.uid())));
        }
        Ok((mode & 0o022 != 0).then(|| format!("its mode is {:o}; group and others must not have write permission", mode & 0o7777)))
    }
}

#[cfg(windows)]
mod platform {
    use std::ffi::OsString;
    use std::os::windows::ffi::OsStringExt;
    use std::path::{Path, PathBuf};
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

    /// Windows keeps program folders by access control lists that installers set; there is no mode to look at.
    pub(super) fn foreign(_path: &Path) -> std::io::Result<Option<String>> {
        Ok(None)
    }
}
