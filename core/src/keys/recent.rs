//! Certificates that were needed a short while ago: a bulk of mails has few recipients, and reading a certificate costs as much as encrypting for it.

use super::stamp::Stamp;
use postkontor_smime::encrypt::Recipient;
use std::path::{Path, PathBuf};

/// So many files are remembered.
const MOST: usize = 64;

/// A file with more certificates than this is a collection, and stays on the disk.
const LARGEST: usize = 8;

/// The files whose certificates were needed last, the last one first.
#[derive(Default)]
pub(super) struct Recent(Vec<(PathBuf, Stamp, Vec<Recipient>)>);

impl Recent {
    /// What was in a file that looked like this.
    pub(super) fn of(&mut self, file: &Path, stamp: Stamp) -> Option<Vec<Recipient>> {
        let place = self.0.iter().position(|(known, as_it_was, _)| known == file && *as_it_was == stamp)?;
        self.0[..=place].rotate_right(1);
        Some(self.0[0].2.clone())
    }

    /// Remembers what is in a file.
    pub(super) fn remember(&mut self, file: &Path, stamp: Stamp, recipients: &[Recipient]) {
        self.0.retain(|(known, ..)| known != file);
        if recipients.len() <= LARGEST {
            self.0.truncate(MOST - 1);
            self.0.insert(0, (file.to_owned(), stamp, recipients.to_vec()));
        }
    }
}
