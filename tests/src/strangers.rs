//! Plugins that are built as a stranger would build them: outside the workspace, by cargo or by a C compiler.

use crate::folder::only_mine;
use crate::products::Products;
pub use crate::project::root;
use crate::windows::Width;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Builds the plugin crate in a folder of the project and copies its library to `target`.
pub fn rust(folder: &str, features: &[&str], target: &Path) -> io::Result<()> {
    let built = build(folder, features, None)?;
    std::fs::copy(built.join("debug").join(library(&name(folder)?)), target)?;
    only_mine(target)
}

/// The same for Windows.
pub fn rust_for_windows(width: Width, folder: &str, target: &Path) -> io::Result<()> {
    let built = build(folder, &[], Some(width))?;
    std::fs::copy(built.join(width.target()).join("debug").join(format!("{}.dll", name(folder)?)), target).map(drop)
}

/// The name of the library of the crate in a folder.
fn name(folder: &str) -> io::Result<String> {
    let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml"))?;
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    Ok(name.ok_or_else(|| io::Error::other("no package name"))?.replace('-', "_"))
}

/// Builds the plugin crate in a folder of the project; the answer is the folder of what was built.
///
/// A crate without a `Cargo.lock` of its own is built with the versions of the workspace, so that nothing new is downloaded.
fn build(folder: &str, features: &[&str], width: Option<Width>) -> io::Result<PathBuf> {
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());
    let _one = ONE_BY_ONE.lock().map_err(|error| io::Error::other(error.to_string()))?;
    let folder = root().join(folder);
    let lock = folder.join("Cargo.lock");
    let own = std::fs::read_to_string(root().join(".gitignore"))?.lines().all(|line| !lock.ends_with(line.trim_start_matches('/')));
    if !own {
        std::fs::copy(root().join("Cargo.lock"), &lock)?;
    }
    // One folder for all of them, so that what they have in common is built once.
    let built = root().join("target").join("strangers");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--manifest-path"]).arg(folder.join("Cargo.toml")).arg("--target-dir").arg(&built);
    cargo.args(own.then_some("--locked")).arg("--features").arg(features.join(","));
    if let Some(width) = width {
        width.serve(&mut cargo);
    }
    finish(&mut cargo)?;
    Ok(built)
}

/// Builds a plugin of C sources with the plugin header and nothing else.
pub fn c(sources: &[impl AsRef<str>], defines: &[&str], target: &Path) -> io::Result<()> {
    let mut compiler = Command::new("gcc");
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fvisibility=hidden", "-fPIC", "-shared", "-I"]);
    compiler.arg(root().join("include")).arg("-o").arg(target);
    compiler.args(defines.iter().map(|define| format!("-D{define}"))).args(sources.iter().map(|source| root().join(source.as_ref())));
    finish(&mut compiler)?;
    only_mine(target)
}

/// The file name of a dynamic library on this system.
pub fn library(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// Starts the command `postkontor` with these arguments, in English.
pub fn postkontor<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> io::Result<Command> {
    let mut command = Command::new(Products::built()?.command());
    command.env_remove("LANG").env_remove("LC_ALL").env_remove("LC_MESSAGES").args(arguments);
    Ok(command)
}

fn finish(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(io::Error::other(String::from_utf8_lossy(&said).into_owned())) }
}
