//! The lease of a batch in flight: renewed by a thread with a connection of its own, and given up in time where that fails.

use super::damage::damaged;
use super::limits;
use crate::engine::Engine;
use crate::place::Place;
use postkontor_core::{Cancel, Error, Watch};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a claim is good for, in milliseconds.
pub(super) const LEASE: i64 = 30_000;

/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(10);

/// How soon a renewal that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What has to be over before the lease is: the delivery, once it is stopped.
const MARGIN: Duration = Duration::from_secs(8);

/// How long one renewal may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a batch in flight may go on after the program has stopped the work, which is to end within two seconds.
const GRACE: Duration = Duration::from_millis(1200);

/// How often a thread looks whether the program has stopped the work.
const LOOK: Duration = Duration::from_millis(50);

/// Sets the mark of an entry under a lease; `false` where the lease has passed to another.
pub(super) type Mark = Arc<dyn Fn(i64, &str) -> Result<bool, Error> + Send + Sync>;

/// A batch in flight.
struct Flight {
    lease: String,
    mails: u64,
    /// When the lease ends, by this machine's steady clock and from before it was asked for.
    until: Instant,
    renewal: Instant,
    /// Ends the delivery.
    cancel: Cancel,
    stopped: Option<Instant>,
}

struct Shared {
    flight: Mutex<Option<Flight>>,
    changed: Condvar,
    /// Ends the work.
    stop: Cancel,
    closing: Cancel,
    connection: Connection,
    worker: String,
}

/// A connection that is opened when it is first needed, and anew after it has failed.
pub(super) struct Connection {
    place: Place,
    engine: Mutex<Option<Box<dyn Engine>>>,
}

impl Connection {
    /// Does something with the store, within so much time.
    pub(super) fn with<T>(
        &self,
        cancel: &Cancel,
        patience: Duration,
        work: impl FnOnce(&mut dyn Engine, &Watch<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let watch = Watch::new(&(), cancel, patience);
        let mut engine = lock(&self.engine);
        if engine.is_none() {
            *engine = Some(self.place.open(&watch)?);
        }
        let Some(open) = engine.as_deref_mut() else { return Err(damaged(&"no connection")) };
        let done = work(open, &watch);
        if done.is_err() {
            *engine = None;
        }
        done
    }
}

/// The thread that keeps a lane's lease.
pub(super) struct Heart {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Heart {
    /// Starts it for a lane of this name, which `stop` ends.
    pub(super) fn start(place: &Place, worker: &str, stop: &Cancel) -> Result<Heart, Error> {
        let shared = Arc::new(Shared {
            flight: Mutex::new(None),
            changed: Condvar::new(),
            stop: stop.clone(),
            closing: Cancel::default(),
            connection: Connection { place: place.clone(), engine: Mutex::new(None) },
            worker: worker.to_owned(),
        });
        let beating = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("postkontor lease".to_owned()).spawn(move || beating.beat());
        let thread = thread.map_err(|error| Error::new(postkontor_core::Status::Local, "outbox.no_thread").cause(error))?;
        Ok(Heart { shared, thread: Some(thread) })
    }

    /// Keeps the lease of a batch from now on; it was asked for at `asked`. The token ends the delivery, and is fired where the lease cannot be kept.
    pub(super) fn keep(&self, lease: &str, mails: usize, asked: Instant) -> Cancel {
        let cancel = Cancel::default();
        let until = asked + Duration::from_millis(LEASE.unsigned_abs());
        let flight =
            Flight { lease: lease.to_owned(), mails: mails as u64, until, renewal: asked + RENEWAL, cancel: cancel.clone(), stopped: None };
        *lock(&self.shared.flight) = Some(flight);
        self.shared.changed.notify_all();
        cancel
    }

    /// The batch has landed.
    pub(super) fn rest(&self) {
        *lock(&self.shared.flight) = None;
    }

    /// Sets marks in the middle of a delivery, by the connection of the thread.
    pub(super) fn marks(&self) -> Mark {
        let shared = Arc::clone(&self.shared);
        Arc::new(move |id, lease| {
            shared.connection.with(&shared.closing, PATIENCE * 2, |engine, watch| super::claim::mark(engine, id, lease, watch))
        })
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.shared.closing.fire();
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It has nothing to say; a panic in it has stopped no delivery.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn beat(&self) {
        let mut flight = lock(&self.flight);
        while !self.closing.is_fired() {
            let Some(flying) = flight.as_mut() else {
                flight = self.changed.wait(flight).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            self.look_after(flying);
            if Instant::now() >= flying.renewal && !flying.cancel.is_fired() {
                let (lease, mails) = (flying.lease.clone(), flying.mails);
                drop(flight);
                let (asked, renewed) = (Instant::now(), self.renew(&lease));
                flight = lock(&self.flight);
                if let Some(flying) = flight.as_mut().filter(|flying| flying.lease == lease) {
                    match renewed {
                        Ok(count) if count == mails => {
                            (flying.until, flying.renewal) = (asked + Duration::from_millis(LEASE.unsigned_abs()), asked + RENEWAL);
                        }
                        // Somebody has taken over a part at least.
                        Ok(_) => flying.cancel.fire(),
                        Err(_) => flying.renewal = Instant::now() + AGAIN,
                    }
                }
                continue;
            }
            (flight, _) = self.changed.wait_timeout(flight, LOOK).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Stops a delivery whose lease ends soon, or that the program has stopped.
    fn look_after(&self, flying: &mut Flight) {
        let now = Instant::now();
        if self.stop.is_fired() || self.stop.is_overdue() {
            let stopped = *flying.stopped.get_or_insert(now);
            if now.duration_since(stopped) >= GRACE {
                flying.cancel.fire();
            }
        }
        if now + MARGIN >= flying.until {
            flying.cancel.fire();
        }
    }

    /// Renews the lease and returns how many entries it still holds.
    fn renew(&self, lease: &str) -> Result<u64, Error> {
        self.connection.with(&self.closing, PATIENCE, |engine, watch| {
            let until = engine.now(watch)?.saturating_add(LEASE);
            limits::keep_connections(engine, &self.worker, until, watch)?;
            let renew = "UPDATE postkontor_outbox_entries SET lease_until = $1 WHERE lease = $2 AND state = 'sending'";
            engine.run(renew, &[until.into(), lease.into()], watch)
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
