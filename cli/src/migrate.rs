//! `postkontor migrate`: brings the settings document in a file to today's version.

use crate::answer::{Answer, Kind};
use crate::file::{local, read};
use postkontor_core::{Error, Host};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{self, Write};
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
        replace(path, text.as_bytes()).map_err(|error| local("cli.file_unwritable", path, &error))?;
    }
    Answer::new(&json!({"from": migrated.from, "version": migrated.version, "written": is_older}), Kind::Migrated)
}

/// Puts a whole file in the place of one, with its mode; that one stays as it was where anything fails. A link means the file that it leads to.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = path.canonicalize()?;
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let draft = target.with_file_name(format!(".{name}.{:x}.part", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&draft)?;
    let mut written = || {
        // Before anything is in it.
        file.set_permissions(target.metadata()?.permissions())?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&draft, &target)
    };
    written().inspect_err(|_| {
        // A draft that cannot be removed is known by its name.
        let _ = std::fs::remove_file(&draft);
    })
}
