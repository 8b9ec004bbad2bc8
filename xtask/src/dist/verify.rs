//! What a release promises, looked at in the files that are to be handed over.

use super::binary;
use super::exports::functions;
use super::imports;
use super::pack;
use super::platform::{Kind, Platform, Product, target_folder};
use super::resource;
use crate::cache::at;
use crate::remap;
use crate::workspace::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The most that the library with all transports may take, in bytes.
const MOST: u64 = 15_000_000;

/// Looks at the files of a platform; each is given with what it is.
pub(crate) fn files(platform: &Platform, version: &str, files: &[(&Product, PathBuf)]) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (product, file) in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        wrong.extend(exported(platform, product, file)?.into_iter().map(|problem| format!("{name} {problem}")));
        wrong.extend(asked(platform, file)?.into_iter().map(|problem| format!("{name} {problem}")));
        if platform.is_windows() {
            let missing = resource::missing(platform, product, version, file)?;
            wrong.extend(missing.into_iter().map(|line| format!("{name} has a version resource without {line}")));
        }
        if product.kind == Kind::Library && !platform.is_windows() {
            let found = binary::soname(platform, file)?.unwrap_or_default();
            if found != "libpostkontor.so.1" {
                wrong.push(format!("{name} calls itself {found}, not libpostkontor.so.1"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Whether the library is as small as it should be.
pub(crate) fn size(files: &[(&Product, PathBuf)]) -> Result<(), String> {
    for (_, file) in files.iter().filter(|(product, _)| product.kind == Kind::Library) {
        let size = fs::metadata(file).map_err(at(file))?.len();
        if size > MOST {
            return Err(format!("{} takes {size} bytes, more than {MOST}", file.display()));
        }
    }
    Ok(())
}

/// Looks for paths of this machine in all files below a folder.
pub(crate) fn paths(folder: &Path) -> Result<(), String> {
    let paths = machine_paths()?;
    let mut wrong = Vec::new();
    for file in pack::files(folder)? {
        let bytes = fs::read(&file).map_err(at(&file))?;
        let found = paths.iter().filter(|path| holds(&bytes, path.as_bytes()));
        wrong.extend(found.map(|path| format!("{} holds the path {path}", file.display())));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// What is wrong with the exports: the library has the header's functions and no other.
fn exported(platform: &Platform, product: &Product, file: &Path) -> Result<Vec<String>, String> {
    if product.kind == Kind::Command {
        return Ok(Vec::new());
    }
    let wanted: BTreeSet<String> = functions()?.into_iter().map(|function| function.name).collect();
    let found = binary::exports(platform, file)?;
    let missing = wanted.difference(&found).map(|name| format!("does not export {name}"));
    Ok(missing.chain(found.difference(&wanted).map(|name| format!("exports {name}"))).collect())
}

/// What a file asks of the system that not every system has, and what is not the same in each build.
fn asked(platform: &Platform, file: &Path) -> Result<Vec<String>, String> {
    if platform.is_windows() {
        let mut wrong = imports::problems(&binary::imports(platform, file)?)?;
        let stamp = binary::time_stamp(&fs::read(file).map_err(at(file))?);
        wrong.extend((stamp != Some(0)).then(|| format!("has the time stamp {stamp:?}, which makes each build another")));
        return Ok(wrong);
    }
    const KNOWN: [&str; 6] = ["libc.so.6", "libgcc_s.so.1", "libm.so.6", "libssl.so.3", "libcrypto.so.3", "ld-linux-x86-64.so.2"];
    let needed = binary::needed(platform, file)?;
    Ok(needed.iter().filter(|library| !KNOWN.contains(&library.as_str())).map(|library| format!("needs {library}")).collect())
}

/// Paths that tell of this machine and its user.
fn machine_paths() -> Result<Vec<String>, String> {
    let mut paths = vec![root(), target_folder()];
    // `/root` alone stands in sentences, too; what a user has below stands in none.
    paths.extend(std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".")));
    paths.extend(std::env::var_os("CARGO_HOME").map(PathBuf::from));
    let registries = remap::registries()?;
    let mut paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).filter(|path| path.len() > 4).collect();
    paths.extend(registries.iter().filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned())));
    Ok(paths)
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return false };
    bytes.iter().enumerate().any(|(place, byte)| byte == first && bytes[place..].starts_with(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_wherever_it_stands() {
        assert!(holds(b"\0/home/anna/x\0", b"/home/anna") && holds(b"/home/anna", b"/home/anna"));
        assert!(!holds(b"/home/ann", b"/home/anna") && !holds(b"", b"x"));
    }
}
