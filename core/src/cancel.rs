//! Deadlines, stopping from another thread, and the question whether to go on.

use crate::Callbacks;
use crate::error::failed;
use postkontor_plugin::{Error, Status};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Ends a call: at its deadline, or when another thread fires it. Clones are the same token.
///
/// A token outlives the call it is given to and may serve several, which then share the deadline.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Token>);

#[derive(Debug, Default)]
struct Token {
    fired: AtomicBool,
    deadline: Option<Instant>,
}

impl Cancel {
    /// A token whose deadline lies `deadline` from now. Without one, each call has its own finite default.
    pub fn new(deadline: Option<Duration>) -> Cancel {
        // A deadline beyond what the clock can express is no deadline.
        let deadline = deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        Cancel(Arc::new(Token { fired: AtomicBool::new(false), deadline }))
    }

    /// Stops every call that has the token, now or later. Any thread may fire it, any number of times.
    pub fn fire(&self) {
        self.0.fired.store(true, Ordering::Release);
    }

    /// Whether somebody fired it.
    pub fn is_fired(&self) -> bool {
        self.0.fired.load(Ordering::Acquire)
    }

    /// Whether the deadline has passed.
    pub fn is_overdue(&self) -> bool {
        self.0.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The time that is left, or `otherwise` where the token has no deadline.
    pub(crate) fn remaining(&self, otherwise: Duration) -> Duration {
        self.0.deadline.map_or(otherwise, |deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// How often a program is asked whether to go on: half of the 100 ms that the C ABI promises.
const POLL: Duration = Duration::from_millis(50);

/// Asks, in the middle of work on the caller's thread, whether that work is to go on: the token, and the program through its progress
/// callback. Transports ask the same through `postkontor_plugin::Call`.
pub struct Checkpoint<'a> {
    callbacks: &'a dyn Callbacks,
    cancel: &'a Cancel,
    asked: Cell<Instant>,
    poll: Duration,
}

impl<'a> Checkpoint<'a> {
    /// A checkpoint of one call.
    pub fn new(callbacks: &'a dyn Callbacks, cancel: &'a Cancel) -> Checkpoint<'a> {
        Checkpoint { callbacks, cancel, asked: Cell::new(Instant::now()), poll: POLL }
    }

    /// Asks the program more or less often than every 50 ms.
    #[must_use]
    pub fn every(self, poll: Duration) -> Checkpoint<'a> {
        Checkpoint { poll, ..self }
    }

    /// Fails when the deadline has passed or the call is to stop. Cheap enough for every block of some kilobytes.
    pub fn pass(&self) -> Result<(), Error> {
        if self.cancel.is_fired() {
            return Err(failed(Status::Cancelled, "call.cancelled"));
        }
        let now = Instant::now();
        if self.cancel.0.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(failed(Status::Timeout, "call.timeout"));
        }
        if now.duration_since(self.asked.get()) >= self.poll {
            self.asked.set(now);
            if !self.callbacks.progress(0, 0) {
                return Err(failed(Status::Cancelled, "call.cancelled"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_heeds_the_token_the_deadline_and_the_program() {
        struct Stop;
        impl Callbacks for Stop {
            fn progress(&self, _: u64, _: u64) -> bool {
                false
            }
        }
        let status = |callbacks: &dyn Callbacks, cancel: &Cancel| {
            let checkpoint = Checkpoint::new(callbacks, cancel).every(Duration::ZERO);
            checkpoint.pass().err().map(|error| error.status)
        };
        let fired = Cancel::default();
        fired.fire();
        assert_eq!(status(&(), &Cancel::default()), None);
        assert_eq!(status(&(), &fired), Some(Status::Cancelled));
        assert_eq!(status(&(), &Cancel::new(Some(Duration::ZERO))), Some(Status::Timeout));
        assert_eq!(status(&Stop, &Cancel::default()), Some(Status::Cancelled));
    }
}
