//! What lies in the archive beside the built files: headers, bindings, examples, pages and licences.
//!
//! Pages keep their links: one that leads to something in the archive leads there, one that leads elsewhere in the sources becomes plain words.

use super::platform::Platform;
use crate::cache::at;
use crate::run;
use crate::workspace::root;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pages for those who use a release. The others tell how it is made, and why.
const PAGES: [&str; 18] = [
    "bridge",
    "c-abi",
    "codes",
    "diagnosis",
    "discovery",
    "exchange",
    "exchange-ews",
    "form",
    "graph",
    "import",
    "messages",
    "outbox",
    "plugins",
    "receiving",
    "settings",
    "smime",
    "windows",
    "install",
];

/// Folders of the sources and where they go. The plugin in Rust stays behind: it needs the SDK's sources.
const FOLDERS: [(&str, &str); 9] = [
    ("include", "include"),
    ("ffi/bindings/delphi", "bindings/delphi"),
    ("ffi/bindings/dotnet", "bindings/dotnet"),
    ("ffi/bindings/python", "bindings/python"),
    ("examples/c", "examples/c"),
    ("examples/delphi", "examples/delphi"),
    ("examples/dotnet", "examples/dotnet"),
    ("examples/python", "examples/python"),
    ("examples/vb6", "examples/vb6"),
];

/// The example of a plugin in C: without what its own `make` leaves behind.
const PLUGIN_IN_C: &str = "examples/plugin-c";

/// Single files.
const FILES: [(&str, &str); 6] = [
    ("docs/install.md", "README.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("THIRD-PARTY.md", "THIRD-PARTY.md"),
    ("form/dist/licences.txt", "licences/form.txt"),
];

/// The licences of what is linked beside the crates: Rust's standard library, and on Windows MinGW's runtime.
const RUST: &str = "licences/rust-standard-library.html";
const MINGW: (&str, &str) = ("/usr/share/doc/mingw-w64-common/copyright", "licences/mingw-w64.txt");

/// Copies all of it into `folder`.
pub(crate) fn copy(platform: &Platform, folder: &Path) -> Result<(), String> {
    let places = places()?;
    for (from, to) in &places {
        let (source, target) = (root().join(from), folder.join(to));
        let parent = target.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(at(parent))?;
        if from.ends_with(".md") {
            let text = fs::read_to_string(&source).map_err(at(&source))?;
            fs::write(&target, relink(&text, from, to, &places)).map_err(at(&target))?;
        } else {
            fs::copy(&source, &target).map_err(at(&source))?;
        }
    }
    let sysroot = run::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let rust = Path::new(sysroot.trim()).join("share/doc/rust/COPYRIGHT-library.html");
    fs::copy(&rust, folder.join(RUST)).map_err(at(&rust))?;
    if platform.is_windows() {
        fs::copy(MINGW.0, folder.join(MINGW.1)).map_err(at(Path::new(MINGW.0)))?;
    }
    Ok(())
}

/// The files of the sources, each with its place in the archive.
fn places() -> Result<BTreeMap<String, String>, String> {
    let mut places: BTreeMap<String, String> = FILES.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    for page in PAGES.iter().filter(|page| **page != "install") {
        places.insert(format!("docs/{page}.md"), format!("docs/{page}.md"));
    }
    for picture in files("docs")?.into_iter().filter(|file| file.ends_with(".png")) {
        places.insert(picture.clone(), picture);
    }
    for (from, to) in FOLDERS.into_iter().chain([(PLUGIN_IN_C, PLUGIN_IN_C)]) {
        for file in files(from)? {
            places.insert(file.clone(), format!("{to}{}", &file[from.len()..]));
        }
    }
    Ok(places)
}

/// The files of a folder that are sources, by their paths from the root.
fn files(folder: &str) -> Result<Vec<String>, String> {
    let path = root().join(folder);
    let entries = fs::read_dir(&path).map_err(at(&path))?;
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let is_source = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        path.is_file() && !["so", "o", "ppu", "dll", "exe", "pyc"].contains(&extension)
    };
    let mut files: Vec<String> =
        paths.iter().filter(|path| is_source(path)).filter_map(|path| Some(format!("{folder}/{}", path.file_name()?.to_str()?))).collect();
    files.sort();
    Ok(files)
}

/// A page with its links as they are in the archive.
fn relink(text: &str, from: &str, to: &str, places: &BTreeMap<String, String>) -> String {
    let mut page = String::new();
    let mut rest = text;
    // `[words](target)`; a bracket that begins no link is passed over.
    while let Some((before, after)) = rest.split_once("](") {
        let Some((target, behind)) = after.split_once(')') else { break };
        let (path, anchor) = target.split_once('#').map_or((target, ""), |(path, anchor)| (path, anchor));
        if path.is_empty() || target.contains(':') || target.contains(char::is_whitespace) {
            page += &format!("{before}]({target})");
        } else {
            let found = resolve(from, path);
            let place = places.get(&found).cloned().or_else(|| folder_of(&found, places));
            page += &match (place, before.rsplit_once('[')) {
                (Some(place), _) => {
                    let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
                    format!("{before}]({}{anchor})", relative(to, &place))
                }
                (None, Some((before, words))) => format!("{before}{words}"),
                (None, None) => format!("{before}]({target})"),
            };
        }
        rest = behind;
    }
    page + rest
}

/// Where the files of a folder of the sources went.
fn folder_of(folder: &str, places: &BTreeMap<String, String>) -> Option<String> {
    let inside = format!("{}/", folder.trim_end_matches('/'));
    let (_, place) = places.iter().find(|(from, _)| from.starts_with(&inside))?;
    Some(place.rsplit_once('/')?.0.to_owned())
}

/// The path from the root to which a link in the file `from` leads.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A link in the file `from` to `place`, both by their paths from the root of the archive.
fn relative(from: &str, place: &str) -> String {
    let up = from.matches('/').count();
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    match place.strip_prefix(&format!("{folder}/")) {
        Some(inside) if up > 0 => inside.to_owned(),
        _ => format!("{}{place}", "../".repeat(up)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_same_file_in_the_archive() {
        let pairs = [("docs/install.md", "README.md"), ("docs/a.md", "docs/a.md"), ("ffi/bindings/x.pas", "bindings/x.pas")];
        let places = pairs.map(|(from, to)| (from.to_owned(), to.to_owned())).into();
        let text = "[a](a.md#top), [u](../ffi/bindings/x.pas), [f](../ffi/bindings), [gone](gone.md), [w](https://example.com/), list[0](1";
        let page = relink(text, "docs/install.md", "README.md", &places);
        let expected = "[a](docs/a.md#top), [u](bindings/x.pas), [f](bindings), gone, [w](https://example.com/), list[0](1";
        assert_eq!(page, expected);
        assert_eq!(
            relink("[i](install.md) [u](../ffi/bindings/x.pas)", "docs/a.md", "docs/a.md", &places),
            "[i](../README.md) [u](../bindings/x.pas)"
        );
    }

    #[test]
    fn a_page_is_for_users_or_for_those_who_build() {
        let ours = ["benchmarks", "decisions", "reading", "release"];
        for page in files("docs").unwrap().iter().filter_map(|file| file.strip_prefix("docs/")?.strip_suffix(".md")) {
            assert!(PAGES.contains(&page) != ours.contains(&page), "docs/{page}.md: say in {} whom it is for", file!());
        }
    }
}
