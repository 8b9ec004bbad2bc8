//! Finds, checks and opens transport plugins.
//!
//! A plugin file is opened only from a folder that the host's configuration names, or from `plugins` beside Postkontor's
//! own module; never from the working directory, and from the environment only when the configuration trusts it. On Unix
//! a file or folder that others may write is refused: whoever can write there could run code in the host's process.
//!
//! A plugin, once opened, stays in memory until the process ends, because its code may be referred to from anywhere.

mod elf;
mod module;
mod vtable;

use crate::error::failed;
use postkontor_plugin::{Error, Status};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use vtable::{Context, Plugin, Session, Streams};

/// The environment variable that names further plugin folders, where the configuration trusts the environment.
const ENVIRONMENT: &str = "POSTKONTOR_PLUGINS";

/// What the host's configuration says about plugins.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Search {
    /// Folders to look into, absolute, in this order.
    #[serde(default)]
    pub(crate) plugins: Vec<PathBuf>,
    /// Whether the environment may name further folders.
    #[serde(default)]
    pub(crate) trust_environment: bool,
    /// SHA-256 of plugin files by file name, as `sha256:` and 64 hexadecimal digits.
    #[serde(default)]
    pub(crate) pins: BTreeMap<String, String>,
}

/// A plugin file that was found, opened or not.
pub(crate) struct Found {
    pub(crate) file: PathBuf,
    pub(crate) plugin: Result<Plugin, Error>,
}

/// Looks through all folders and opens what is there. A folder that cannot be read counts as one failed plugin.
pub(crate) fn search(search: &Search) -> Vec<Found> {
    let mut folders = search.plugins.clone();
    if search.trust_environment
        && let Some(paths) = std::env::var_os(ENVIRONMENT)
    {
        folders.extend(std::env::split_paths(&paths));
    }
    let configured = folders.len();
    folders.extend(module::folder().map(|folder| folder.join("plugins")));
    let (mut found, mut searched) = (Vec::new(), Vec::new());
    for (index, folder) in folders.into_iter().enumerate() {
        // The default folder need not exist; one that somebody named must.
        if index >= configured && !folder.is_dir() {
            continue;
        }
        // A configuration may well name the default folder; its plugins are the same then, not others of the same name.
        if folder.is_absolute()
            && let Ok(folder) = folder.canonicalize()
        {
            if searched.contains(&folder) {
                continue;
            }
            searched.push(folder);
        }
        match files(&folder) {
            Ok(files) => found.extend(files.into_iter().map(|file| {
                let plugin = open(&file, search);
                Found { file, plugin }
            })),
            Err(error) => found.push(Found { file: folder, plugin: Err(error) }),
        }
    }
    found
}

/// The dynamic libraries in a folder, in order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable =
        |error: std::io::Error| failed(Status::Transport, "plugin.folder_unreadable").arg("path", shown(folder)).detail(error.to_string());
    if !folder.is_absolute() {
        return Err(failed(Status::Transport, "plugin.path_relative").arg("path", shown(folder)));
    }
    let folder = folder.canonicalize().map_err(unreadable)?;
    module::refuse_foreign(&folder)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == std::env::consts::DLL_EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn open(file: &Path, search: &Search) -> Result<Plugin, Error> {
    let unreadable =
        |error: std::io::Error| failed(Status::Transport, "plugin.file_unreadable").arg("path", shown(file)).detail(error.to_string());
    let path = file.canonicalize().map_err(unreadable)?;
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(failed(Status::Transport, "plugin.not_a_file").arg("path", shown(file)));
    }
    module::refuse_foreign(&path)?;
    // A link may lead out of the folder that was checked, so the folder it leads to must be safe as well.
    if let Some(folder) = path.parent() {
        module::refuse_foreign(folder)?;
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if let Some(pin) = search.pins.get(name.as_ref()) {
        let found = sha256(&path).map_err(unreadable)?;
        if !pin.eq_ignore_ascii_case(&found) {
            let error = failed(Status::Transport, "plugin.pin_mismatch").arg("path", shown(file));
            return Err(error.arg("expected", pin.as_str()).arg("found", found));
        }
    }
    if !elf::is_whole(&path).map_err(unreadable)? {
        return Err(failed(Status::Transport, "plugin.truncated").arg("path", shown(file)));
    }
    Plugin::load(&path)
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hash)?;
    Ok(hash.finalize().iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

/// A path as it is shown in errors.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
