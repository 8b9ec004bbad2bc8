//! The transports of this workspace, found by their folders: a new one is tested without being named anywhere.

use crate::project::root;
use std::io;

/// A transport of this workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transport {
    /// Its name, which is that of its folder.
    pub name: String,
    /// Its folder, from the root of the project.
    pub folder: String,
}

/// Those that customers get, in the order of their names.
pub fn shipped() -> io::Result<Vec<Transport>> {
    within("plugins")
}

/// Those and the ones that only serve the tests.
pub fn all() -> io::Result<Vec<Transport>> {
    Ok([shipped()?, within("tests/plugins")?].concat())
}

/// The crates in a folder that export a transport.
fn within(folder: &str) -> io::Result<Vec<Transport>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder))? {
        let entry = entry?;
        let Ok(source) = std::fs::read_to_string(entry.path().join("src/lib.rs")) else { continue };
        // The line of the transport itself; the SDK only speaks of it.
        if source.lines().any(|line| line.starts_with("postkontor_plugin::export!(")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            found.push(Transport { folder: format!("{folder}/{name}"), name });
        }
    }
    found.sort();
    Ok(found)
}
