//! `cargo xtask notices`: writes `THIRD-PARTY.md`, the licences of all crates that the products are made of.
//!
//! MIT, BSD, ISC, Zlib, Unicode and Apache ask for their text to go along with a binary. Where a crate leaves the choice, MIT is taken,
//! which is the shortest. The crates are those that cargo links for the systems of a release, without procedural macros.

use crate::run;
use crate::workspace::{LINKED, RELEASED, cargo, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const FILE: &str = "THIRD-PARTY.md";

/// The systems of a release.
const TARGETS: [&str; 3] = ["x86_64-unknown-linux-gnu", "x86_64-win7-windows-gnu", "i686-win7-windows-gnu"];

/// Crates that bring no text, and another crate of the same authors under the same licence that does.
const STAND_INS: [(&str, &str); 1] = [("repr_offset", "typewit")];

/// Writes the file.
pub(crate) fn run(_arguments: &[String]) -> ExitCode {
    match notices().and_then(|text| std::fs::write(root().join(FILE), text).map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{FILE}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the file is what [`run()`] would write; says what is wrong where it is not.
pub(crate) fn are_current() -> bool {
    let found = std::fs::read_to_string(root().join(FILE)).unwrap_or_default();
    match notices() {
        Ok(text) if text == found => return true,
        Ok(_) => eprintln!("{FILE} is stale; run `cargo xtask notices`"),
        Err(error) => eprintln!("{FILE}: {error}"),
    }
    false
}

/// A crate that is not ours.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
    /// An expression of SPDX.
    pub(crate) licence: String,
    /// A URL; empty where the crate names none.
    pub(crate) repository: String,
}

fn notices() -> Result<String, String> {
    let crates = crates(&TARGETS)?;
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for one in &crates {
        table += &format!("| {} | {} | {} | <{}> |\n", one.name, one.version, one.licence, one.repository);
        for text in texts_of(one)? {
            texts.entry(text).or_default().push(format!("{} {}", one.name, one.version));
        }
    }
    let mut texts: Vec<(String, Vec<String>)> = texts.into_iter().collect();
    texts.sort_by(|one, other| one.1.cmp(&other.1));
    let mut page = format!(
        "# Third-party software in Postkontor\n\nThe library, the command and the transports hold these crates. Their licences ask for the texts below to go along with every copy.\n\
         Written by `cargo xtask notices`.\n\nThe settings page of `postkontor form` is made of packages for JavaScript. Their licences stand in \
         [form/dist/licences.txt](form/dist/licences.txt), and the page itself leads to them.\n\n\
         The rules of the [Public Suffix List](https://publicsuffix.org/list/), subject to the terms of the \
         [Mozilla Public License, v. 2.0](https://mozilla.org/MPL/2.0/), lie in `plugins/sdk/src/net/public_suffix.txt`.\n\n| Crate | Version | Licence | Source |\n|---|---|---|---|\n{table}"
    );
    for (text, names) in texts {
        page += &format!("\n## {}\n\n```text\n{text}\n```\n", names.join(", "));
    }
    Ok(page)
}

/// The crates that cargo links for these targets.
pub(crate) fn crates(targets: &[&str]) -> Result<BTreeSet<Crate>, String> {
    // Those of the other systems, too, which building does not fetch.
    let fetched = cargo().args(["fetch", "--locked", "--quiet"]).status().map_err(|error| error.to_string())?;
    if !fetched.success() {
        return Err("cargo could not fetch the crates".to_owned());
    }
    let mut crates = BTreeSet::new();
    for target in targets {
        crates.extend(tree(target, "none", "{p}|{l}|{r}")?.lines().filter_map(read));
    }
    Ok(crates)
}

/// What cargo links into the products for a target, as `cargo tree` writes it.
pub(crate) fn tree(target: &str, prefix: &str, format: &str) -> Result<String, String> {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", prefix, "--format", format, "--target", target]);
    for package in RELEASED {
        tree.args(["--package", package]);
    }
    run::output(tree.args(["--features", LINKED]))
}

/// `memchr v2.8.3|Unlicense OR MIT|https://…`, perhaps with ` (*)` behind it. Crates with a path are our own.
fn read(line: &str) -> Option<Crate> {
    let mut parts = line.strip_suffix(" (*)").unwrap_or(line).split('|');
    let (name, version) = parts.next()?.split_once(" v")?;
    if version.contains(' ') {
        return None;
    }
    let mut part = || parts.next().unwrap_or_default().to_owned();
    Some(Crate { name: name.to_owned(), version: version.to_owned(), licence: part().replace('/', " OR "), repository: part() })
}

/// The texts that have to go along with a crate.
fn texts_of(one: &Crate) -> Result<Vec<String>, String> {
    let folder =
        source(&one.name, Some(&one.version)).ok_or_else(|| format!("the sources of {} {} are not there", one.name, one.version))?;
    let mut files = licence_files(&folder);
    if let Some(mit) = files.iter().find(|file| shown(file).to_uppercase().contains("MIT")).cloned()
        && one.licence.contains("MIT")
    {
        // A licence that was chosen instead of Apache stays, and one that holds beside both.
        match one.licence.contains(" AND ") {
            true => files.retain(|file| !shown(file).to_uppercase().contains("APACHE")),
            false => files = vec![mit],
        }
    }
    if files.is_empty()
        && let Some((_, other)) = STAND_INS.iter().find(|(name, _)| *name == one.name)
    {
        files = source(other, None).map(|folder| licence_files(&folder)).unwrap_or_default();
    }
    let texts: Vec<String> =
        files.iter().filter_map(|file| std::fs::read(file).ok()).map(|text| tidy(&String::from_utf8_lossy(&text))).collect();
    match texts.is_empty() {
        false => Ok(texts),
        true if one.licence.contains("MIT") => Ok(vec![mit_of(&folder)?]),
        true => Err(format!("{} {} brings no text of its licence {}", one.name, one.version, one.licence)),
    }
}

/// The MIT licence for a crate that names it and brings no text: ours, with the authors that its manifest names.
fn mit_of(folder: &Path) -> Result<String, String> {
    let read = |path: PathBuf| std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()));
    let manifest = read(folder.join("Cargo.toml"))?;
    let authors = manifest.split_once("\nauthors = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(authors, _)| authors);
    let authors: Vec<&str> = authors.split('"').skip(1).step_by(2).collect();
    let authors = if authors.is_empty() { "the authors of the crate".to_owned() } else { authors.join(", ") };
    let ours = read(root().join("LICENSE-MIT"))?;
    let lines = ours.lines().map(|line| if line.starts_with("Copyright") { format!("Copyright {authors}") } else { line.to_owned() });
    Ok(tidy(&lines.collect::<Vec<_>>().join("\n")))
}

/// The folder with a crate's sources, as cargo unpacked them.
fn source(name: &str, version: Option<&str>) -> Option<PathBuf> {
    let home =
        std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry/src")).ok()?;
    let mut folders: Vec<PathBuf> = registries
        .filter_map(|registry| std::fs::read_dir(registry.ok()?.path()).ok())
        .flat_map(|folders| folders.filter_map(|folder| Some(folder.ok()?.path())))
        .filter(|folder| {
            shown(folder).strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).is_some_and(|found| match version {
                Some(version) => found == version,
                None => found.starts_with(|first: char| first.is_ascii_digit()),
            })
        })
        .collect();
    folders.sort();
    folders.pop()
}

fn licence_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_licence = |file: &PathBuf| {
        let name = shown(file).to_uppercase();
        file.is_file() && ["LICENSE", "LICENCE", "COPYING", "UNLICENSE", "NOTICE", "COPYRIGHT"].iter().any(|word| name.starts_with(word))
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_licence).collect();
    files.sort();
    files
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The same text however its lines end, so that equal texts are one.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').replace("```", "'''")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_cargo_tree_is_read_and_our_own_crates_are_passed_by() {
        let read = read("memchr v2.8.3|Unlicense OR MIT|https://example.com/memchr (*)").unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str(), read.licence.as_str()), ("memchr", "2.8.3", "Unlicense OR MIT"));
        assert_eq!(read.repository, "https://example.com/memchr");
        assert!(super::read("postkontor-core v0.1.0 (/somewhere/core)|MIT OR Apache-2.0|").is_none());
        assert!(super::read("").is_none());
    }
}
