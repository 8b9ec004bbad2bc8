//! A release as `cargo xtask dist` packs it, to be tested in place of what is built for the tests: the variable `POSTKONTOR_RELEASE` names the folder
//! with its archives, by its path or from the project's root.

use super::build::{Width, said};
use crate::folder::Folder;
use crate::guard::Guard;
use crate::project::{root, target};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with the archives that are to be tested, if any.
fn folder() -> Option<OsString> {
    std::env::var_os("POSTKONTOR_RELEASE").filter(|folder| !folder.is_empty())
}

/// Whether a release is tested.
pub fn is_tested() -> bool {
    folder().is_some()
}

/// The folder of the release for a width, unpacked until this process ends; nothing where none is to be tested.
pub(crate) fn unpacked(width: Width) -> io::Result<Option<PathBuf>> {
    let Some(folder) = folder() else { return Ok(None) };
    let end = format!("-{}.zip", width.platform());
    let archive = only(&root().join(folder), |name| name.ends_with(&end))?;
    // Below the folder of all targets: Wine shows the system's temporary folder as one in which everyone may remove everything.
    let folder = Folder::within(&target()?.join("releases"))?;
    said(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&archive).arg(folder.path()))?;
    let unpacked = only(folder.path(), |name| name.starts_with("postkontor-"))?;
    // It ends when this process does: its standard input is a pipe from here.
    std::mem::forget(Guard::remover(&folder.keep())?);
    Ok(Some(unpacked))
}

/// The one entry of a folder whose name is so.
fn only(folder: &Path, is_so: impl Fn(&str) -> bool) -> io::Result<PathBuf> {
    let entries = std::fs::read_dir(folder).map_err(|error| io::Error::other(format!("{}: {error}", folder.display())))?;
    let mut found = entries.flatten().filter(|entry| is_so(&entry.file_name().to_string_lossy())).map(|entry| entry.path());
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(io::Error::other(format!("{}: there is not exactly one release for this platform", folder.display()))),
    }
}
