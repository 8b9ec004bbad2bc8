//! One transport with one account's settings: the account itself, or one that stands in for it.

use super::steps::Finish;
use crate::error::{failed, merged, unreadable, unwritable};
use crate::loader::{Context, Session, Streams};
use crate::log::{Dialogue, Listener, failure};
use crate::receive::{Reception, Wait};
use crate::settings::{AccountSettings, Document, resolve_kept, resolve_secrets, secret_names, secret_not_found, wipe};
use crate::transport::Description;
use crate::{Callbacks as _, Cancel, Host};
use postkontor_plugin::wire::Timed;
use postkontor_plugin::{Error, Input, Level, Mask, ReceiveRequest, Received, Stage, Status};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many warnings one call has.
const MOST_WARNINGS: usize = 100;

/// A transport and the settings it is to be used with; its session begins with the first call.
pub(super) struct Connection {
    host: Arc<Host>,
    document: Arc<Document>,
    pub(super) settings: AccountSettings,
    /// The names of account and transport, as every receipt has them.
    pub(super) names: [Arc<str>; 2],
    session: Option<Session>,
    /// The account's secrets, to be taken out of what the transport says. Known once the session is open.
    mask: Arc<Mutex<Mask>>,
    /// The dialogue of the call, where the host keeps it.
    dialogue: Dialogue,
    /// What the transport warned of during the call.
    warnings: Mutex<Vec<Error>>,
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, document: &Arc<Document>, id: &str) -> Result<Connection, Error> {
        let settings = document.account(id)?;
        host.transport(&settings.transport)?;
        Ok(Connection {
            host: host.clone(),
            document: document.clone(),
            names: [settings.id.as_str().into(), settings.transport.as_str().into()],
            settings,
            session: None,
            mask: Arc::default(),
            dialogue: Dialogue::default(),
            warnings: Mutex::default(),
        })
    }

    /// Performs an operation that has no streams.
    pub(super) fn call(&mut self, operation: &str, request: impl Serialize, cancel: &Cancel, deadline: Duration) -> Result<Vec<u8>, Error> {
        self.stream(operation, &timed(request, cancel.remaining(deadline))?, cancel, &mut ())
    }

    /// Performs an operation whose messages pass through `streams`.
    pub(super) fn stream(&mut self, operation: &str, request: &[u8], cancel: &Cancel, streams: &mut dyn Streams) -> Result<Vec<u8>, Error> {
        // The plugin has handled the failure: it may have sent all mails but the one whose source failed, and its answer says so.
        self.exchange(operation, request, cancel, streams).map(|(answer, _)| answer)
    }

    /// The answer, and what failed in a stream all the same.
    fn exchange(
        &mut self,
        operation: &str,
        request: &[u8],
        cancel: &Cancel,
        streams: &mut dyn Streams,
    ) -> Result<(Vec<u8>, Option<Error>), Error> {
        let transport = self.host.transport(&self.settings.transport)?;
        if !transport.supports(operation) {
            let error = failed(Status::Unsupported, "transport.operation_unsupported");
            return Err(self.complete(operation, error.arg("transport", self.settings.transport.as_str()).arg("operation", operation)));
        }
        let session = match self.session.take() {
            Some(session) => Ok(session),
            None => self.open(),
        };
        let listener = Listener::new(self.host.log(), &self.settings.id, &self.mask, &self.dialogue);
        let context = Context::new(&listener, cancel, streams);
        let request = with_log_level(request, self.host.log().level());
        let result = session.and_then(|mut session| {
            let result = session.call(operation, &request, &context);
            // A session whose transport panicked is of no use; the next call makes another.
            if !result.as_ref().is_err_and(|error| error.status == Status::Internal) {
                self.session = Some(session);
            }
            result
        });
        self.warned(operation, context.take_warnings());
        match (result, context.failure()) {
            (Ok(answer), failure) => Ok((answer, failure)),
            // The failure of a stream says more than the plugin's error, because the plugin learned only the status. A plugin that
            // broke down is another matter: what it did before is unknown.
            (Err(error), Some(failure)) if error.status != Status::Internal => Err(merged(failure, &self.complete(operation, error))),
            (Err(error), _) => Err(self.complete(operation, error)),
        }
    }

    /// Asks for new messages once.
    pub(super) fn receive(
        &mut self,
        request: &ReceiveRequest,
        deadline: Duration,
        cancel: &Cancel,
        reception: &mut Reception<'_, '_>,
    ) -> Result<Received, Error> {
        let transport = self.host.transport(&self.settings.transport)?;
        if transport.supports("receive") {
            transport.heeds(request).map_err(|error| self.complete("receive", error))?;
        }
        let (answer, failure) = self.exchange("receive", &timed(request, deadline)?, cancel, reception)?;
        let mut received: Received = serde_json::from_slice(&answer).map_err(unreadable)?;
        // The transport learned only that a message could not be taken.
        if let (Some(error), Some(failure)) = (&mut received.interrupted, failure)
            && error.code == "host.sink_failed"
        {
            *error = merged(failure, error);
        }
        Ok(received)
    }

    /// Waits before it asks for new messages again; whether it may.
    pub(super) fn pause(&self, wait: &Wait, again_seconds: Option<u64>, cancel: &Cancel) -> Result<bool, Error> {
        wait.pause(again_seconds, self.host.callbacks(), cancel).map_err(|error| self.complete("receive", error))
    }

    /// Makes the session where there is none yet, so that its errors are distinct from those of the first operation.
    pub(super) fn prepare(&mut self) -> Result<(), Error> {
        if self.session.is_none() {
            self.session = Some(self.open().map_err(|error| self.complete("open", error))?);
        }
        Ok(())
    }

    fn open(&self) -> Result<Session, Error> {
        let mut settings = self.settings.settings.clone();
        let listener = Listener::new(self.host.log(), &self.settings.id, &self.mask, &self.dialogue);
        let names = secret_names(&settings, &self.settings.secrets);
        let find = |name: &str| listener.secret_get(name).ok_or_else(|| secret_not_found(name).stage(Stage::Secret).usable());
        let transport = self.host.transport(&self.settings.transport)?;
        let description = transport.description()?;
        resolve_kept(&mut settings, &description.schema, &self.settings.secrets, &|name| listener.secret_get(name));
        let opened = resolve_secrets(&mut settings, &self.settings.secrets, &find).and_then(|()| {
            self.hide_secrets(&settings);
            transport.open(&self.settings.id, &settings, &names, &listener, self.host.log().level())
        });
        wipe(&mut settings);
        opened.map_err(|mut error| {
            // Nothing but settings was given.
            error.at.iter_mut().for_each(|at| at.of = Some(Input::Settings));
            error
        })
    }

    /// What the transport says of itself.
    pub(super) fn description(&self) -> Result<Arc<Description>, Error> {
        self.host.transport(&self.settings.transport)?.description()
    }

    /// The account's secrets, to be taken out of foreign texts.
    pub(super) fn mask(&self) -> MutexGuard<'_, Mask> {
        self.mask.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The dialogue of the call so far; begins anew.
    pub(super) fn take_dialogue(&self) -> Vec<String> {
        self.dialogue.take()
    }

    /// Notes what the transport warned of.
    fn warned(&self, operation: &str, warnings: Vec<Error>) {
        for warning in warnings {
            let warning = self.host.localised(self.complete(operation, warning));
            self.host.log().write(Level::Warning, &self.settings.id, failure(&warning));
            let mut noted = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
            // A fetch that waits for mail asks its transport again and again.
            if noted.len() < MOST_WARNINGS {
                noted.push(warning);
            }
        }
    }

    /// What the transport warned of since this was last asked.
    pub(super) fn take_warnings(&self) -> Vec<Error> {
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// The server, as lines of the log name it.
    pub(super) fn server(&self) -> String {
        let settings = &self.settings.settings;
        let host = settings.pointer("/server/host").and_then(Value::as_str).unwrap_or_default();
        let port = settings.pointer("/server/port").and_then(Value::as_u64).map(|port| format!(":{port}")).unwrap_or_default();
        let space = if host.is_empty() { "" } else { " " };
        format!("{}{space}{host}{port}", self.settings.transport)
    }

    /// The account via which this one sends, where its settings name one (`imap.via`).
    pub(super) fn via(&self) -> Option<String> {
        self.settings.via.clone()
    }

    /// Whether the settings refer to secrets that the host has to find.
    pub(super) fn refers_to_secrets(&self) -> bool {
        self.settings.secrets.iter().any(|pointer| self.settings.settings.pointer(pointer).is_some_and(Value::is_object))
    }

    /// The document's pointer to a place in this account's settings, with the layer that has set it.
    pub(super) fn pointer(&self, pointer: &str) -> String {
        self.document.place(&self.settings.id, pointer)
    }

    /// What makes of a transport's steps those that the program gets.
    pub(super) fn finish(&self) -> Finish {
        Finish { host: self.host.clone(), document: self.document.clone(), account: self.names[0].clone(), mask: self.mask.clone() }
    }
}

/// The request with the level of the host's log, unless that is not read.
fn with_log_level(request: &[u8], log: i32) -> Cow<'_, [u8]> {
    match request.strip_prefix(b"{") {
        // Every request has a member: its deadline.
        Some(members) if log > 0 => Cow::Owned([format!("{{\"log\":{log},").as_bytes(), members].concat()),
        _ => Cow::Borrowed(request),
    }
}

/// A request with the time that it may take.
pub(super) fn timed(request: impl Serialize, deadline: Duration) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&Timed { deadline_ms: milliseconds(deadline), log: 0, steps: false, request }).map_err(unwritable)
}

/// Milliseconds as the plugin ABI counts them; a day is far beyond every real deadline.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(86_400_000)
}
