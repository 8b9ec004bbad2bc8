//! How long a thread has worked, for tests of how time grows with size: the clock also counts what else the machine does.
#![allow(unreachable_pub, reason = "several test programs take it in, each at a place of its own")]

use std::time::Duration;

/// The time that this thread has worked.
pub fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
