//! The lowest Windows: which functions of the system a release may import.
//!
//! `imports.txt` names each imported function with the first Windows that has it, by Microsoft's documentation. A function that is not in the
//! list fails the release until somebody has looked it up; one that is newer than Windows 7 fails it for good.

use super::binary::Import;
use std::collections::{BTreeMap, BTreeSet};

const LIST: &str = include_str!("imports.txt");

/// The versions of Windows on which a release runs, oldest first; the last is the newest that it may ask for.
const VERSIONS: [&str; 3] = ["XP", "Vista", "7"];

/// What keeps a file with these imports from the lowest Windows.
pub(crate) fn problems(imports: &BTreeSet<Import>) -> Result<Vec<String>, String> {
    let list = list(LIST)?;
    let problem = |import: &Import| match list.get(&(import.library.as_str(), import.function.as_str())) {
        Some(version) if VERSIONS.contains(version) => None,
        Some(version) => Some(format!("imports {} of {}, which Windows has from {version} on", import.function, import.library)),
        None => Some(format!("imports {} of {}, which xtask/src/dist/imports.txt does not name", import.function, import.library)),
    };
    Ok(imports.iter().filter_map(problem).collect())
}

/// The list: under the heading of each library `[kernel32.dll]` lines of a version and the functions that came with it.
fn list(text: &str) -> Result<BTreeMap<(&str, &str), &str>, String> {
    let mut list = BTreeMap::new();
    let mut library = "";
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(heading) = line.strip_prefix('[') {
            library = heading.trim_end_matches(']');
            continue;
        }
        let (version, functions) = line.split_once(": ").ok_or_else(|| format!("imports.txt: `{line}` names no version"))?;
        for function in functions.split(' ') {
            if list.insert((library, function), version).is_some() {
                return Err(format!("imports.txt: {function} of {library} stands there twice"));
            }
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_or_too_new_is_a_problem() {
        let import = |library: &str, function: &str| Import { library: library.to_owned(), function: function.to_owned() };
        let imports =
            [import("kernel32.dll", "ExitProcess"), import("kernel32.dll", "NoSuchFunction"), import("ws2_32.dll", "ExitProcess")];
        assert_eq!(problems(&imports.into()).unwrap().len(), 2);
        let newer = list("[kernel32.dll]\nXP: GetModuleHandleExW\n8: GetSystemTimePreciseAsFileTime\n").unwrap();
        assert_eq!(newer[&("kernel32.dll", "GetSystemTimePreciseAsFileTime")], "8");
        assert!(list("[a]\nXP: f f").is_err() && list("[a]\nf").is_err());
    }

    #[test]
    fn the_list_holds_no_function_that_the_lowest_windows_lacks() {
        let newer: Vec<_> = list(LIST).unwrap().into_iter().filter(|(_, version)| !VERSIONS.contains(version)).collect();
        assert!(newer.is_empty(), "{newer:?}");
    }
}
