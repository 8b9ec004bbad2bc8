//! Hosts for calls: one that lets everything pass, one that wants to stop.

use postkontor_plugin::{Call, Host, Level, Secret, Status};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A host that asks the call to stop when it is asked for the n-th time whether to go on.
pub(crate) struct Patience {
    questions: AtomicU32,
    limit: u32,
}

impl Patience {
    pub(crate) fn endless() -> Patience {
        Patience { questions: AtomicU32::new(0), limit: u32::MAX }
    }

    /// Three questions are 100 ms into the wait.
    pub(crate) fn short() -> Patience {
        Patience { questions: AtomicU32::new(0), limit: 3 }
    }

    pub(crate) fn call(&self, limit: Duration) -> Call<'_> {
        Call::new(self, Instant::now() + limit)
    }
}

impl Host for Patience {
    fn log(&self, _: Level, _: &str) {}

    fn progress(&self, _: u64, _: u64) -> Result<(), Status> {
        if self.questions.fetch_add(1, Ordering::Relaxed) + 1 >= self.limit { Err(Status::Cancelled) } else { Ok(()) }
    }

    fn secret_get(&self, _: &str) -> Result<Secret, Status> {
        Err(Status::NotFound)
    }

    fn secret_put(&self, _: &str, _: &Secret) -> Result<(), Status> {
        Err(Status::NotFound)
    }

    fn read(&self, _: u64, _: &mut [u8]) -> Result<usize, Status> {
        Err(Status::NotFound)
    }

    fn write(&self, _: u64, _: &[u8]) -> Result<(), Status> {
        Err(Status::NotFound)
    }
}

/// Far beyond every test; whoever reaches it has hung.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Runs the work and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}
