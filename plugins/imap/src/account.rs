//! An account, and what is kept of it from one call to the next.

use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::{Call, Error};

/// An account's mailbox. The connection is kept from one call to the next.
pub struct Imap {
    pub(crate) settings: Settings,
    pub(crate) session: Option<Session>,
    /// The folder for copies of sent mail, once it was found.
    pub(crate) sent: Option<String>,
}

impl Imap {
    /// The connection that was kept, when it is still good, else a new one.
    pub(crate) fn connected(&mut self, call: &Call) -> Result<Session, Error> {
        if let Some(mut session) = self.session.take()
            && session.is_alive(call)
        {
            return Ok(session);
        }
        Session::open(&self.settings, call, &mut postkontor_plugin::net::Recorder::off())
    }

    /// Keeps a connection that is still good: after a success, or after an error that says so.
    pub(crate) fn keep<T>(&mut self, session: Session, result: &Result<T, Error>) {
        let is_usable = result.as_ref().map_or_else(|error| error.session == postkontor_plugin::SessionState::Usable, |_| true);
        if is_usable {
            self.session = Some(session);
        }
    }
}

impl Drop for Imap {
    fn drop(&mut self) {
        if let Some(mut session) = self.session.take() {
            postkontor_plugin::net::log_out(&mut session);
        }
    }
}
