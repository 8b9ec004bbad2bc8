//! Whether a library file of Windows is whole, and what processor it is for (Microsoft PE/COFF specification, section "File Headers").

use super::headers::{Found, Machine, begins, half, word};
use std::io::{Read, Result, Seek, SeekFrom};

/// Looks at a file; `None` where it is none of Windows. One that ends within its headers is an error of the kind `UnexpectedEof`.
pub(super) fn look(file: &mut (impl Read + Seek), size: u64) -> Result<Option<Found>> {
    /// Where the old program for DOS says that the new one begins.
    const PLACE: usize = 0x3c;
    let mut dos = [0; 64];
    file.seek(SeekFrom::Start(0))?;
    if !begins(file, &mut dos[..2], b"MZ")? {
        return Ok(None);
    }
    file.read_exact(&mut dos[2..])?;
    file.seek(SeekFrom::Start(u64::from(word(&dos, PLACE))))?;
    let mut header = [0; 24];
    file.read_exact(&mut header)?;
    if !header.starts_with(b"PE\0\0") {
        return Ok(None);
    }
    let machine = match half(&header, 4) {
        0x014c => Machine::X86,
        0x8664 => Machine::X86_64,
        0x01c4 => Machine::Arm,
        0xaa64 => Machine::Aarch64,
        _ => Machine::Other,
    };
    // The sections stand behind the optional header.
    file.seek(SeekFrom::Current(i64::from(half(&header, 20))))?;
    let mut section = [0; 40];
    for _ in 0..half(&header, 6) {
        file.read_exact(&mut section)?;
        let (length, start) = (u64::from(word(&section, 16)), u64::from(word(&section, 20)));
        if start + length > size {
            return Ok(Some(Found { is_whole: false, machine }));
        }
    }
    Ok(Some(Found { is_whole: true, machine }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, ErrorKind};

    /// A library with one section of 100 bytes at its end.
    fn file(machine: u16) -> Vec<u8> {
        let mut data = vec![0; 64 + 24 + 16 + 40];
        let (pe, section, size) = (64, 64 + 24 + 16, data.len() as u32);
        data[..2].copy_from_slice(b"MZ");
        data[0x3c] = pe as u8;
        data[pe..pe + 4].copy_from_slice(b"PE\0\0");
        data[pe + 4..pe + 6].copy_from_slice(&machine.to_le_bytes());
        (data[pe + 6], data[pe + 20]) = (1, 16);
        data[section + 16] = 100;
        data[section + 20..section + 24].copy_from_slice(&size.to_le_bytes());
        data.extend([0xcc; 100]);
        data
    }

    fn look(data: &[u8]) -> Result<Option<Found>> {
        super::look(&mut Cursor::new(data), data.len() as u64)
    }

    #[test]
    fn a_library_of_windows_says_what_it_is_for() {
        for (number, machine) in [(0x014c, Machine::X86), (0x8664, Machine::X86_64), (0xaa64, Machine::Aarch64), (0x200, Machine::Other)] {
            assert_eq!(look(&file(number)).unwrap(), Some(Found { is_whole: true, machine }));
        }
    }

    #[test]
    fn a_library_that_lost_its_end_is_not_whole() {
        let file = file(0x8664);
        for length in 2..file.len() {
            match look(&file[..length]) {
                Ok(Some(found)) => assert!(!found.is_whole, "{length}"),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => (),
                other => panic!("{length}: {other:?}"),
            }
        }
    }

    #[test]
    fn other_files_are_none_of_windows() {
        let mut old = file(0x8664);
        old[64] = b'N';
        for data in [&b"\x7fELF and more"[..], b"just some text", b"M", b"", &old] {
            assert_eq!(look(data).unwrap(), None);
        }
    }
}
