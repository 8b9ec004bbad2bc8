//! The folders of the project and of what was built.

use std::io;
use std::path::{Path, PathBuf};

/// The project's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// The folder that the program of these tests was built in: `target/debug` of `target/debug/deps/TEST`.
pub(crate) fn here() -> io::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "deps")).and_then(Path::parent);
    Ok(folder.or(here.parent()).unwrap_or(&here).to_owned())
}

/// The folder of all targets.
pub(crate) fn target() -> io::Result<PathBuf> {
    let here = here()?;
    Ok(here.parent().unwrap_or(&here).to_owned())
}
