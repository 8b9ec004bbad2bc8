//! What a file looked like, to tell whether it has changed.

use std::fs;
use std::time::{Duration, SystemTime};

/// The clocks of file systems are no finer than this: what was changed so short ago may have been changed once more.
const GRAIN: Duration = Duration::from_secs(2);

/// What a file or a folder looked like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stamp {
    size: u64,
    changed: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(metadata: &fs::Metadata) -> Stamp {
        Stamp { size: metadata.len(), changed: metadata.modified().ok() }
    }

    /// Whether it may have changed since without looking otherwise.
    pub(super) fn is_recent(&self) -> bool {
        self.changed.is_none_or(|changed| SystemTime::now().duration_since(changed).unwrap_or_default() < GRAIN)
    }
}
