//! Keys that stay loaded as long as their files are the same.

use crate::keys::now;
use crate::opened::Keys;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What was loaded, and of which files.
#[derive(Default)]
pub(crate) struct Kept {
    keys: Keys,
    files: Vec<(PathBuf, Stamp)>,
}

/// By which a file is known to be the same as before; `None` where it is not there.
pub(crate) type Stamp = Option<(u64, SystemTime)>;

impl Kept {
    pub(crate) fn new(keys: Keys, files: Vec<(PathBuf, Stamp)>) -> Self {
        Self { keys, files }
    }

    /// The keys as of now, where these are the files that they were loaded of.
    pub(crate) fn of(&self, files: &[(PathBuf, Stamp)]) -> Option<Arc<Keys>> {
        (self.files == files).then(|| Arc::new(Keys { now: now(), ..self.keys.clone() }))
    }
}

/// Files with what they look like now.
pub(crate) fn stamped<'a>(names: impl Iterator<Item = &'a String>) -> Vec<(PathBuf, Stamp)> {
    names.map(|name| (PathBuf::from(name), stamp(Path::new(name)))).collect()
}

fn stamp(file: &Path) -> Stamp {
    let found = file.metadata().ok()?;
    Some((found.len(), found.modified().ok()?))
}
