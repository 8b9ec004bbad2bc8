//! What only Windows itself can say of files and of the network, or do with them.

#![allow(unsafe_code, reason = "the system is asked by C functions")]

use std::fs::{File, OpenOptions};
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{
    ERROR_BUFFER_OVERFLOW, ERROR_FILE_NOT_FOUND, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_FUNCTION, ERROR_INVALID_PARAMETER,
    ERROR_NOT_SUPPORTED, ERROR_SHARING_VIOLATION, ERROR_UNABLE_TO_MOVE_REPLACEMENT, ERROR_UNABLE_TO_REMOVE_REPLACED, GENERIC_WRITE,
    NO_ERROR,
};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_FRIENDLY_NAME, GAA_FLAG_SKIP_MULTICAST, GAA_FLAG_SKIP_UNICAST, GetAdaptersAddresses,
    IP_ADAPTER_ADDRESSES_LH,
};
use windows_sys::Win32::NetworkManagement::Ndis::IfOperStatusUp;
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, AF_UNSPEC};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetKernelObjectSecurity, GetLengthSid, GetTokenInformation, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, SetKernelObjectSecurity, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, GetFileInformationByHandle,
    MOVEFILE_WRITE_THROUGH, MoveFileExW, READ_CONTROL, REPLACEFILE_IGNORE_MERGE_ERRORS, ReplaceFileW, WRITE_DAC,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// The security descriptor of a file or folder, with its owner and the list of those who may do something with it.
pub(crate) fn descriptor(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().access_mode(READ_CONTROL).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)?;
    let wanted = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    filled(|buffer, length, needed| {
        // SAFETY: the handle is open, the buffer is writable for its length, and `needed` is writable.
        unsafe { GetKernelObjectSecurity(file.as_raw_handle(), wanted, buffer.cast(), length, needed) }
    })
}

/// The security identifier of the user whom this process runs as.
pub(crate) fn user() -> Option<Vec<u8>> {
    let mut token = null_mut();
    // SAFETY: the handle of one's own process needs no closing; `token` is writable.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) } == 0 {
        return None;
    }
    // SAFETY: the handle was opened above and belongs to nothing else.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let answer = filled(|buffer, length, needed| {
        // SAFETY: the token is open, the buffer is writable for its length, and `needed` is writable.
        unsafe { GetTokenInformation(token.as_raw_handle(), TokenUser, buffer.cast(), length, needed) }
    });
    let answer = answer.ok().filter(|answer| answer.len() >= size_of::<TOKEN_USER>())?;
    // SAFETY: with TokenUser the answer begins with such a structure; a vector of bytes need not be aligned for it.
    let sid = unsafe { answer.as_ptr().cast::<TOKEN_USER>().read_unaligned() }.User.Sid;
    // SAFETY: the identifier lies in the answer, which is still there.
    let length = unsafe { GetLengthSid(sid) } as usize;
    let start = (sid as usize).checked_sub(answer.as_ptr() as usize)?;
    answer.get(start..start.checked_add(length)?).map(<[u8]>::to_vec)
}

/// An answer of unknown size: asked for without room, Windows says how much it takes.
fn filled(mut ask: impl FnMut(*mut u8, u32, &mut u32) -> i32) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    // What is asked for may grow between two calls, and not for ever.
    for _ in 0..8 {
        let mut needed = 0;
        if ask(answer.as_mut_ptr(), answer.len() as u32, &mut needed) != 0 {
            return Ok(answer);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(ERROR_INSUFFICIENT_BUFFER.cast_signed()) {
            return Err(error);
        }
        answer.resize(needed as usize, 0);
    }
    Err(io::Error::other("the answer grows all the time"))
}

/// Which file it is, whatever its name, and how many names it has.
#[derive(Debug)]
pub(crate) struct Identity {
    volume: u32,
    index: u64,
    pub(crate) names: u32,
}

impl Identity {
    pub(crate) fn of(file: &File) -> io::Result<Identity> {
        let mut facts = BY_HANDLE_FILE_INFORMATION::default();
        // SAFETY: the handle is open, and `facts` is writable.
        if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut facts) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let index = u64::from(facts.nFileIndexHigh) << 32 | u64::from(facts.nFileIndexLow);
        Ok(Identity { volume: facts.dwVolumeSerialNumber, index, names: facts.nNumberOfLinks })
    }

    /// Whether a path leads to it. A link leads to itself.
    pub(crate) fn is_at(&self, path: &Path) -> io::Result<bool> {
        let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
        let other = Identity::of(&OpenOptions::new().access_mode(0).custom_flags(flags).open(path)?)?;
        Ok((self.volume, self.index) == (other.volume, other.index))
    }
}

/// A path as Windows takes it, zero-terminated; a long one in the form that it takes at any length.
fn wide(path: &Path) -> io::Result<Vec<u16>> {
    /// Where a file of twelve characters has still room in what Windows takes otherwise.
    const SHORT: usize = 248;
    let path: Vec<u16> = std::path::absolute(path)?.as_os_str().encode_wide().collect();
    let [slash, question] = [b'\\', b'?'].map(u16::from);
    let begin = match path.as_slice() {
        path if path.len() < SHORT || path.starts_with(&[slash, slash, question, slash]) => "",
        [first, second, ..] if [*first, *second] == [slash, slash] => r"\\?\UNC",
        _ => r"\\?\",
    };
    // The server's name follows one backslash there.
    let rest = if begin.ends_with("UNC") { &path[1..] } else { &path };
    Ok(begin.encode_utf16().chain(rest.iter().copied()).chain([0]).collect())
}

