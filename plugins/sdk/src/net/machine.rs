//! The name of this machine.

#![cfg_attr(windows, allow(unsafe_code, reason = "the system is asked by a C function"))]

/// The name of this machine: with its domain where it belongs to one (`pc7.example.com`), on Windows always that of DNS and not the short one of
/// its neighbourhood. It may have any letters.
#[cfg(unix)]
pub fn machine_name() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

/// The name of this machine: with its domain where it belongs to one (`pc7.example.com`), on Windows always that of DNS and not the short one of
/// its neighbourhood. It may have any letters.
#[cfg(windows)]
pub fn machine_name() -> Option<String> {
    use windows_sys::Win32::System::SystemInformation::{ComputerNameDnsFullyQualified, GetComputerNameExW};
    /// The longest name of DNS has 253 characters.
    const LENGTH: usize = 256;
    let mut name = [0; LENGTH];
    let mut length = LENGTH as u32;
    // SAFETY: the buffer is writable for the length given, which the system replaces by that of the name.
    let is_known = unsafe { GetComputerNameExW(ComputerNameDnsFullyQualified, name.as_mut_ptr(), &mut length) } != 0;
    let name = String::from_utf16(name.get(..length as usize)?).ok()?;
    (is_known && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name() {
        assert!(machine_name().is_some_and(|name| !name.is_empty() && !name.contains('\0')));
    }
}
