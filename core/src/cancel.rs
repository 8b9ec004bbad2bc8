//! Deadlines, and stopping from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Ends a call: at its deadline, or when another thread fires it. Clones are the same token.
///
/// A token outlives the call it is given to and may serve several, which then share the deadline.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    fired: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Cancel {
    /// A token whose deadline lies `deadline` from now. Without one, each call has its own finite default.
    pub fn new(deadline: Option<Duration>) -> Cancel {
        // A deadline beyond what the clock can express is no deadline.
        let deadline = deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        Cancel { fired: Arc::default(), deadline }
    }

    /// The same token for a part of a call, which ends after this time at the latest.
    pub(crate) fn within(&self, left: Duration) -> Cancel {
        let end = Instant::now().checked_add(left);
        let deadline = self.deadline.into_iter().chain(end).min();
        Cancel { fired: Arc::clone(&self.fired), deadline }
    }

    /// Stops every call that has the token, now or later. Any thread may fire it, any number of times.
    pub fn fire(&self) {
        self.fired.store(true, Ordering::Release);
    }

    /// Whether it was fired.
    pub fn is_fired(&self) -> bool {
        self.fired.load(Ordering::Acquire)
    }

    /// Whether the deadline has passed.
    pub fn is_overdue(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The time that is left, or `otherwise` where the token has no deadline.
    pub(crate) fn remaining(&self, otherwise: Duration) -> Duration {
        self.deadline.map_or(otherwise, |deadline| deadline.saturating_duration_since(Instant::now()))
    }
}
