//! Tickets: what C holds instead of pointers.
//!
//! A ticket is a number of 31 bits (so that it is positive in every language): the kind of thing, its place in a table, and
//! how often that place was used before. So a ticket that is stale, closed twice, of another kind or invented is found out, and no address is ever taken from C.
//!
//! Places are used again in the order in which they became free, and only once many are free, so that the number of a
//! closed handle comes back after millions of others.

use crate::abi::{AccountHandle, CancelHandle, HostHandle, MessageHandle, OutboxHandle};
use crate::features::Outbox;
use crate::thread;
use postkontor_core::{Account, Cancel, Host, Opened};
use postkontor_plugin::{Error, Status};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A type of thing that stands behind a handle.
pub(crate) trait Kind: Sized {
    /// The thing that the ticket stands for.
    type Thing;
    /// The last three bits of its tickets.
    const NUMBER: u32;
    /// The parameter's name in every function that takes one.
    const NAME: &'static str;
    fn table(registry: &mut Registry) -> &mut Table<Self::Thing>;
}

macro_rules! kinds {
    ($($handle:ty, $thing:ty, $number:literal, $name:literal, $table:ident;)*) => {
        /// Everything that is open.
        pub(crate) struct Registry { $($table: Table<$thing>,)* }

        static REGISTRY: Mutex<Registry> = Mutex::new(Registry { $($table: Table::new(),)* });

        $(impl Kind for $handle {
            type Thing = $thing;
            const NUMBER: u32 = $number;
            const NAME: &'static str = $name;
            fn table(registry: &mut Registry) -> &mut Table<$thing> { &mut registry.$table }
        })*
    };
}

kinds! {
    HostHandle, Arc<Host>, 0, "host", hosts;
    AccountHandle, Account, 1, "account", accounts;
    MessageHandle, Opened, 2, "message", messages;
    CancelHandle, Cancel, 3, "cancel", cancels;
    OutboxHandle, Outbox, 4, "outbox", outboxes;
}

fn registry() -> MutexGuard<'static, Registry> {
    // Nothing panics while it is locked; and if it did, the tables would still be whole.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a thing into its table. `owner` is the host whose closing closes it, too.
pub(crate) fn open<K: Kind>(thing: K::Thing, owner: Option<*mut HostHandle>) -> Result<*mut K, Error> {
    let owner = owner.map_or(0, |owner| owner.addr());
    let entry = Entry { thing: Some(thing), users: 0, owner, process: thread::process(), broken: false };
    let ticket = K::table(&mut registry()).put(entry, K::NUMBER);
    ticket
        .map(|ticket| std::ptr::without_provenance_mut(ticket as usize))
        .ok_or_else(|| wrong(Status::Internal, "handle.exhausted", K::NAME))
}

/// A thing that several threads may use at a time, until the value is dropped.
pub(crate) fn share<K: Kind>(handle: *mut K) -> Result<Shared<K>, Error>
where
    K::Thing: Clone,
{
    let mut registry = registry();
    let entry = K::table(&mut registry).find::<K>(handle)?;
    let thing = entry.thing.clone().ok_or_else(|| busy(K::NAME))?;
    entry.users += 1;
    Ok(Shared { thing, handle })
}

/// A thing that one thread uses at a time, until the value is dropped.
pub(crate) fn lend<K: Kind>(handle: *mut K) -> Result<Lent<K>, Error> {
    let mut registry = registry();
    let entry = K::table(&mut registry).find::<K>(handle)?;
    if entry.broken {
        return Err(wrong(Status::Internal, "handle.broken", K::NAME));
    }
    let thing = entry.thing.take().ok_or_else(|| busy(K::NAME))?;
    entry.users += 1;
    Ok(Lent { thing: Some(thing), handle, owner: std::ptr::without_provenance_mut(entry.owner) })
}

/// The host that an object belongs to, where both are open.
pub(crate) fn host<K: Kind>(object: *mut K) -> Option<Arc<Host>> {
    let mut registry = registry();
    let owner = match K::NUMBER {
        HostHandle::NUMBER => object.cast(),
        _ => std::ptr::without_provenance_mut(K::table(&mut registry).find::<K>(object).ok()?.owner),
    };
    registry.hosts.find::<HostHandle>(owner).ok()?.thing.clone()
}

/// Takes a thing out of its table for good. The caller drops it, which may take time and call back.
pub(crate) fn close<K: Kind>(handle: *mut K) -> Result<Option<K::Thing>, Error> {
    let mut registry = registry();
    let table = K::table(&mut registry);
    if table.find::<K>(handle)?.users > 0 {
        return Err(busy(K::NAME));
    }
    Ok(table.take(handle.addr()))
}

/// A host and all that was opened with it, out of their tables. Dropped in the order of its members: the host last.
pub(crate) struct Closed {
    _outboxes: Vec<Outbox>,
    _accounts: Vec<Account>,
    _messages: Vec<Opened>,
    _host: Option<Arc<Host>>,
}

