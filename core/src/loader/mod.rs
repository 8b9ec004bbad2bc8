//! Finds, checks and opens transport plugins.
//!
//! A plugin file is opened only from a folder that the host's configuration names, or from `plugins` beside Postkontor's
//! own module; never from the working directory, and from the environment only when the configuration trusts it. A file
//! or folder that others may write is refused, because they could run code in the host's process.
//!
//! A plugin, once opened, stays in memory until the process ends, because its code may be referred to from anywhere.

mod binary;
mod elf;
mod file;
mod headers;
mod module;
mod pe;
mod table;
mod trust;
mod vtable;

use crate::error::failed;
use crate::listing;
use crate::texts;
use file::PluginFile;
use headers::Machine;
use postkontor_plugin::{Error, Status};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use vtable::{Context, Plugin, Session, Streams};

/// The environment variable that names further plugin folders, where the configuration trusts the environment.
const ENVIRONMENT: &str = "POSTKONTOR_PLUGINS";

/// The file by which one knows a folder that cargo builds into.
const CARGO: &str = ".cargo-lock";

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

impl Search {
    /// The pin of a file.
    fn pin(&self, path: &Path) -> Option<String> {
        let file = path.file_name()?.to_string_lossy();
        self.pins.iter().find(|(name, _)| is_name(name, &file)).map(|(_, pin)| pin.clone())
    }
}

/// A file that may be a plugin; or a folder that was named and cannot be used, which counts as a plugin that fails.
pub(crate) struct File {
    path: PathBuf,
    /// The pin of the configuration, or why the folder cannot be used.
    pin: Result<Option<String>, Error>,
}

impl File {
    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks the file and opens the plugin in it.
    pub(crate) fn open(&self) -> Result<Plugin, Error> {
        open(&self.path, self.pin.as_ref().map_err(Error::clone)?.as_deref())
    }
}

/// What a search found, and where it looked.
#[derive(Default)]
pub(crate) struct Findings {
    /// The files, in the order of folders and names.
    pub(crate) found: Vec<File>,
    /// The folders in the order they were searched.
    pub(crate) searched: Vec<Searched>,
}

/// A folder that was searched.
pub(crate) struct Searched {
    pub(crate) folder: PathBuf,
    pub(crate) content: Content,
}

/// What a folder held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing: there is no such folder.
    Missing,
    /// Files, but the folder may not be used; [`Findings::found`] says why.
    Refused,
    /// As many plugin files.
    Files(usize),
}

/// Looks through all folders. A folder that cannot be read counts as one failed plugin. Nothing is opened.
pub(crate) fn search(search: &Search) -> Findings {
    let mut findings = Findings::default();
    let mut known = Vec::new();
    for place in places(search) {
        // The default folder need not exist; a folder that was named must.
        if !place.is_named && !place.folder.is_dir() {
            findings.searched.push(Searched { folder: place.folder, content: Content::Missing });
            continue;
        }
        // A configuration may well name the default folder; its plugins are the same then, not others of the same name.
        if place.folder.is_absolute()
            && let Ok(folder) = place.folder.canonicalize()
        {
            if known.contains(&folder) {
                continue;
            }
            known.push(folder);
        }
        let content = match files(&place) {
            Ok(files) => {
                let content = Content::Files(files.len());
                findings.found.extend(files.into_iter().map(|path| File { pin: Ok(search.pin(&path)), path }));
                content
            }
            Err(error) => {
                let content = if place.folder.exists() { Content::Refused } else { Content::Missing };
                findings.found.push(File { path: place.folder.clone(), pin: Err(error) });
                content
            }
        };
        findings.searched.push(Searched { folder: place.folder, content });
    }
    findings
}

/// A folder to look into.
struct Place {
    folder: PathBuf,
    /// Whether the configuration or the environment names it.
    is_named: bool,
    /// What the names of plugins begin with.
    prefix: String,
}

/// The folders to look into, in their order.
fn places(search: &Search) -> Vec<Place> {
    let mut named = search.plugins.clone();
    if search.trust_environment
        && let Some(paths) = std::env::var_os(ENVIRONMENT)
    {
        named.extend(std::env::split_paths(&paths));
    }
    let is_named = !named.is_empty();
    let mut places: Vec<Place> = named.into_iter().map(|folder| Place { folder, is_named: true, prefix: String::new() }).collect();
    if let Some(module) = module::folder() {
        let folder = module.join("plugins");
        let is_installed = folder.is_dir();
        places.push(Place { folder, is_named: false, prefix: String::new() });
        // After `cargo build` the plugins lie beside the library and the command. Only there: beside an installed library, or in a
        // folder of downloads, a file with such a name is anybody's.
        if !is_named && !is_installed && module.join(CARGO).exists() {
            places.push(Place { folder: module, is_named: false, prefix: format!("{}postkontor_", std::env::consts::DLL_PREFIX) });
        }
    }
    places
}

/// The dynamic libraries in a folder, in order of their names.
fn files(place: &Place) -> Result<Vec<PathBuf>, Error> {
    let folder = &place.folder;
    let unreadable = |error: std::io::Error| {
        failed(Status::Transport, "plugin.folder_unreadable").arg("path", texts::path(folder)).detail(error.to_string())
    };
    if !folder.is_absolute() {
        return Err(failed(Status::Transport, "plugin.path_relative").arg("path", texts::path(folder)));
    }
    let folder = folder.canonicalize().map_err(unreadable)?;
    trust::folder(&folder)?;
    let mut files = Vec::new();
    for name in listing::names(&folder).map_err(unreadable)? {
        let path = folder.join(name);
        let is_named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&place.prefix));
        if is_named && path.extension().is_some_and(|extension| is_name(std::env::consts::DLL_EXTENSION, &extension.to_string_lossy())) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a name is meant by another: Windows knows no difference between `PLUGIN.DLL` and `plugin.dll`.
fn is_name(one: &str, other: &str) -> bool {
    if cfg!(windows) { one.to_lowercase() == other.to_lowercase() } else { one == other }
}

fn open(path: &Path, pin: Option<&str>) -> Result<Plugin, Error> {
    let unreadable = |error: std::io::Error| {
        failed(Status::Transport, "plugin.file_unreadable").arg("path", texts::path(path)).detail(error.to_string())
    };
    let mut file = PluginFile::open(path)?;
    if let Some(pin) = pin {
        let found = file.digest().map_err(unreadable)?;
        if !pin.eq_ignore_ascii_case(&found) {
            let error = failed(Status::Transport, "plugin.pin_mismatch").arg("path", texts::path(path));
            return Err(error.arg("expected", pin).arg("found", found));
        }
    }
    match file.headers().map_err(unreadable)? {
        Some(found) if !found.is_whole => return Err(failed(Status::Transport, "plugin.truncated").arg("path", texts::path(path))),
        Some(found) if found.machine != Machine::OWN => {
            let error = failed(Status::Transport, "plugin.other_machine").arg("path", texts::path(path));
            return Err(error.arg("found", found.machine.name()).arg("expected", Machine::OWN.name()));
        }
        _ => (),
    }
    file.load(pin.is_some())
}
