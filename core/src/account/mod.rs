//! An account: the settings it was opened with, the connections it keeps, and what it does with them.

mod append;
mod bodies;
mod connection;
mod consent;
mod copy;
mod deliver;
mod delivered;
mod file;
mod find;
mod journal;
mod keys;
mod outcome;
mod pointers;
mod protected;
mod receipt;
mod secrecy;
mod send;
mod steps;
mod test;
mod warnings;

use crate::error::failed;
use crate::keys::Keyring;
use crate::operation;
use crate::receive::{Received, Reception, Take, Wait};
use crate::request::{ApplyRequest, Asked, Authorize, Changed, FetchOptions, ReceiveRequest};
use crate::settings::{Document, Sender};
use crate::unread::Unread;
use crate::unsealing::Kept;
use crate::watch::Watch;
use crate::{Cancel, Host};
use connection::Connection;
use postkontor_plugin::{Error, FoldersRequest, Input, ListRequest, Listing, Status};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long listing, fetching and marking may take where the caller sets no deadline.
const DEADLINE: Duration = Duration::from_secs(600);

/// An account of a settings document, ready to be used. It keeps its connection from one call to the next.
///
/// One thread at a time uses an account; different accounts run in parallel.
pub struct Account {
    host: Arc<Host>,
    document: Arc<Document>,
    /// The account itself, then those that may send in its place, in order; none where the settings switch everything off.
    connections: Vec<Connection>,
    /// The first of them that sends: the account itself, unless its settings say via which other account its mail goes out.
    first_sender: usize,
    /// Whether the caller named no account, so that `receive.account` fetches.
    is_default: bool,
    /// Accounts that only fetch, or only keep copies of what is sent; opened when they are first needed, so that their problems do not
    /// stand in the way of sending.
    others: Vec<Connection>,
    /// The signer of what the account sends.
    keyring: Keyring,
    /// With what fetched messages are opened, once they were loaded.
    keys: Option<Kept>,
}

impl Account {
    /// Opens an account of a settings document, which is checked as a whole. The network is not touched.
    ///
    /// Without an `id` the document's `send.account` is taken, or its only account; what is listed, fetched and filed is then that of
    /// `receive.account`, where there is one. Where the account is the one of `send.account`, `send.fallback` stands in for it. An
    /// account that sends via another (`imap.via`) hands its outgoing mail to that one.
    pub fn open(host: &Arc<Host>, settings: &str, id: Option<&str>) -> Result<Account, Error> {
        let open = || {
            let document = host.document(settings)?;
            if !document.enabled {
                return Ok(Account {
                    host: host.clone(),
                    document,
                    connections: Vec::new(),
                    first_sender: 0,
                    is_default: false,
                    others: Vec::new(),
                    keyring: Keyring::default(),
                    keys: None,
                });
            }
            let none = || failed(Status::Settings, "settings.no_account").at(document.locate("/send/account"), "settings.no_account");
            let is_default = id.is_none();
            let id = id.or_else(|| document.default_account()).or(document.receive.account.as_deref()).ok_or_else(none)?.to_owned();
            let mut connections = vec![Connection::new(host, &document, &id)?];
            let via = connections[0].via();
            let first_sender = usize::from(via.is_some());
            let fallback = if document.default_account() == Some(&id) { document.send.fallback.as_slice() } else { &[] };
            for other in via.iter().chain(fallback) {
                // A chain that leads back would try the same way twice.
                if connections[first_sender.min(connections.len())..].iter().all(|connection| connection.settings.id != *other) {
                    connections.push(Connection::new(host, &document, other)?);
                }
            }
            let (others, keyring) = (Vec::new(), Keyring::default());
            Ok(Account { host: host.clone(), document, connections, first_sender, is_default, others, keyring, keys: None })
        };
        match open() {
            Ok(account) => {
                account.journal_opening();
                Ok(account)
            }
            Err(error) => {
                let error = host.localised(error);
                host.log().failed(id.unwrap_or_default(), "opening", &error);
                Err(error)
            }
        }
    }

