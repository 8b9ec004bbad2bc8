//! The certificates of others in a folder or a file, by their addresses.

use super::key_file::{self, certificates};
use super::recent::Recent;
use super::stamp::Stamp;
use super::{Unusable, announced};
use crate::texts;
use postkontor_smime::Certificate;
use postkontor_smime::encrypt::Recipient;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The names of files that may have certificates end so.
const ENDINGS: [&str; 6] = ["pem", "crt", "cer", "der", "p7b", "p7c"];

/// So long what was read of a folder counts, although a file in it may have been written over: that does not change the folder.
const FRESH: Duration = Duration::from_secs(60);

/// A folder, or a single file, with certificates. Of each file the addresses are kept; the certificates only of those that were needed last.
#[derive(Default)]
pub(super) struct Folder {
    stamp: Option<Stamp>,
    read_at: Option<Instant>,
    files: HashMap<PathBuf, Listed>,
    /// The files with certificates for an address in small letters.
    by_address: HashMap<String, BTreeSet<PathBuf>>,
    recent: Recent,
}

/// A file of the folder.
struct Listed {
    stamp: Stamp,
    addresses: Vec<String>,
    count: usize,
}

/// How reading goes.
pub(crate) struct Going<'a> {
    /// Whether to go on.
    pub(crate) on: &'a dyn Fn() -> bool,
    /// Takes a line for the log.
    pub(crate) note: &'a dyn Fn(String),
}

impl Folder {
    /// The certificates for an address. What changed since it was read is read again.
    pub(super) fn of(&mut self, path: &Path, address: &str, going: &Going<'_>) -> Result<Vec<Recipient>, Unusable> {
        self.refresh(path, going)?;
        let files = self.by_address.get(&address.to_lowercase());
        let mut found = Vec::new();
        for file in files.into_iter().flatten() {
            match recipients(file, &mut self.recent) {
                Ok(all) => found.extend(all.into_iter().filter(|recipient| recipient.certificate.is_for(address))),
                Err(unusable) => skipped(file, &unusable, going),
            }
        }
        Ok(found)
    }

    /// How many certificates there are.
    pub(super) fn count(&mut self, path: &Path, going: &Going<'_>) -> Result<usize, Unusable> {
        self.refresh(path, going)?;
        Ok(self.files.values().map(|listed| listed.count).sum())
    }

    fn refresh(&mut self, path: &Path, going: &Going<'_>) -> Result<(), Unusable> {
        let unread = |error| Unusable::unread(path, &error);
        let metadata = fs::metadata(path).map_err(unread)?;
        let stamp = Stamp::of(&metadata);
        let is_fresh = self.read_at.is_some_and(|read_at| read_at.elapsed() < FRESH);
        if is_fresh && self.stamp == Some(stamp) && !stamp.is_recent() {
            return Ok(());
        }
        if metadata.is_dir() {
            if !self.read_folder(path, going)? {
                return Ok(());
            }
        } else {
            // A file that is named by itself has to be one with certificates.
            let listed = Listed::of(&certificates(path)?, stamp);
            self.forget_all();
            self.note(path.to_owned(), listed);
        }
        (self.stamp, self.read_at) = (Some(stamp), Some(Instant::now()));
        Ok(())
    }

    /// Reads the files of a folder that are new or have changed; whether it came to the end. Where it is stopped, the next call goes on.
    fn read_folder(&mut self, path: &Path, going: &Going<'_>) -> Result<bool, Unusable> {
        let unread = |error| Unusable::unread(path, &error);
        let mut former = std::mem::take(&mut self.files);
        self.by_address.clear();
        for entry in fs::read_dir(path).map_err(unread)? {
            let file = entry.map_err(unread)?.path();
            if !is_named_like_one(&file) {
                continue;
            }
            let Ok(metadata) = fs::metadata(&file) else { continue };
            let stamp = Stamp::of(&metadata);
            let known = former.remove(&file).filter(|known| known.stamp == stamp && !stamp.is_recent());
            let listed = match known {
                Some(known) => known,
                None if !(going.on)() => {
                    former.into_iter().for_each(|(file, listed)| self.note(file, listed));
                    return Ok(false);
                }
                None => match certificates(&file) {
                    Ok(found) => Listed::of(&found, stamp),
                    Err(unusable) => {
                        skipped(&file, &unusable, going);
                        Listed::of(&[], stamp)
                    }
                },
            };
            self.note(file, listed);
        }
        Ok(true)
    }

    fn note(&mut self, file: PathBuf, listed: Listed) {
        for address in &listed.addresses {
            self.by_address.entry(address.clone()).or_default().insert(file.clone());
        }
        self.files.insert(file, listed);
    }

    fn forget_all(&mut self) {
        self.files.clear();
        self.by_address.clear();
    }
}

/// The certificates of a file, the first with what its owner's program can decrypt, where the file says.
fn recipients(file: &Path, recent: &mut Recent) -> Result<Vec<Recipient>, Unusable> {
    let stamp = fs::metadata(file).ok().map(|metadata| Stamp::of(&metadata)).filter(|stamp| !stamp.is_recent());
    if let Some(known) = stamp.and_then(|stamp| recent.of(file, stamp)) {
        return Ok(known);
    }
    let bytes = key_file::read(file)?;
    let mut recipients: Vec<Recipient> = key_file::certificates_in(file, &bytes)?.into_iter().map(Recipient::new).collect();
    if let Some(first) = recipients.first_mut() {
        first.capabilities = announced::capabilities(&bytes);
    }
    if let Some(stamp) = stamp {
        recent.remember(file, stamp, &recipients);
    }
    Ok(recipients)
}

impl Listed {
    fn of(certificates: &[Certificate], stamp: Stamp) -> Listed {
        let addresses = certificates.iter().flat_map(Certificate::emails).map(|address| address.to_lowercase()).collect();
        Listed { stamp, addresses, count: certificates.len() }
    }
}

fn is_named_like_one(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn skipped(file: &Path, unusable: &Unusable, going: &Going<'_>) {
    (going.note)(format!("certificates: {} is left out: {}", texts::path(file), unusable.detail));
}
