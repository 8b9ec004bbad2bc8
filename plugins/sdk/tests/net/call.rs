//! How long a call may wait, and how long it did.

use std::time::{Duration, Instant};

/// The question at which a call is stopped in the middle of a wait: three questions are 100 ms into it.
pub(crate) const SHORT: u32 = 3;

/// Runs the work and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}
