//! What was read of folders with certificates, for all accounts of a host.

use super::Unusable;
use super::folder::Folder;
pub(crate) use super::folder::Going;
use postkontor_smime::encrypt::Recipient;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// So many folders and files are remembered.
const MOST: usize = 64;

/// The folders and single files that settings name.
#[derive(Default)]
pub(crate) struct Folders(Mutex<Vec<(PathBuf, Arc<Mutex<Folder>>)>>);

impl Folders {
    /// The certificates for an address in a folder or a file.
    pub(crate) fn of(&self, path: &Path, address: &str, going: &Going<'_>) -> Result<Vec<Recipient>, Unusable> {
        self.folder(path).lock().unwrap_or_else(PoisonError::into_inner).of(path, address, going)
    }

    /// How many certificates are in it.
    pub(crate) fn count(&self, path: &Path, going: &Going<'_>) -> Result<usize, Unusable> {
        self.folder(path).lock().unwrap_or_else(PoisonError::into_inner).count(path, going)
    }

    fn folder(&self, path: &Path) -> Arc<Mutex<Folder>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, folder)) = known.iter().find(|(other, _)| other == path) {
            return Arc::clone(folder);
        }
        if known.len() == MOST {
            known.remove(0);
        }
        let folder = Arc::default();
        known.push((path.to_owned(), Arc::clone(&folder)));
        folder
    }
}
