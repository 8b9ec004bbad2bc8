//! What a check saw in files with keys and certificates: a second look at a file that did not change costs nothing.

use super::stamp::Stamp;
use super::{Unusable, key_file};
use postkontor_plugin::Secret;
use postkontor_smime::{Certificate, Identity};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// So many files are remembered.
const MOST: usize = 256;

/// How a file is opened.
#[derive(Clone, Copy)]
pub(crate) enum Opening<'a> {
    /// With its key, by this password or none.
    Key(Option<&'a Secret>),
    /// Without the key: its password is not known here.
    Closed,
    /// Certificates of others.
    Certificates,
}

/// What was seen in a file.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// Its certificates, or why there are none. For keys those that have one.
    pub(crate) found: Result<Vec<Certificate>, Unusable>,
}

/// Remembers what was seen, by path, length and time of change of the file, and by its password, of which nothing but a digest is kept.
#[derive(Default)]
pub struct Seen(Mutex<Vec<([u8; 32], Arc<Look>)>>);

impl Seen {
    /// Looks at a file.
    pub(crate) fn look(&self, file: &str, opening: Opening<'_>) -> Arc<Look> {
        let path = Path::new(file);
        let Some(key) = key(path, opening) else { return Arc::new(Look::at(path, opening)) };
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, look)) = known().iter().find(|(other, _)| *other == key) {
            return Arc::clone(look);
        }
        let look = Arc::new(Look::at(path, opening));
        self.remember(key, &look);
        // What was seen with a password is shown as well where that is a reference now, as after a form was saved: certificates are no secrets.
        if let (Opening::Key(_), Ok(_), Some(closed)) = (opening, &look.found, self::key(path, Opening::Closed)) {
            self.remember(closed, &look);
        }
        look
    }

    fn remember(&self, key: [u8; 32], look: &Arc<Look>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(other, _)| *other != key);
        if known.len() == MOST {
            known.remove(0);
        }
        known.push((key, Arc::clone(look)));
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seen")
    }
}

impl Look {
    fn at(path: &Path, opening: Opening<'_>) -> Look {
        let found = match opening {
            Opening::Key(password) => key_file::identities(path, password).map(own),
            Opening::Certificates => key_file::certificates(path),
            // PEM shows its certificates without a password; PKCS#12 shows nothing.
            Opening::Closed => key_file::read(path).and_then(|bytes| match bytes.starts_with(b"\x30") {
                true => Ok(Vec::new()),
                false => key_file::certificates_in(path, &bytes),
            }),
        };
        Look { found }
    }
}

/// The certificates of identities, the one that signs first.
fn own(identities: Vec<Identity>) -> Vec<Certificate> {
    let mut certificates: Vec<Certificate> = identities.iter().map(|identity| identity.certificate().clone()).collect();
    certificates.sort_by_key(|certificate| !certificate.can_sign());
    certificates
}

/// What a file is known by; `None` where it cannot be looked at.
fn key(path: &Path, opening: Opening<'_>) -> Option<[u8; 32]> {
    let stamp = Stamp::of(&fs::metadata(path).ok()?);
    let (kind, password) = match opening {
        Opening::Key(password) => (if password.is_some() { 2 } else { 1 }, password.map_or("", Secret::reveal)),
        Opening::Closed => (3, ""),
        Opening::Certificates => (4, ""),
    };
    let mut digest = Sha256::new();
    digest.update([kind]);
    digest.update(path.as_os_str().as_encoded_bytes());
    digest.update(format!("\0{stamp:?}\0"));
    digest.update(password);
    Some(digest.finalize().into())
}
