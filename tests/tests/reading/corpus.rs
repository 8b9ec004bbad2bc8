//! The messages of `tests/corpus` with their answers.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A message with its right answer.
pub(crate) struct Case {
    /// `KIND/NAME`.
    pub(crate) name: String,
    pub(crate) raw: Vec<u8>,
    pub(crate) answer: Value,
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// All cases, in the order of their names.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in std::fs::read_dir(&kind).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let name = format!("{}/{}", kind.file_name().unwrap().display(), file.file_stem().unwrap().display());
            let answer = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let message = ["eml", "msg"].map(|extension| file.with_extension(extension)).into_iter().find(|file| file.exists());
            let message = message.unwrap_or_else(|| panic!("{name} has an answer and no message"));
            cases.push(Case { name, raw: std::fs::read(message).unwrap(), answer });
        }
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

fn pending_file() -> PathBuf {
    folder().join("PENDING")
}

/// The names of the cases that are known to be read wrong.
pub(crate) fn pending() -> BTreeSet<String> {
    std::fs::read_to_string(pending_file()).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Writes that list anew; without a case there is no file.
pub(crate) fn write_pending(wrong: &BTreeSet<String>) {
    if wrong.is_empty() {
        // It may not have been there.
        let _ = std::fs::remove_file(pending_file());
    } else {
        std::fs::write(pending_file(), wrong.iter().map(|name| format!("{name}\n")).collect::<String>()).unwrap();
    }
}
