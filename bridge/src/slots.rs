//! How many connections there are, in all and from each address.

use crate::limits::Limits;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The places for connections of one server.
#[derive(Clone)]
pub(crate) struct Slots(Arc<Shared>);

struct Shared {
    all: usize,
    of_address: usize,
    taken: Mutex<Taken>,
    freed: Condvar,
}

#[derive(Default)]
struct Taken {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// A place that is taken until this goes.
pub(crate) struct Slot {
    slots: Slots,
    address: IpAddr,
}

impl Slots {
    pub(crate) fn new(limits: &Limits) -> Slots {
        let (all, of_address) = (limits.connections, limits.connections_of_address);
        Slots(Arc::new(Shared { all, of_address, taken: Mutex::default(), freed: Condvar::new() }))
    }

    /// Takes a place, if there is one.
    pub(crate) fn take(&self, address: IpAddr) -> Option<Slot> {
        let mut taken = self.taken();
        let of = taken.of.get(&address).copied().unwrap_or_default();
        if taken.all >= self.0.all || !address.is_loopback() && of >= self.0.of_address {
            return None;
        }
        taken.all += 1;
        taken.of.insert(address, of + 1);
        Some(Slot { slots: self.clone(), address })
    }

    /// Waits until no place is taken; whether it came to that.
    pub(crate) fn wait(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut taken = self.taken();
        while taken.all > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            taken = self.0.freed.wait_timeout(taken, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.all -= 1;
        let of = taken.of.get(&self.address).copied().unwrap_or_default();
        if of > 1 {
            taken.of.insert(self.address, of - 1);
        } else {
            taken.of.remove(&self.address);
        }
        self.slots.0.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_this_machine_has_all() {
        let slots = Slots::new(&Limits { connections: 3, connections_of_address: 1, ..Limits::default() });
        let (other, here): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "127.0.0.1".parse().unwrap());
        let first = slots.take(other).unwrap();
        assert!(slots.take(other).is_none());
        let more = [slots.take(here).unwrap(), slots.take(here).unwrap()];
        assert!(slots.take(here).is_none() && !slots.wait(Duration::ZERO));
        drop(first);
        drop(slots.take(other).unwrap());
        drop(more);
        assert!(slots.wait(Duration::ZERO) && slots.taken().of.is_empty());
    }
}