    /// Lists folders or messages.
    pub fn list<'r>(&mut self, request: impl Into<Asked<'r, ListRequest>>, cancel: &Cancel) -> Result<Unread<Listing>, Error> {
        let (request, started) = (request.into(), self.begin());
        let result = self.mailbox().and_then(|connection| pass(connection, "list", request.read()?, cancel));
        let result = result.and_then(|listing| listing.with_warnings(self.take_warnings()));
        self.conclude("list", result, |listing| self.counted("listed", listing.json(), started))
    }

    /// Fetches messages. Each goes to `take`, which says what becomes of it; without one the request's `action` holds.
    ///
    /// The call waits for new messages as long as the request says and its deadline allows. The error of a fetch that was interrupted
    /// after some messages were taken has the members of the result.
    pub fn receive<'r, 't>(
        &mut self,
        request: impl Into<Asked<'r, ReceiveRequest>>,
        take: Option<&'t mut Take<'t>>,
        cancel: &Cancel,
    ) -> Result<Received, Error> {
        let (document, host, started, request) = (self.document.clone(), self.host.clone(), self.begin(), request.into());
        let (keys, unloaded) = self.keys();
        let result = self.mailbox().and_then(|connection| {
            let request = request.read()?;
            let wait = Wait::new(request.fetch.wait_seconds, cancel);
            let watch = Watch::new(host.callbacks(), cancel, cancel.remaining(DEADLINE + wait.left()));
            let routed = Reception::new(&request, &document.receive, take, watch, host.language());
            let mut reception = routed.map_err(|error| pointers::of_host(error, None, &document))?;
            reception = reception.with_keys(keys, document.receive.collect());
            let mut request = FetchOptions { summary: reception.detail, ..request.fetch };
            let received = loop {
                request.wait_seconds = wait.seconds();
                let received = connection.receive(&request, cancel.remaining(DEADLINE + wait.left()), cancel, &mut reception);
                let again_seconds = match &received {
                    Ok(received) if reception.is_empty() && !received.more && received.interrupted.is_none() => {
                        request.state = Some(received.state.clone());
                        received.again_seconds
                    }
                    // Another session may hold the mailbox. A call that waits has time to try again.
                    Err(error) if error.status == Status::Later && reception.is_empty() => None,
                    _ => break received,
                };
                if !connection.pause(&wait, again_seconds, cancel)? {
                    break received;
                }
            };
            let mut received = match received {
                Ok(received) => received,
                Err(error) if reception.is_empty() => return Err(error),
                Err(error) => return Err(broken_down(error, reception, &request)),
            };
            let errors = received.missing.iter_mut().map(|missing| &mut missing.error).chain(&mut received.warnings);
            for error in errors {
                *error = host.localised(connection.complete("receive", error.clone()));
            }
            received.warnings.extend(connection.take_warnings());
            received.warnings.extend(unloaded);
            let interrupted = received.interrupted.take();
            let own = reception.take_warnings().into_iter();
            received.warnings.extend(own.map(|warning| host.localised(pointers::of_host(warning, None, &document))));
            let result = reception.result(received);
            connection.journal_messages(&result);
            match interrupted {
                None => Ok(result),
                // What was taken stays taken, so the error brings it along.
                Some(error) => {
                    let mut error = connection.complete("receive", error);
                    error.more.extend(result.members());
                    Err(error)
                }
            }
        });
        self.conclude("receive", result, |result| self.received(result, started))
    }

    /// Marks, copies, moves or deletes messages, or creates, renames or deletes folders.
    pub fn apply<'r>(&mut self, request: impl Into<Asked<'r, ApplyRequest>>, cancel: &Cancel) -> Result<Unread<Changed>, Error> {
        let (request, started) = (request.into(), self.begin());
        let mut what = "";
        let result = self.mailbox().and_then(|connection| match request.read()? {
            ApplyRequest::Messages(change) => {
                what = change.word();
                let operation = change.action.operation();
                let answer = pass(connection, operation, postkontor_plugin::ApplyRequest::from(change), cancel);
                answer.map_err(|error| connection.unable(error, operation, Input::Request, "/action"))
            }
            ApplyRequest::Folders { folders } => {
                what = operation::FOLDERS;
                let answer = pass(connection, operation::FOLDERS, FoldersRequest { folders }, cancel);
                answer.map_err(|error| connection.unable(error, operation::FOLDERS, Input::Request, "/folders"))
            }
        });
        let result = result.and_then(|applied| applied.with_warnings(self.take_warnings()));
        self.conclude("apply", result, |applied| self.counted(&format!("applied {what}"), applied.json(), started))
    }

    /// Asks a person for consent (OAuth 2.0), in two steps: `begin` says what to show the person, `finish` waits for the consent.
    pub fn authorize<'r>(&mut self, request: impl Into<Asked<'r, Authorize>>, cancel: &Cancel) -> Result<Unread<Value>, Error> {
        let (request, started, host) = (request.into().read(), self.begin(), self.host.clone());
        let done = if request.as_ref().is_ok_and(|request| request.begin) { "asked for consent" } else { "authorized" };
        let result = self.own().and_then(|connection| pass(connection, "authorize", request?, cancel));
        let result =
            result.and_then(|answer| consent::in_words(answer, &host)).and_then(|answer| answer.with_warnings(self.take_warnings()));
        self.conclude("authorize", result, |_| format!("{done}, {}", crate::log::Seconds(started.elapsed())))
    }

    /// In whose name its mail goes out, also where another account stands in for it.
    fn sender(&self) -> &Sender {
        self.connections.first().map_or(&self.document.sender, |connection| &connection.settings.sender)
    }

    /// Fails where the settings switch everything off.
    fn enabled(&self) -> Result<(), Error> {
        if self.connections.is_empty() { Err(switched_off(&self.document)) } else { Ok(()) }
    }

    /// The account's own connection.
    fn own(&mut self) -> Result<&mut Connection, Error> {
        self.connections.first_mut().ok_or_else(|| switched_off(&self.document))
    }

    /// The connection whose mailbox is meant.
    fn mailbox(&mut self) -> Result<&mut Connection, Error> {
        self.enabled()?;
        match self.document.receive.account.clone().filter(|_| self.is_default) {
            Some(id) => self.connection(&id),
            None => self.own(),
        }
    }

    /// The connection of any account of the document; its session is kept like every other.
    fn connection(&mut self, id: &str) -> Result<&mut Connection, Error> {
        let is_it = |connection: &Connection| connection.settings.id == id;
        if !self.connections.iter().chain(&self.others).any(is_it) {
            self.others.push(Connection::new(&self.host, &self.document, id)?);
        }
        let connection = self.connections.iter_mut().chain(&mut self.others).find(|connection| is_it(connection));
        connection.ok_or_else(|| failed(Status::Internal, "settings.no_account"))
    }
}

/// The error of every call while the settings switch everything off.
fn switched_off(document: &Document) -> Error {
    failed(Status::Disabled, "settings.disabled").at(document.locate("/enabled"), "settings.disabled")
}

/// The error of a transport that broke down after the program had taken messages. The error lists what was taken. Which of it the
/// transport remembers is not known, so the state stays what it was, and messages that were not deleted come again.
fn broken_down(mut error: Error, reception: Reception<'_, '_>, request: &FetchOptions) -> Error {
    let state = request.state.clone().unwrap_or_default();
    let result = reception.result(postkontor_plugin::Received { state, more: true, ..Default::default() });
    error.more.extend(result.members().into_iter().filter(|(name, value)| name != "state" || value.as_str() != Some("")));
    error
}

/// Passes an operation to the transport, whose answer needs nothing added.
fn pass<T>(connection: &mut Connection, operation: &str, request: impl Serialize, cancel: &Cancel) -> Result<Unread<T>, Error> {
    connection.call(operation, request, cancel, DEADLINE).and_then(Unread::new)
}
