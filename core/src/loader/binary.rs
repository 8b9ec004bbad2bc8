//! What a library file says of itself, before the system loads it.

use super::headers::{Found, Machine};
use super::{elf, pe};
use std::fs::File;
use std::io::{self, ErrorKind};

/// Looks at a file; `None` where it is no library: to refuse it is the part of the system's loader.
pub(super) fn look(file: &mut File) -> io::Result<Option<Found>> {
    let size = file.metadata()?.len();
    let found = if cfg!(windows) { pe::look(file, size) } else { elf::look(file, size) };
    // It begins as a library and ends within its headers.
    found.or_else(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Ok(Some(Found { is_whole: false, machine: Machine::OWN })),
        _ => Err(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_whole_and_its_own_kind() {
        let found = look(&mut File::open(std::env::current_exe().unwrap()).unwrap()).unwrap();
        assert_eq!(found, Some(Found { is_whole: true, machine: Machine::OWN }));
        assert_ne!(Machine::OWN.name(), Machine::Other.name());
    }

    #[test]
    fn what_is_no_library_is_left_to_the_loader() {
        assert_eq!(look(&mut File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap()).unwrap(), None);
    }
}
