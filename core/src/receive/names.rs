//! Different names for the files of one folder.

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind};

/// After so many names that only the file system takes for others, the number of the part decides.
const GUESSES: u64 = 10;

/// Gives the files of one folder different names.
#[derive(Default)]
pub(super) struct Names {
    /// In small letters: file systems that ignore case would put two of them into one file.
    taken: HashSet<String>,
    /// With which number the search goes on where a name comes again: thousands of parts may have the same.
    next: HashMap<String, u64>,
}

impl Names {
    /// Creates the file of a part under the name it is to have, or under the first of `name (2).pdf`, `name (3).pdf` … that is free. What is one name
    /// and what are two the file system decides: for some `Ä` and `A` with dots are, for others they are not. A name that it does not take at all is
    /// replaced by the number of the part.
    pub(super) fn create<T>(&mut self, part: usize, wanted: &str, create: impl Fn(&str) -> io::Result<T>) -> io::Result<(String, T)> {
        let (stem, extension) = match wanted.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (wanted, String::new()),
        };
        let mut wanted = wanted.to_owned();
        let mut guesses = 0;
        loop {
            let name = self.unused(&wanted);
            match create(&name) {
                Ok(file) => return Ok((name, file)),
                Err(error) if guesses > GUESSES + 1 => return Err(error),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && guesses < GUESSES => (),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => wanted = format!("{stem} ({}){extension}", part as u64 + GUESSES),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidFilename | ErrorKind::InvalidInput) => {
                    wanted = format!("part{}", part + 1);
                    guesses = GUESSES;
                }
                Err(error) => return Err(error),
            }
            guesses += 1;
        }
    }

    /// The name itself, or the first with a number that was not given yet.
    fn unused(&mut self, wanted: &str) -> String {
        let (stem, extension) = match wanted.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (wanted, String::new()),
        };
        let mut name = wanted.to_owned();
        while !self.taken.insert(name.to_lowercase()) {
            let number = self.next.entry(wanted.to_lowercase()).or_insert(1);
            *number += 1;
            name = format!("{stem} ({number}){extension}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn names_that_only_the_file_system_takes_for_one_get_numbers() {
        // A file system for which the letter with a mark and the letter before its mark are one.
        let files = RefCell::new(HashSet::new());
        let create = |name: &str| {
            let known = name.replace("a\u{308}", "ä");
            if known.len() > 20 {
                return Err(ErrorKind::InvalidFilename.into());
            }
            if files.borrow_mut().insert(known) { Ok(()) } else { Err(ErrorKind::AlreadyExists.into()) }
        };
        let mut names = Names::default();
        let wanted = ["ä.pdf", "a\u{308}.pdf", "ä.PDF", "a much too long name.pdf"];
        let given: Vec<String> = wanted.iter().enumerate().map(|(part, name)| names.create(part, name, create).unwrap().0).collect();
        assert_eq!(given, ["ä.pdf", "a\u{308} (2).pdf", "ä (2).PDF", "part4"]);
        // However many there are, none needs more than a few guesses.
        let tries = RefCell::new(0);
        for part in 0..1000 {
            let stubborn = |name: &str| {
                *tries.borrow_mut() += 1;
                if name.contains(&format!("({})", part as u64 + GUESSES)) { Ok(()) } else { Err(ErrorKind::AlreadyExists.into()) }
            };
            names.create(part, &format!("{part}.txt"), stubborn).unwrap();
        }
        assert!(*tries.borrow() <= 1000 * (GUESSES + 2), "{tries:?}");
        let full = |_: &str| -> io::Result<()> { Err(ErrorKind::StorageFull.into()) };
        assert_eq!(names.create(0, "x", full).unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
