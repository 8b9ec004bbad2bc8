//! The end of the bridge: what waits ends at once, what is in flight has a moment more.

use postkontor_core::Cancel;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const RUNNING: u8 = 0;
const ENDING: u8 = 1;
const OVER: u8 = 2;

/// How far the bridge is on its way to its end. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Ending(Arc<Shared>);

#[derive(Default)]
struct Shared {
    phase: AtomicU8,
    /// The calls in flight.
    calls: Mutex<Vec<(u64, Cancel)>>,
}

/// A call in flight, which ends with the bridge.
pub(crate) struct Flight {
    ending: Ending,
    number: u64,
    cancel: Cancel,
}

impl Ending {
    /// From now on no client is waited for.
    pub(crate) fn begin(&self) {
        self.0.phase.fetch_max(ENDING, Ordering::AcqRel);
    }

    /// From now on nothing goes on.
    pub(crate) fn complete(&self) {
        self.0.phase.store(OVER, Ordering::Release);
        self.calls().iter().for_each(|(_, cancel)| cancel.fire());
    }

    /// Whether the bridge is to end.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.phase.load(Ordering::Acquire) != RUNNING
    }

    /// Whether what is in flight has to end, too.
    pub(crate) fn is_complete(&self) -> bool {
        self.0.phase.load(Ordering::Acquire) == OVER
    }

    /// The token of a call that may take this long and ends with the bridge.
    pub(crate) fn call(&self, deadline: Duration) -> Flight {
        let cancel = Cancel::new(Some(deadline));
        let mut calls = self.calls();
        let number = calls.last().map_or(0, |(last, _)| last + 1);
        calls.push((number, cancel.clone()));
        drop(calls);
        // The end may have come before the call was noted.
        if self.is_complete() {
            cancel.fire();
        }
        Flight { ending: self.clone(), number, cancel }
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, Vec<(u64, Cancel)>> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    /// The token itself.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.ending.calls().retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_ends_with_the_bridge_whenever_it_began() {
        let ending = Ending::default();
        let (early, gone) = (ending.call(Duration::from_secs(60)), ending.call(Duration::from_secs(60)));
        drop(gone);
        ending.begin();
        assert!(ending.has_begun() && !ending.is_complete() && !early.cancel().is_fired(), "what is in flight goes on");
        ending.complete();
        assert!(early.cancel().is_fired() && ending.call(Duration::from_secs(60)).cancel().is_fired());
        drop(early);
        assert_eq!(ending.calls().len(), 0, "what has ended is forgotten");
    }
}
