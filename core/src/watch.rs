//! Asks, during work of our own, whether it may go on.

use crate::error::failed;
use crate::{Callbacks, Cancel};
use postkontor_plugin::{Error, Status};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How often the program is asked; the C ABI promises every 100 ms.
const POLL: Duration = Duration::from_millis(50);

/// Asks whether to go on during long work that waits for no server: composing or reading a large message, saving its parts.
///
/// A transport asks the host while it waits for its server. Work of the host itself asks here, between its blocks and parts.
pub struct Watch<'a> {
    callbacks: &'a dyn Callbacks,
    cancel: &'a Cancel,
    deadline: Instant,
    asked: Cell<Instant>,
    stopped: Cell<Option<Status>>,
    poll: Duration,
}

impl<'a> Watch<'a> {
    /// A watch over a call that has so much time left.
    pub fn new(callbacks: &'a dyn Callbacks, cancel: &'a Cancel, left: Duration) -> Watch<'a> {
        let now = Instant::now();
        let deadline = now.checked_add(left).unwrap_or_else(|| now + Duration::from_secs(86_400));
        Watch { callbacks, cancel, deadline, asked: Cell::new(now), stopped: Cell::new(None), poll: POLL }
    }

    /// Asks the program more or less often than every 50 ms.
    #[must_use]
    pub fn every(self, poll: Duration) -> Watch<'a> {
        Watch { poll, ..self }
    }

    /// The time that is left.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Fails when the call has to end. Cheap enough for each block of some kilobytes.
    pub fn check(&self) -> Result<(), Error> {
        match self.stopped() {
            None => Ok(()),
            Some(status) => Err(failed(status, if status == Status::Timeout { "call.timeout" } else { "call.cancelled" })),
        }
    }

    /// With which status the call has to end, if it has to. A program that has once stopped it is not asked again.
    fn stopped(&self) -> Option<Status> {
        let now = Instant::now();
        if self.stopped.get().is_none() {
            let is_asked = now.duration_since(self.asked.get()) >= self.poll;
            if is_asked {
                self.asked.set(now);
            }
            if self.cancel.is_fired() || is_asked && !self.callbacks.progress(0, 0) {
                self.stopped.set(Some(Status::Cancelled));
            } else if now >= self.deadline {
                self.stopped.set(Some(Status::Timeout));
            }
        }
        self.stopped.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Default)]
    struct Impatient(AtomicU32);

    impl Callbacks for Impatient {
        fn progress(&self, _: u64, _: u64) -> bool {
            self.0.fetch_add(1, Ordering::Relaxed);
            false
        }
    }

    #[test]
    fn work_ends_when_the_call_does() {
        let hour = Duration::from_secs(3600);
        let (impatient, cancel) = (Impatient::default(), Cancel::default());
        assert_eq!(Watch::new(&(), &cancel, Duration::ZERO).check().unwrap_err().status, Status::Timeout);
        assert!(Watch::new(&(), &cancel, Duration::MAX).check().is_ok());
        let watch = Watch::new(&impatient, &cancel, hour);
        while watch.check().is_ok() {}
        assert_eq!(watch.check().unwrap_err().status, Status::Cancelled);
        // A program that has stopped the call is not asked again.
        assert_eq!(impatient.0.load(Ordering::Relaxed), 1);
        cancel.fire();
        assert_eq!(Watch::new(&(), &cancel, hour).check().unwrap_err().status, Status::Cancelled);
    }
}
