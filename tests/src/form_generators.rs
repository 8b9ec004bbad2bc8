//! The programs in JavaScript that judge and draw forms, installed by npm: ajv, react-jsonschema-form and JSON Forms.

use crate::skip;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// Installs what `tests/forms` names and bundles its pages, once for each state of it, in a folder of `target`; nothing where the machine
/// lacks something, and then the test has said so.
pub fn installed() -> io::Result<Option<PathBuf>> {
    if !["node", "npm"].iter().all(|name| Command::new(name).arg("--version").output().is_ok_and(|done| done.status.success())) {
        skip::because("there is no npm (Debian packages nodejs and npm)");
        return Ok(None);
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("forms");
    let work = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/forms");
    copy(&sources, &work)?;
    // What was installed and bundled from these files serves again.
    let stamp = stamp(&sources)?;
    if fs::read_to_string(work.join("stamp")).is_ok_and(|made| made == stamp) {
        return Ok(Some(work));
    }
    let installed = Command::new("npm").args(["ci", "--no-progress"]).current_dir(&work).output()?;
    if !installed.status.success() {
        let said = String::from_utf8_lossy(&installed.stderr).into_owned();
        if said.contains("EUSAGE") {
            return Err(io::Error::other(format!("the lock file does not fit: {said}")));
        }
        skip::because(&format!("npm cannot install the generators: {}", said.lines().next().unwrap_or_default()));
        return Ok(None);
    }
    let bundled = Command::new("node").args(["bundle.mjs", "pages"]).current_dir(&work).output()?;
    if !bundled.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&bundled.stderr).into_owned()));
    }
    fs::write(work.join("stamp"), stamp)?;
    Ok(Some(work))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// All that decides what is bundled.
fn stamp(folder: &Path) -> io::Result<String> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    paths.iter().map(|path| if path.is_dir() { stamp(path) } else { fs::read_to_string(path) }).collect()
}
