//! The user who is logged on to this machine: the system knows the secret, gives the messages, and checks those of the server. On
//! Windows that is SSPI, on Unix a Kerberos ticket by GSSAPI.
//!
//! The system may ask a domain controller and cannot be interrupted in that, so it works on a thread of its own; when the call ends
//! first, the thread is left behind and ends with the system's own time limit.

#[cfg(unix)]
mod gssapi;
mod peer;
#[cfg(windows)]
mod sspi;
#[cfg(any(windows, test))]
mod sspi_status;

use crate::{Call, Error, Stage, Status};
#[cfg(unix)]
use gssapi::Context;
use peer::{Failure, Reason};
pub(super) use peer::{Package, Peer, Reply, application_data};
#[cfg(windows)]
use sspi::Context;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use zeroize::Zeroizing;

/// A login as the logged-on user, from the first message to the last.
pub(super) struct LoggedOn {
    package: Package,
    peer: Peer,
    state: State,
}

enum State {
    Start,
    Begun(Context),
    Complete(Context),
    /// After an error, or while a thread that was left behind has the context.
    Gone,
}

impl LoggedOn {
    pub(super) fn new(package: Package, peer: Peer) -> LoggedOn {
        LoggedOn { package, peer, state: State::Start }
    }

    /// Names the service, as Windows calls it.
    pub(super) fn aim(&mut self, service: &str) {
        service.clone_into(&mut self.peer.service);
    }

    /// Whether both sides have proved themselves.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete(_))
    }

    /// Answers the server's message; the first time there is none.
    pub(super) fn step(&mut self, message: &[u8], call: &Call) -> Result<Reply, Error> {
        let (package, peer, message) = (self.package, self.peer.clone(), message.to_vec());
        let context = match std::mem::replace(&mut self.state, State::Gone) {
            State::Start => None,
            State::Begun(context) => Some(context),
            State::Complete(_) | State::Gone => return Err(Error::new(Status::Protocol, "auth.unexpected_challenge").stage(Stage::Login)),
        };
        let work = move || {
            let mut context = context.map_or_else(|| Context::new(package, &peer), Ok)?;
            context.step(&message).map(|reply| (context, reply))
        };
        let (context, reply) = apart(work, call)?.map_err(|failure| self.error(failure))?;
        self.state = if reply.is_complete { State::Complete(context) } else { State::Begun(context) };
        Ok(reply)
    }

    /// Protects bytes against change, after both sides have proved themselves.
    pub(super) fn wrap(&mut self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let wrapped = match &mut self.state {
            State::Complete(context) => context.wrap(bytes),
            _ => Err(Failure { reason: Reason::Other, detail: "the login is not complete".to_owned() }),
        };
        wrapped.map_err(|failure| self.error(failure))
    }

    /// The bytes that the server protected.
    pub(super) fn unwrap(&mut self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let unwrapped = match &mut self.state {
            State::Complete(context) => context.unwrap(bytes),
            _ => Err(Failure { reason: Reason::Other, detail: "the login is not complete".to_owned() }),
        };
        unwrapped.map_err(|failure| self.error(failure))
    }

    fn error(&self, failure: Failure) -> Error {
        let (status, code, pointer) = match failure.reason {
            Reason::NotInstalled => (Status::Unsupported, "auth.logged_on_user_unsupported", "/auth/user"),
            Reason::PackageMissing => (Status::Unsupported, "auth.package_missing", "/auth/user"),
            Reason::NoCredentials => (Status::Auth, "auth.credentials_missing", "/auth/user"),
            Reason::Denied => (Status::Auth, "auth.logged_on_user_denied", "/auth/user"),
            Reason::NoTicket => (Status::Auth, "auth.ticket_missing", "/auth/user"),
            Reason::ServiceUnknown => (Status::Auth, "auth.service_unknown", ""),
            Reason::Unreachable => (Status::Network, "auth.domain_unreachable", ""),
            Reason::Unproven => (Status::Auth, "auth.server_unproven", ""),
            Reason::Clock => (Status::Auth, "auth.clock_wrong", ""),
            Reason::Other => (Status::Auth, "auth.logged_on_user_failed", "/auth/user"),
        };
        let error = Error::new(status, code).stage(Stage::Login).detail(crate::printable(&failure.detail));
        let error =
            error.arg("host", self.peer.host.as_str()).arg("service", self.peer.service.as_str()).arg("package", self.package.name());
        if pointer.is_empty() { error } else { error.at(pointer, code) }
    }
}

/// Does the work on a thread of its own, for as long as the call lasts.
fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static, call: &Call) -> Result<T, Error> {
    let (sender, receiver) = sync_channel(1);
    let work = move || {
        // The receiver is gone when the call has ended meanwhile.
        let _ = sender.send(work());
    };
    let internal = |detail: String| Error::new(Status::Local, "net.no_thread").stage(Stage::Login).detail(detail);
    let thread = std::thread::Builder::new().name("postkontor-login".to_owned());
    thread.spawn(work).map_err(|error| internal(error.to_string()))?;
    loop {
        match receiver.recv_timeout(call.slice()) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => call.check().map_err(|error| error.stage(Stage::Login))?,
            Err(RecvTimeoutError::Disconnected) => return Err(internal("the thread of the login ended without a result".to_owned())),
        }
    }
}
