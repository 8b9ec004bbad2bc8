//! Waiting for new messages.
//!
//! A transport whose server announces new messages (IMAP IDLE) waits by itself. All others have to ask: a transport that returns early
//! with nothing is asked again after a pause, and need not know that the program waits.

use crate::error::failed;
use crate::{Callbacks, Cancel};
use postkontor_plugin::{Error, Stage, Status};
use std::time::{Duration, Instant};

/// The pause before a transport is asked again, unless it asks for a longer one. Each time may cost a login.
const PAUSE: Duration = Duration::from_secs(60);

/// What is kept of the time up to the deadline for fetching what came: a tenth, and no more than this.
const RESERVE: Duration = Duration::from_secs(60);

/// No call lasts longer.
const DAY: u64 = 86_400;

/// How often the program is asked whether to go on; the C ABI promises every 100 ms.
const SLICE: Duration = Duration::from_millis(50);

/// A wait for new messages.
pub(crate) struct Wait {
    until: Instant,
}

impl Wait {
    /// A wait of so many seconds, or as long as the deadline allows.
    pub(crate) fn new(seconds: u64, cancel: &Cancel) -> Wait {
        let longest = Duration::from_secs(seconds.min(DAY));
        let remaining = cancel.remaining(longest + 10 * RESERVE);
        let longest = longest.min(remaining - RESERVE.min(remaining / 10));
        // Whole seconds, as transports count them.
        Wait { until: Instant::now() + Duration::from_secs(longest.as_secs()) }
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// What is left of it, in seconds, to the nearest: part of the first one is over already when the transport gets the request.
    pub(crate) fn seconds(&self) -> u64 {
        (self.left() + Duration::from_millis(500)).as_secs()
    }

    /// Pauses after a transport found nothing; whether it is to be asked again. `again_seconds` is the pause that it asks for.
    pub(crate) fn pause(&self, again_seconds: Option<u64>, callbacks: &dyn Callbacks, cancel: &Cancel) -> Result<bool, Error> {
        let left = self.left();
        let pause = PAUSE.min(left).max(Duration::from_secs(again_seconds.unwrap_or_default()));
        let is_asked_again = !left.is_zero() && pause <= left;
        let end = Instant::now() + pause.min(left);
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Ok(is_asked_again);
            }
            if !callbacks.progress(0, 0) || cancel.is_fired() {
                return Err(failed(Status::Cancelled, "call.cancelled").stage(Stage::Fetch));
            }
            std::thread::sleep(rest.min(SLICE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(wait: u64, deadline: Option<u64>) -> u64 {
        Wait::new(wait, &Cancel::new(deadline.map(Duration::from_secs))).seconds()
    }

    #[test]
    fn a_wait_leaves_time_to_fetch_before_the_deadline() {
        assert_eq!(seconds(30, None), 30);
        assert_eq!(seconds(30, Some(300)), 30);
        assert_eq!(seconds(3600, Some(3600)), 3539);
        assert_eq!(seconds(30, Some(30)), 26);
        assert_eq!(seconds(30, Some(0)), 0);
        assert_eq!(seconds(u64::MAX, None), DAY);
    }

    #[test]
    fn a_transport_that_wants_peace_for_longer_is_not_asked_again() {
        let cancel = Cancel::default();
        let wait = Wait::new(0, &cancel);
        assert!(!wait.pause(None, &(), &cancel).unwrap());
        let wait = Wait::new(1, &cancel);
        assert!(!wait.pause(Some(900), &(), &cancel).unwrap());
        assert!(wait.left().is_zero());
    }

    #[test]
    fn a_transport_that_wants_no_peace_is_left_in_peace_all_the_same() {
        let cancel = Cancel::default();
        let wait = Wait::new(1, &cancel);
        assert!(wait.pause(Some(0), &(), &cancel).unwrap());
        assert!(wait.left().is_zero());
    }

    #[test]
    fn a_wait_that_is_stopped_ends_at_once() {
        struct Impatient;
        impl Callbacks for Impatient {
            fn progress(&self, _: u64, _: u64) -> bool {
                false
            }
        }
        let cancel = Cancel::default();
        let wait = Wait::new(DAY, &cancel);
        assert_eq!(wait.pause(None, &Impatient, &cancel).unwrap_err().status, Status::Cancelled);
        cancel.fire();
        assert_eq!(wait.pause(None, &(), &cancel).unwrap_err().status, Status::Cancelled);
    }
}