/// Takes a host out of its table, and what was opened with it. Nothing is taken while any of it is in use.
pub(crate) fn close_host(handle: *mut HostHandle) -> Result<Closed, Error> {
    let mut registry = registry();
    if registry.hosts.find::<HostHandle>(handle)?.users > 0 {
        return Err(busy(HostHandle::NAME));
    }
    let owner = handle.addr();
    if registry.accounts.is_used_by(owner) || registry.messages.is_used_by(owner) || registry.outboxes.is_used_by(owner) {
        return Err(busy(HostHandle::NAME));
    }
    Ok(Closed {
        _outboxes: registry.outboxes.take_owned_by(owner),
        _accounts: registry.accounts.take_owned_by(owner),
        _messages: registry.messages.take_owned_by(owner),
        _host: registry.hosts.take(owner),
    })
}

/// A clone of a thing, counted as a use of it.
pub(crate) struct Shared<K: Kind> {
    thing: K::Thing,
    handle: *mut K,
}

impl<K: Kind> std::ops::Deref for Shared<K> {
    type Target = K::Thing;
    fn deref(&self) -> &K::Thing {
        &self.thing
    }
}

impl<K: Kind> Drop for Shared<K> {
    fn drop(&mut self) {
        if let Ok(entry) = K::table(&mut registry()).find::<K>(self.handle) {
            entry.users -= 1;
        }
    }
}

/// A thing that is out of its table meanwhile.
pub(crate) struct Lent<K: Kind> {
    thing: Option<K::Thing>,
    handle: *mut K,
    owner: *mut HostHandle,
}

impl<K: Kind> Lent<K> {
    /// The host that it was opened with.
    pub(crate) fn owner(&self) -> *mut HostHandle {
        self.owner
    }

    /// The thing.
    pub(crate) fn get(&mut self) -> Result<&mut K::Thing, Error> {
        // Only drop takes it out.
        self.thing.as_mut().ok_or_else(|| busy(K::NAME))
    }
}

impl<K: Kind> Drop for Lent<K> {
    fn drop(&mut self) {
        let mut thing = self.thing.take();
        if let Ok(entry) = K::table(&mut registry()).find::<K>(self.handle) {
            entry.users -= 1;
            // After a panic the session may have stopped in the middle of a command: it must not send another.
            entry.broken = std::thread::panicking();
            if !entry.broken {
                entry.thing = thing.take();
            }
        }
        // A broken one is dropped here, when the registry is not locked any more.
        drop(thing);
    }
}

fn wrong(status: Status, code: &str, name: &str) -> Error {
    Error::new(status, code).arg("argument", name)
}

fn busy(name: &str) -> Error {
    wrong(Status::Busy, "handle.busy", name)
}

struct Entry<T> {
    /// `None` while it is lent, or when it is broken.
    thing: Option<T>,
    users: u32,
    /// The ticket of the host that it was opened with, or 0.
    owner: usize,
    /// The process that opened it. A child after fork shares its connection with the parent, so it gets none of it.
    process: u32,
    broken: bool,
}

/// Things of one kind by the place in their ticket.
pub(crate) struct Table<T> {
    slots: Vec<Slot<T>>,
    free: VecDeque<u16>,
}

struct Slot<T> {
    /// Counts the uses of the place; never 0, so that no ticket is null.
    generation: u16,
    entry: Option<Entry<T>>,
}

/// Places in a table: what 14 bits can number.
const PLACES: usize = 1 << 14;
/// After it a place begins again with 1: what 14 bits can number.
const LAST_GENERATION: u16 = 0x3fff;
/// The bits of a ticket that say of what kind it is.
const KIND: u32 = 3;
/// The bits below those of the generation.
const BELOW: u32 = KIND + 14;
/// As long as fewer places are free, a new one is taken.
const RESERVE: usize = 256;

impl<T> Table<T> {
    const fn new() -> Table<T> {
        Table { slots: Vec::new(), free: VecDeque::new() }
    }

    fn put(&mut self, entry: Entry<T>, kind: u32) -> Option<u32> {
        if self.slots.len() < PLACES && self.free.len() < RESERVE {
            let place = self.slots.len() as u32;
            self.slots.push(Slot { generation: 1, entry: Some(entry) });
            return Some(1 << BELOW | place << KIND | kind);
        }
        let place = self.free.pop_front()?;
        let slot = self.slots.get_mut(usize::from(place))?;
        slot.entry = Some(entry);
        Some(u32::from(slot.generation) << BELOW | u32::from(place) << KIND | kind)
    }

    fn slot(&mut self, ticket: usize) -> Option<&mut Slot<T>> {
        let ticket = u32::try_from(ticket).ok()?;
        self.slots.get_mut((ticket >> KIND) as usize & (PLACES - 1)).filter(|slot| u32::from(slot.generation) == ticket >> BELOW)
    }

