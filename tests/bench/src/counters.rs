//! What a server has seen since it was last asked.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters shared by all connections.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections accepted.
    pub connections: AtomicU64,
    /// Mails that were taken to their proper end, or given.
    pub mails: AtomicU64,
    /// Recipients named for the mails that were taken.
    pub recipients: AtomicU64,
    /// Bytes of message content as they came over the wire.
    pub bytes: AtomicU64,
    /// Times that the server had answered all it got. Without pipelining that is one for each command.
    pub turns: AtomicU64,
    /// Commands that are unknown or out of order, and mails that the connection's end cut off.
    pub errors: AtomicU64,
}

/// The counters at one moment, printed as JSON.
pub struct Snapshot([(&'static str, u64); 6]);

impl Counters {
    /// Reads the counters and sets them to zero.
    pub fn take(&self) -> Snapshot {
        let take = |counter: &AtomicU64| counter.swap(0, Relaxed);
        Snapshot([
            ("connections", take(&self.connections)),
            ("mails", take(&self.mails)),
            ("recipients", take(&self.recipients)),
            ("bytes", take(&self.bytes)),
            ("turns", take(&self.turns)),
            ("errors", take(&self.errors)),
        ])
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = '{';
        for (name, value) in self.0 {
            write!(f, "{separator}\"{name}\":{value}")?;
            separator = ',';
        }
        f.write_str("}")
    }
}
