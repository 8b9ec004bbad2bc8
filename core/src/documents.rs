//! The settings documents that accounts are open with: each is read and kept once, however many handles it serves.

use crate::settings::Document;
use postkontor_plugin::Error;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// How many documents are remembered. A program has one or a few; more are read for each handle, as if nothing were kept.
const MOST: usize = 16;

/// The documents that open handles use, by the SHA-256 of their text.
///
/// Only the handles keep a document alive: its passwords go from memory with the last of them, as they do without this.
#[derive(Default)]
pub(crate) struct Documents(Mutex<Vec<([u8; 32], Weak<Document>)>>);

impl Documents {
    /// The document of this text: one that a handle already uses, else what `read` makes of it.
    pub(crate) fn get(&self, text: &str, read: impl FnOnce() -> Result<Document, Error>) -> Result<Arc<Document>, Error> {
        let digest: [u8; 32] = Sha256::digest(text).into();
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().iter().find(|(other, _)| *other == digest).and_then(|(_, document)| document.upgrade());
        if let Some(document) = found {
            return Ok(document);
        }
        // Read without the lock: another document need not wait for this one. Two threads that read the same keep one each.
        let document = Arc::new(read()?);
        let mut known = known();
        known.retain(|(other, document)| *other != digest && document.strong_count() > 0);
        if known.len() == MOST {
            known.remove(0);
        }
        known.push((digest, Arc::downgrade(&document)));
        Ok(document)
    }
}
