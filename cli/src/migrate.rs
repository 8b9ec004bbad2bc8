//! `postkontor migrate`: brings the settings document in a file to today's version.

use crate::answer::{Answer, Kind};
use crate::file::{local, read};
use postkontor_core::{Error, Host, whole_file};
use serde_json::json;
use std::path::Path;

/// Shows what becomes of a document, without its literal secrets, or writes the file anew where that is wanted and it is of an older version.
pub(crate) fn migrate(host: &Host, path: &Path, write: bool) -> Result<Answer, Error> {
    let migrated = host.migrate(&read(path)?)?;
    if !write {
        return Answer::new(&migrated.without_secrets(host), Kind::Migrated);
    }
    let is_older = migrated.from < migrated.version;
    if is_older {
        let text = format!("{:#}\n", migrated.settings);
        let replaced = std::fs::metadata(path).and_then(|former| whole_file::replace(path, text.as_bytes(), Some(&former)));
        replaced.map_err(|error| local("cli.file_unwritable", path, &error))?;
    }
    Answer::new(&json!({"from": migrated.from, "version": migrated.version, "written": is_older}), Kind::Migrated)
}
