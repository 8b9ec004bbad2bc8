//! Keeps the paths of this machine out of what the compiler writes: panics and debug information name source files.

use crate::cache::at;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler's options. `own`: further folders, each with the name that it gets; of two that hold a file the later one counts.
pub(crate) fn options(own: &[(&Path, &str)]) -> Result<Vec<String>, String> {
    let mut options: Vec<String> = own.iter().map(|(folder, name)| option(folder, name)).collect();
    // The folder of a registry has its host in its name, so each gets the same name instead.
    for folder in registries()? {
        options.push(option(&folder, "/crates"));
    }
    Ok(options)
}

fn option(folder: &Path, name: &str) -> String {
    format!("--remap-path-prefix={}={name}", folder.display())
}

/// The folders in which cargo unpacks crates.
pub(crate) fn registries() -> Result<Vec<PathBuf>, String> {
    let sources = home().ok_or("neither CARGO_HOME nor HOME is set")?.join("registry").join("src");
    let entries = std::fs::read_dir(&sources).map_err(at(&sources))?;
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    Ok(folders)
}

/// cargo's own folder.
fn home() -> Option<PathBuf> {
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
}

/// Fetches the crates of a lock file, so that the folders are there.
pub(crate) fn fetch(cargo: &mut Command, manifest: &Path) -> Result<(), String> {
    crate::run::succeed(cargo.args(["fetch", "--locked", "--quiet", "--manifest-path"]).arg(manifest))
}
