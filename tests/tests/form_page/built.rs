//! The page that is part of the command, and the sources that it is built from.

use postkontor_tests::skip;
use postkontor_tests::strangers::root;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What the bundle is made of, as in form/vite.config.js.
const SOURCES: [&str; 6] = ["index.html", "package-lock.json", "package.json", "public", "src", "vite.config.js"];

/// The files that the command has inside, and the digest of their sources.
const BUILT: [&str; 5] = ["app.js", "icon.svg", "index.html", "licences.txt", "sources.sha256"];

/// The paths of all files at or below a path.
fn files(folder: &Path, path: &str) -> Vec<String> {
    if folder.join(path).is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(folder.join(path)).unwrap();
    entries.flat_map(|entry| files(folder, &format!("{path}/{}", entry.unwrap().file_name().to_str().unwrap()))).collect()
}

/// A copy of the sources in `target` with what npm installs for it; nothing where this machine or the registry lacks something.
pub(crate) fn installed() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match INSTALLED.get_or_init(install) {
        Ok(folder) => Some(folder),
        Err(reason) => {
            skip::because(reason);
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    if !["node", "npm"].iter().all(|name| Command::new(name).arg("--version").output().is_ok_and(|done| done.status.success())) {
        return Err("there is no npm (Debian packages nodejs and npm)".to_owned());
    }
    let (sources, work) = (root().join("form"), root().join("target/form"));
    for part in ["public", "src", "test"] {
        // What was there before and is no source any more would be built, too.
        let _ = fs::remove_dir_all(work.join(part));
    }
    for path in SOURCES.into_iter().chain(["test", ".npmrc"]).flat_map(|path| files(&sources, path)) {
        fs::create_dir_all(work.join(&path).parent().unwrap()).unwrap();
        fs::copy(sources.join(&path), work.join(&path)).unwrap();
    }
    // What was installed from this lock file serves again.
    let lock = fs::read_to_string(sources.join("package-lock.json")).unwrap();
    if fs::read_to_string(work.join("installed")).is_ok_and(|installed| installed == lock) {
        return Ok(work);
    }
    let done = Command::new("npm").args(["ci", "--no-progress"]).current_dir(&work).output().unwrap();
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!said.contains("EUSAGE"), "the lock file does not fit: {said}");
        return Err(format!("npm cannot install what builds the page: {}", said.lines().next().unwrap_or_default()));
    }
    fs::write(work.join("installed"), lock).unwrap();
    Ok(work)
}

#[test]
fn the_built_page_has_the_digest_of_its_sources() {
    let folder = root().join("form");
    let mut paths: Vec<String> = SOURCES.into_iter().flat_map(|path| files(&folder, path)).collect();
    paths.sort_unstable();
    let mut digest = Sha256::new();
    for path in paths {
        digest.update(format!("{path}\0"));
        digest.update(fs::read(folder.join(path)).unwrap());
        digest.update([0]);
    }
    let found: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let noted = fs::read_to_string(folder.join("dist/sources.sha256")).unwrap();
    assert_eq!(noted.trim_end(), found, "form/dist is stale: npm ci && npm run build in form");
}

#[test]
fn the_page_built_again_is_the_same_byte_by_byte() {
    let Some(work) = installed() else { return };
    let _ = fs::remove_dir_all(work.join("dist"));
    let done = Command::new("npm").args(["run", "--silent", "build"]).current_dir(work).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut found: Vec<String> = files(work, "dist").iter().map(|path| path["dist/".len()..].to_owned()).collect();
    found.sort_unstable();
    assert_eq!(found, BUILT);
    for name in BUILT {
        let [again, kept] = [work.join("dist"), root().join("form/dist")].map(|folder| fs::read(folder.join(name)).unwrap());
        assert!(again == kept, "{name} differs: npm ci && npm run build in form");
    }
}

#[test]
fn the_page_changes_a_document_where_it_should() {
    if !Command::new("node").arg("--version").output().is_ok_and(|done| done.status.success()) {
        return skip::because("there is no node (Debian package nodejs)");
    }
    let done = Command::new("node").args(["--test", "test/document.test.mjs"]).current_dir(root().join("form")).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

#[test]
fn the_page_says_everything_in_every_language_and_nothing_in_vain() {
    let folder = root().join("form/src");
    let words = |language: &str| -> Map<String, Value> {
        serde_json::from_str(&fs::read_to_string(folder.join(format!("locales/{language}.json"))).unwrap()).unwrap()
    };
    let english = words("en");
    for language in ["de", "sl"] {
        let words = words(language);
        let names = |words: &Map<String, Value>| words.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&words), names(&english), "{language}");
        for (name, sentence) in &words {
            let arguments = |text: &Value| {
                text.as_str().unwrap().split('{').skip(1).map(|rest| rest.split('}').next().unwrap().to_owned()).collect::<BTreeSet<_>>()
            };
            assert!(!sentence.as_str().unwrap().is_empty(), "{language} {name}");
            assert_eq!(arguments(sentence), arguments(&english[name]), "{language} {name}");
        }
    }
    let code: String = files(&folder, ".")
        .iter()
        .filter(|path| path.ends_with("js") || path.ends_with("jsx"))
        .map(|path| fs::read_to_string(folder.join(path)).unwrap())
        .collect();
    for name in english.keys() {
        let family = name.rsplit_once('.').map_or(name.as_str(), |(family, _)| family);
        assert!(code.contains(&format!("\"{name}\"")) || code.contains(&format!("`{family}.${{")), "{name} is not used");
    }
}

#[test]
fn nothing_that_is_committed_names_a_registry() {
    let folder = root().join("form");
    for path in SOURCES.into_iter().chain([".npmrc", "test"]).flat_map(|path| files(&folder, path)) {
        let text = fs::read_to_string(folder.join(&path)).unwrap();
        assert!(!text.contains("\"resolved\"") && !text.contains("registry."), "{path}");
    }
}
