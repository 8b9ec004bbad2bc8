//! What is fetched or built once and kept outside of the clone: `~/.cache/postkontor/NAME`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The file that says that a folder holds all it should: its maker came to the end.
const COMPLETE: &str = ".complete";

/// The folder `name` of the cache. Where it is not complete, `make` gets it empty and fills it; another process that wants it meanwhile waits.
pub(crate) fn provide(name: &str, make: impl FnOnce(&Path) -> Result<(), String>) -> Result<PathBuf, String> {
    let root = root()?;
    fs::create_dir_all(&root).map_err(at(&root))?;
    let lock = root.join(format!("{name}.lock"));
    let file = File::create(&lock).map_err(at(&lock))?;
    file.lock().map_err(at(&lock))?;
    let folder = root.join(name);
    if folder.join(COMPLETE).exists() {
        return Ok(folder);
    }
    empty(&folder)?;
    make(&folder)?;
    fs::write(folder.join(COMPLETE), "").map_err(at(&folder))?;
    Ok(folder)
}

/// The folder `name` of the cache where it is complete.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let folder = root().ok()?.join(name);
    folder.join(COMPLETE).exists().then_some(folder)
}

/// Makes a folder that has nothing in it.
pub(crate) fn empty(folder: &Path) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(at(folder))?;
    }
    fs::create_dir_all(folder).map_err(at(folder))
}

/// Where the cache lies: `POSTKONTOR_CACHE`, else the user's own.
fn root() -> Result<PathBuf, String> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("POSTKONTOR_CACHE")
        .or_else(|| given("XDG_CACHE_HOME").map(|folder| folder.join("postkontor")))
        .or_else(|| given("HOME").map(|home| home.join(".cache").join("postkontor")))
        .ok_or_else(|| "neither POSTKONTOR_CACHE nor HOME names a folder for the cache".to_owned())
}

/// Says which file or folder an error is about.
pub(crate) fn at(path: &Path) -> impl Fn(std::io::Error) -> String {
    let shown = path.display().to_string();
    move |error| format!("{shown}: {error}")
}
