//! The outbox as a counter: connections to its store are kept for the next mail.

use crate::counter::{Counter, Submitted};
use postkontor_core::{Cancel, Error, Host, Status};
use postkontor_outbox::{Outbox, Raw, RawMessage};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many connections are kept. More clients than that seldom end a mail at the same moment.
const KEPT: usize = 8;

/// The outbox of a settings document, for many threads at a time.
pub struct Outboxes {
    host: Arc<Host>,
    document: String,
    idle: Mutex<Vec<Outbox>>,
}

impl Outboxes {
    /// Nothing is opened before the first mail comes.
    pub fn new(host: &Arc<Host>, document: &str) -> Outboxes {
        Outboxes { host: Arc::clone(host), document: document.to_owned(), idle: Mutex::default() }
    }

    /// Opens the outbox, so that what is wrong with its store is known before the first mail.
    ///
    /// # Errors
    ///
    /// Those of [`Outbox::open`].
    pub fn prove(&self, cancel: &Cancel) -> Result<(), Error> {
        let outbox = Outbox::open(&self.host, &self.document, cancel)?;
        self.keep(outbox);
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Outbox>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, outbox: Outbox) {
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(outbox);
        }
    }
}

impl Counter for Outboxes {
    fn take(&self, mail: &Submitted<'_>, cancel: &Cancel) -> Result<String, Error> {
        let kept = self.idle().pop();
        let mut outbox = match kept {
            Some(outbox) => outbox,
            None => Outbox::open(&self.host, &self.document, cancel)?,
        };
        let Submitted { key, account, from, recipients, file } = *mail;
        let raw = Raw { account, from, recipients, message: RawMessage::File(file), key: Some(key), queue: "" };
        let put = outbox.put_raw(raw, cancel);
        // After an error of the store the next mail gets a connection of its own.
        if put.as_ref().map_or_else(|error| error.status == Status::Argument, |_| true) {
            self.keep(outbox);
        }
        put.map(|entry| entry.id)
    }
}
