//! Whether an ELF library is whole, and what processor it is for.
//!
//! The system's loader maps what an ELF file's headers promise. Where the file ends before, as after a broken download, the
//! first touch of the missing pages ends the process (SIGBUS), so that has to be seen before.

use super::headers::{Found, Machine, begins};
use std::io::{Error, Read, Result, Seek, SeekFrom};

/// Looks at a file; `None` where it is of another kind. One that ends within its headers is an error of the kind `UnexpectedEof`.
pub(super) fn look(file: &mut (impl Read + Seek), size: u64) -> Result<Option<Found>> {
    let mut header = [0; 64];
    file.seek(SeekFrom::Start(0))?;
    if !begins(file, &mut header[..4], b"\x7fELF")? {
        return Ok(None);
    }
    // A 32-bit header has 52 bytes; any whole library has more than 64 in all.
    file.read_exact(&mut header[4..])?;
    let layout = Layout { wide: header[4] == 2, big_endian: header[5] == 2 };
    let is_whole = is_whole(file, size, &header, &layout)?;
    Ok(Some(Found { is_whole, machine: machine(layout.half(&header, 0x12)) }))
}

/// The processor, by its number in the header (`e_machine`, elf.h).
fn machine(number: u16) -> Machine {
    match number {
        3 => Machine::X86,
        62 => Machine::X86_64,
        40 => Machine::Arm,
        183 => Machine::Aarch64,
        _ => Machine::Other,
    }
}

/// Whether everything is there that the headers promise.
fn is_whole(file: &mut (impl Read + Seek), size: u64, header: &[u8], layout: &Layout) -> Result<bool> {
    let (program_at, section_at, counts) = if layout.wide { (0x20, 0x28, 0x36) } else { (0x1c, 0x20, 0x2a) };
    let (programs, sections) = (layout.address(header, program_at), layout.address(header, section_at));
    let count = |at| u64::from(layout.half(header, at));
    let (program_size, program_count) = (count(counts), count(counts + 2));
    let (section_size, section_count) = (count(counts + 4), count(counts + 6));
    let fits = |offset: u64, len: u64| offset.checked_add(len).is_some_and(|end| end <= size);
    // Linkers write the table of sections last, so it shows the loss of any part.
    if !fits(programs, program_size * program_count) || !fits(sections, section_size * section_count) {
        return Ok(false);
    }
    let (offset_at, length_at, least) = if layout.wide { (0x08, 0x20, 56) } else { (0x04, 0x10, 32) };
    if program_size < least {
        return Ok(program_count == 0);
    }
    let mut program = vec![0; usize::try_from(program_size).map_err(Error::other)?];
    file.seek(SeekFrom::Start(programs))?;
    for _ in 0..program_count {
        file.read_exact(&mut program)?;
        if !fits(layout.address(&program, offset_at), layout.address(&program, length_at)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How numbers are written in the file.
struct Layout {
    wide: bool,
    big_endian: bool,
}

impl Layout {
    fn half(&self, data: &[u8], at: usize) -> u16 {
        let bytes = [data[at], data[at + 1]];
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    /// An address or offset: eight bytes, or four in a 32-bit file.
    fn address(&self, data: &[u8], at: usize) -> u64 {
        let bytes = &data[at..at + if self.wide { 8 } else { 4 }];
        let append = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, append) } else { bytes.iter().rev().fold(0, append) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn whole(data: &[u8]) -> bool {
        let found = look(&mut Cursor::new(data), data.len() as u64);
        found.is_ok_and(|found| found.is_none_or(|found| found.is_whole))
    }

    /// A file with one segment of 100 bytes and a table of two sections behind it.
    fn file(wide: bool, big_endian: bool) -> Vec<u8> {
        let (header, program, section) = if wide { (64, 56, 64) } else { (52, 32, 40) };
        let mut data = vec![0; header + program];
        let mut put = |at: usize, value: usize, len: usize| {
            let bytes = (value as u64).to_le_bytes();
            for index in 0..len {
                data[at + if big_endian { len - 1 - index } else { index }] = bytes[index];
            }
        };
        let (word, programs, sections, counts) = if wide { (8, 0x20, 0x28, 0x36) } else { (4, 0x1c, 0x20, 0x2a) };
        put(programs, header, word);
        put(sections, header + program + 100, word);
        for (index, count) in [program, 1, section, 2].into_iter().enumerate() {
            put(counts + index * 2, count, 2);
        }
        let (offset, length) = if wide { (0x08, 0x20) } else { (0x04, 0x10) };
        put(header + offset, header + program, word);
        put(header + length, 100, word);
        data[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1 + u8::from(wide), 1 + u8::from(big_endian)]);
        data.resize(header + program + 100 + 2 * section, 0);
        data
    }

    #[test]
    fn a_file_that_lost_its_end_is_not_whole() {
        for (wide, big_endian) in [(true, false), (true, true), (false, false), (false, true)] {
            let file = file(wide, big_endian);
            assert!(whole(&file), "{wide} {big_endian}");
            for len in 4..file.len() {
                assert!(!whole(&file[..len]), "{wide} {big_endian} {len}");
            }
        }
    }

    #[test]
    fn the_processor_is_read_in_either_order_of_bytes() {
        for (wide, big_endian, at) in [(true, false, 0x12), (false, true, 0x13)] {
            let mut file = file(wide, big_endian);
            file[at] = 183;
            let found = look(&mut Cursor::new(&file), file.len() as u64).unwrap();
            assert_eq!(found, Some(Found { is_whole: true, machine: Machine::Aarch64 }));
        }
    }

    #[test]
    fn headers_that_promise_the_impossible_are_refused() {
        let mut data = file(true, false);
        data[0x20..0x28].fill(0xff);
        assert!(!whole(&data));
        let mut data = file(true, false);
        data[0x28..0x30].fill(0xff);
        assert!(!whole(&data));
        let mut data = file(true, false);
        data[64 + 0x20..64 + 0x28].fill(0xff);
        assert!(!whole(&data));
    }

    #[test]
    fn files_of_other_kinds_are_left_to_the_loader() {
        for data in [&b""[..], b"MZ", b"just some text", b"\x7fEL"] {
            assert_eq!(look(&mut Cursor::new(data), data.len() as u64).unwrap(), None);
        }
    }
}
