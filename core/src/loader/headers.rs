//! What the headers of a library say, whatever kind of file it is.

use std::io::{self, ErrorKind, Read};

/// What the headers of a file say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Everything is there that they promise.
    pub(super) is_whole: bool,
    pub(super) machine: Machine,
}

/// The processor that a library is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    X86,
    X86_64,
    Arm,
    Aarch64,
    /// One that Postkontor is not built for as a rule.
    Other,
}

impl Machine {
    /// The one that this program was built for.
    pub(super) const OWN: Machine = if cfg!(target_arch = "x86_64") {
        Machine::X86_64
    } else if cfg!(target_arch = "x86") {
        Machine::X86
    } else if cfg!(target_arch = "aarch64") {
        Machine::Aarch64
    } else if cfg!(target_arch = "arm") {
        Machine::Arm
    } else {
        Machine::Other
    };

    /// Its name, the same in all languages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Machine::X86 => "x86 (32 bit)",
            Machine::X86_64 => "x86-64 (64 bit)",
            Machine::Arm => "ARM (32 bit)",
            Machine::Aarch64 => "ARM (64 bit)",
            Machine::Other => "?",
        }
    }
}

/// Fills `start` with the first bytes and says whether they are those of a kind of file.
pub(super) fn begins(file: &mut impl Read, start: &mut [u8], kind: &[u8]) -> io::Result<bool> {
    match file.read_exact(start) {
        Ok(()) => Ok(start == kind),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
