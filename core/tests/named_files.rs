//! How files are named in texts: under the name that the sentence has for it, since `{path}` stays where only `file` is given; and by one function,
//! since Windows has names for paths that no person knows.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The places for names of files.
const PLACES: [&str; 2] = ["file", "path"];

/// Functions that fill the place themselves.
const FILLING: [&str; 4] = ["local(", "file_failed(", "unreadable(", "{path}"];

/// Sources that only tell codes apart, or whose caller adds the place.
const APART: [&str; 5] = [
    "sdk/src/net/advice.rs",
    "core/src/account/protected.rs",
    "core/src/loader/table.rs",
    "core/src/message/findings.rs",
    "core/src/unsealing/found.rs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands in a source before its tests.
fn product(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap_or_default()
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        if path.is_dir() {
            sources(&path, into);
        } else if is_source && !["tests.rs", "saving.rs", "small_disk.rs"].contains(&&*path.file_name().unwrap().to_string_lossy()) {
            into.push(path);
        }
    }
}

/// The places that a source leaves open, of the sentences of its codes.
fn open_places(source: &str, codes: &[(String, String)]) -> Vec<String> {
    let source = product(source);
    let has = |literal: &str| source.contains(&format!("\"{literal}\""));
    let fills = FILLING.iter().any(|function| source.contains(function));
    let made = codes.iter().filter(|(code, _)| has(code));
    let places = made.flat_map(|(code, text)| PLACES.iter().map(move |place| (code, text, place)));
    let open = places.filter(|(_, text, place)| text.contains(&format!("{{{place}}}")) && !has(place) && !fills);
    open.map(|(code, _, place)| format!("{code} wants {{{place}}}")).collect()
}

#[test]
fn the_name_of_a_file_is_given_under_the_name_that_the_sentence_has_for_it() {
    let codes = [("a.b".to_owned(), "The file {path} cannot be read.".to_owned())];
    assert_eq!(open_places(r#"failed("a.b").arg("file", name)"#, &codes), ["a.b wants {path}"]);
    assert!(open_places(r#"failed("a.b").arg("path", name)"#, &codes).is_empty());
    let mut found = Vec::new();
    for folder in ["core", "cli", "plugins/sdk", "plugins/smtp", "plugins/imap", "plugins/pop3", "plugins/sendmail"] {
        let texts: Value = serde_json::from_slice(&fs::read(root().join(folder).join("locales/en.json")).unwrap()).unwrap();
        let codes = texts["codes"].as_object().unwrap().iter();
        let codes: Vec<(String, String)> = codes.map(|(code, text)| (code.clone(), text.as_str().unwrap().to_owned())).collect();
        let mut files = Vec::new();
        sources(&root().join(folder).join("src"), &mut files);
        for file in files.iter().filter(|file| !APART.iter().any(|apart| file.ends_with(apart))) {
            found.extend(
                open_places(&fs::read_to_string(file).unwrap(), &codes).into_iter().map(|open| format!("{}: {open}", file.display())),
            );
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn paths_are_shown_by_one_function() {
    let mut files = Vec::new();
    for folder in ["core", "cli", "ffi", "discover", "import", "plugins/smtp", "plugins/imap", "plugins/pop3", "plugins/sendmail"] {
        sources(&root().join(folder).join("src"), &mut files);
    }
    let shows = |file: &&PathBuf| product(&fs::read_to_string(file).unwrap()).contains(".display()");
    let found: Vec<&PathBuf> = files.iter().filter(shows).collect();
    assert!(files.len() > 100 && found.is_empty(), "texts::path shows paths; these have a way of their own: {found:?}");
}