/// Gives a new file the name of an old one, which is gone then. Its rights stay: who might not read the old one may not read the new one.
pub(crate) fn replace(new: &Path, old: &Path) -> io::Result<()> {
    let (from, to) = (wide(new)?, wide(old)?);
    // SAFETY: both names end with a zero; the other pointers may be null.
    if unsafe { ReplaceFileW(to.as_ptr(), from.as_ptr(), null(), REPLACEFILE_IGNORE_MERGE_ERRORS, null(), null()) } != 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error().map(i32::cast_unsigned) {
        // There is no old one, or the disk is none that knows this.
        Some(ERROR_FILE_NOT_FOUND | ERROR_INVALID_FUNCTION | ERROR_NOT_SUPPORTED | ERROR_INVALID_PARAMETER) => std::fs::rename(new, old),
        // Its own words for one that is open elsewhere.
        Some(ERROR_UNABLE_TO_REMOVE_REPLACED | ERROR_UNABLE_TO_MOVE_REPLACEMENT) => {
            Err(io::Error::from_raw_os_error(ERROR_SHARING_VIOLATION.cast_signed()))
        }
        _ => Err(error),
    }
}

/// How a file is opened that is written, and whose rights are set.
pub(crate) const WRITE_WITH_RIGHTS: u32 = GENERIC_WRITE | READ_CONTROL | WRITE_DAC;

/// Gives a file these rights and none that its folder has for it: the list of a security descriptor.
pub(crate) fn set_rights(file: &File, descriptor: &mut [u8]) -> io::Result<()> {
    let what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    // SAFETY: the handle is open; the descriptor is self-relative and whole, as `access` makes it.
    if unsafe { SetKernelObjectSecurity(file.as_raw_handle(), what, descriptor.as_mut_ptr().cast()) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gives a file another name, which nothing has so far.
pub(crate) fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (wide(from)?, wide(to)?);
    // SAFETY: both names end with a zero.
    if unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_WRITE_THROUGH) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The name servers of the network adapters that are up, those of the preferred adapter first.
pub(crate) fn name_servers() -> Vec<SocketAddr> {
    let flags = GAA_FLAG_SKIP_UNICAST | GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_FRIENDLY_NAME;
    // Numbers of eight bytes, because the structures in it are aligned so. The size is what Microsoft recommends.
    let mut answer: Vec<u64> = vec![0; 2048];
    for _ in 0..8 {
        let mut length = (answer.len() * size_of::<u64>()) as u32;
        let first = answer.as_mut_ptr().cast();
        // SAFETY: the buffer is writable for the length given, and aligned.
        match unsafe { GetAdaptersAddresses(u32::from(AF_UNSPEC), flags, null(), first, &mut length) } {
            // SAFETY: the system has filled the buffer, which is still there, with such structures.
            NO_ERROR => return unsafe { name_servers_of(first) },
            ERROR_BUFFER_OVERFLOW => answer.resize((length as usize).div_ceil(size_of::<u64>()), 0),
            _ => break,
        }
    }
    Vec::new()
}

/// # Safety
///
/// The pointer is null or leads to what `GetAdaptersAddresses` gave, all of which is readable.
unsafe fn name_servers_of(mut adapter: *const IP_ADAPTER_ADDRESSES_LH) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    // SAFETY: each structure leads to the next, the last one to null.
    while let Some(one) = unsafe { adapter.as_ref() } {
        adapter = one.Next;
        if one.OperStatus != IfOperStatusUp {
            continue;
        }
        let mut server: *const _ = one.FirstDnsServerAddress;
        // SAFETY: as above.
        while let Some(next) = unsafe { server.as_ref() } {
            server = next.Next;
            let (address, length) = (next.Address.lpSockaddr.cast::<u8>(), next.Address.iSockaddrLength);
            if address.is_null() || length < 0 {
                continue;
            }
            // SAFETY: the address is that long.
            let address = name_server(unsafe { std::slice::from_raw_parts(address, length as usize) });
            found.extend(address.map(|address| (if address.is_ipv4() { one.Ipv4Metric } else { one.Ipv6Metric }, address)));
        }
    }
    found.sort_by_key(|(metric, _)| *metric);
    // As many as every resolver asks.
    found.into_iter().map(|(_, address)| SocketAddr::new(address, 53)).take(3).collect()
}

/// The address in a `SOCKADDR_IN` or `SOCKADDR_IN6`. Those which Windows makes up where it knows none (fec0:0:0:ffff::1 to 3) and those that
/// need a zone are left out.
fn name_server(address: &[u8]) -> Option<IpAddr> {
    let family = u16::from_ne_bytes(*address.first_chunk()?);
    if family == AF_INET {
        return Some(IpAddr::from(*address.get(4..)?.first_chunk::<4>()?));
    }
    let address = Ipv6Addr::from(*address.get(8..)?.first_chunk::<16>()?);
    let is_local = matches!(address.segments()[0] & 0xffc0, 0xfe80 | 0xfec0);
    (family == AF_INET6 && !is_local).then_some(address.into())
}