    fn find<K: Kind<Thing = T>>(&mut self, handle: *mut K) -> Result<&mut Entry<T>, Error> {
        let ticket = handle.addr();
        if ticket == 0 {
            return Err(wrong(Status::Argument, "argument.null", K::NAME));
        }
        if ticket as u32 & ((1 << KIND) - 1) != K::NUMBER {
            return Err(wrong(Status::Argument, "handle.unknown", K::NAME));
        }
        let entry = self.slot(ticket).and_then(|slot| slot.entry.as_mut());
        let entry = entry.ok_or_else(|| wrong(Status::Argument, "handle.unknown", K::NAME))?;
        if entry.process != thread::process() {
            return Err(wrong(Status::Argument, "handle.forked", K::NAME));
        }
        Ok(entry)
    }

    fn take(&mut self, ticket: usize) -> Option<T> {
        let slot = self.slot(ticket)?;
        let entry = slot.entry.take()?;
        slot.generation = if slot.generation < LAST_GENERATION { slot.generation + 1 } else { 1 };
        self.free.push_back((ticket >> KIND & (PLACES - 1)) as u16);
        entry.thing
    }

    fn owned_by(&self, owner: usize) -> impl Iterator<Item = (usize, &Entry<T>)> {
        let entries = self.slots.iter().enumerate().filter_map(|(place, slot)| {
            let ticket = usize::from(slot.generation) << BELOW | place << KIND;
            Some((ticket, slot.entry.as_ref()?))
        });
        entries.filter(move |(_, entry)| entry.owner == owner)
    }

    fn is_used_by(&self, owner: usize) -> bool {
        self.owned_by(owner).any(|(_, entry)| entry.users > 0)
    }

    fn take_owned_by(&mut self, owner: usize) -> Vec<T> {
        let tickets: Vec<_> = self.owned_by(owner).map(|(ticket, _)| ticket).collect();
        tickets.into_iter().filter_map(|ticket| self.take(ticket)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cancel() -> *mut CancelHandle {
        open(Cancel::new(None), None).unwrap()
    }

    fn code<T>(result: Result<T, Error>) -> String {
        result.err().map(|error| error.code.clone()).unwrap_or_default()
    }

    #[test]
    fn a_closed_handle_stays_closed_although_its_place_is_used_again() {
        let first = cancel();
        assert!(close(first).is_ok());
        for _ in 0..3 * RESERVE {
            assert!(close(cancel()).is_ok());
        }
        assert_eq!(code(close(first)), "handle.unknown");
        assert_eq!(code(share(first)), "handle.unknown");
    }

    #[test]
    fn a_handle_of_another_kind_is_found_out() {
        let handle = cancel();
        for other in [0, 1, 2, 4, 5, 6, 7] {
            let ticket = handle.addr() & !7 | other;
            assert_eq!(code(share(std::ptr::without_provenance_mut::<CancelHandle>(ticket))), "handle.unknown");
        }
        assert_eq!(code(lend(handle.cast::<AccountHandle>())), "handle.unknown");
        assert_eq!(code(share(handle.cast::<HostHandle>())), "handle.unknown");
        assert!(close(handle).is_ok());
    }

    #[test]
    fn a_handle_in_use_is_not_closed_nor_lent_twice() {
        let handle = cancel();
        let lent = lend(handle).unwrap();
        assert_eq!(code(lend(handle)), "handle.busy");
        assert_eq!(code(share(handle)), "handle.busy");
        assert_eq!(code(close(handle)), "handle.busy");
        drop(lent);
        let shared = (share(handle).unwrap(), share(handle).unwrap());
        assert_eq!(code(close(handle)), "handle.busy");
        drop(shared);
        assert!(close(handle).is_ok());
    }

    #[test]
    fn a_panic_breaks_what_was_lent() {
        let handle = cancel();
        let panic = std::panic::catch_unwind(|| {
            let _lent = lend(handle).unwrap();
            std::panic::resume_unwind(Box::new("defect"));
        });
        assert!(panic.is_err());
        assert_eq!(code(lend(handle)), "handle.broken");
        assert!(close(handle).is_ok());
        assert_eq!(code(lend(handle)), "handle.unknown");
    }

    #[test]
    fn a_ticket_is_a_positive_number_of_32_bits() {
        let mut table = Table::new();
        let entry = || Entry { thing: Some(()), users: 0, owner: 0, process: 0, broken: false };
        let mut seen = std::collections::HashSet::new();
        for _ in 0..300_000 {
            let ticket = table.put(entry(), 7).unwrap();
            assert!(i32::try_from(ticket).unwrap() > 0 && seen.insert(ticket));
            table.take(ticket as usize).unwrap();
        }
        let open: Vec<_> = std::iter::from_fn(|| table.put(entry(), 3)).collect();
        assert_eq!(open.len(), PLACES);
        assert_eq!(table.put(entry(), 3), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_child_after_fork_gets_nothing_of_its_parent() {
        let handle = cancel();
        registry().cancels.slot(handle.addr()).unwrap().entry.as_mut().unwrap().process += 1;
        assert_eq!(code(share(handle)), "handle.forked");
        assert_eq!(code(close(handle)), "handle.forked");
    }
}
