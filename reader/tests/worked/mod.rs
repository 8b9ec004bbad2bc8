//! How long a thread has worked, for tests of how time grows with size: the clock also counts what else the machine does.
#![allow(unreachable_pub, reason = "several test programs take it in, each at a place of its own")]

use std::time::Duration;

/// The time that this thread has worked.
#[cfg(unix)]
pub fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Windows counts a thread's time in steps of 15 ms; the clock has to do.
#[cfg(not(unix))]
pub fn worked() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}
