//! The mailboxes that the POP3 server gives, behind the accounts of the logins.

use crate::scratch::Scratch;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postkontor_core::{
    Account, Action, ApplyAction, ApplyRequest, Cancel, Changed, Error, FetchOptions, Fetched, Filter, Host, ListRequest, Listing,
    MessageChange, ReceiveRequest, Status, Stream, Summary,
};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A larger message passes through a file.
const MEMORY: u64 = 1024 * 1024;

/// A header hardly has more bytes, and a line of a body with its end has no more (RFC 5322, section 2.1.1).
const HEADER: u64 = 64 * 1024;
const LINE: u64 = 1000;

/// So many lines are fetched alone; of a message that more are wanted of, all of it.
const LINES: u64 = 1000;

/// The longest identifier of a message (RFC 1939, section 7).
const IDENTIFIER: usize = 70;

/// The accounts, and which of them are being read.
pub(crate) struct Mailboxes {
    host: Arc<Host>,
    document: String,
    in_use: Mutex<HashSet<String>>,
}

/// A mailbox as it was when it was opened. No other session has it at the same time.
pub(crate) struct Mailbox<'m> {
    account: Account,
    /// The messages, in the order of the server.
    pub(crate) messages: Vec<Message>,
    /// Whether the transport hands over one message by its id; found out with the first one.
    has_single: bool,
    _hold: Hold<'m>,
}

/// A message of it.
pub(crate) struct Message {
    id: String,
    /// Bytes, as the server tells; 0 where it does not.
    pub(crate) size: u64,
    /// When it came, as RFC 3339.
    received: Option<String>,
    /// What names it for ever, in the form that POP3 wants.
    pub(crate) identifier: String,
    /// Whether it is to be deleted at the end.
    pub(crate) is_deleted: bool,
}

struct Hold<'m> {
    mailboxes: &'m Mailboxes,
    account: String,
}

/// Why a mailbox was not opened.
pub(crate) enum Unopened {
    /// Another session has it.
    InUse,
    /// The account failed.
    Failed(Error),
}

/// The bytes of a message.
pub(crate) struct Bytes<'b> {
    pub(crate) stream: Stream<'b>,
    pub(crate) size: u64,
    /// Whether these are only its first ones.
    pub(crate) is_cut: bool,
}

/// Takes the bytes of a message; whether they are enough. Only what is cut may not be.
pub(crate) type Take<'t> = dyn FnMut(Bytes<'_>) -> Result<bool, Error> + 't;

impl Mailboxes {
    pub(crate) fn new(host: Arc<Host>, document: &str) -> Mailboxes {
        Mailboxes { host, document: document.to_owned(), in_use: Mutex::default() }
    }

    /// Opens the mailbox of an account, or that of `receive.account`: its messages are listed.
    pub(crate) fn open(&self, account: Option<&str>, cancel: &Cancel) -> Result<Mailbox<'_>, Unopened> {
        let held = account.unwrap_or_default().to_owned();
        if !self.in_use().insert(held.clone()) {
            return Err(Unopened::InUse);
        }
        let hold = Hold { mailboxes: self, account: held };
        let opened = || {
            let mut account = Account::open(&self.host, &self.document, account)?;
            let listing = account.list(&ListRequest { folder: Some(String::new()) }, cancel)?.read()?;
            let Listing::Messages { messages, .. } = listing else {
                return Err(Error::new(Status::Internal, "plugin.answer_unreadable"));
            };
            let messages = messages.into_iter().map(|listed| Message {
                identifier: identifier(&listed.id),
                size: listed.size.unwrap_or_default(),
                received: listed.received,
                id: listed.id,
                is_deleted: false,
            });
            Ok((account, messages.collect()))
        };
        let (account, messages) = opened().map_err(|error| Unopened::Failed(self.host.localised(error)))?;
        Ok(Mailbox { account, messages, has_single: true, _hold: hold })
    }

    fn in_use(&self) -> MutexGuard<'_, HashSet<String>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.mailboxes.in_use().remove(&self.account);
    }
}

impl Mailbox<'_> {
    /// Fetches a message, or of one that only so many lines are wanted of as much as may hold them, and hands its bytes over. It stays as it is.
    pub(crate) fn fetch(
        &mut self,
        index: usize,
        lines: Option<u64>,
        scratch: &Scratch,
        cancel: &Cancel,
        take: &mut Take<'_>,
    ) -> Result<(), Error> {
        let Some(message) = self.messages.get(index) else { return Err(gone()) };
        let is_small = (1..=MEMORY).contains(&message.size);
        let draft = if is_small { None } else { Some(scratch.folder()?) };
        let save_to = draft.as_ref().map(|draft| draft.path().to_owned());
        let request = |fetch: FetchOptions| ReceiveRequest { fetch, save_to: save_to.clone(), action: Action::Keep };
        let beginning = lines.filter(|lines| *lines <= LINES).map(|lines| HEADER + lines * LINE);
        for first_bytes in beginning.map(Some).into_iter().chain([None]) {
            if !self.has_single {
                break;
            }
            let single = FetchOptions { message: Some(message.id.clone()), first_bytes, ..FetchOptions::default() };
            match look(&mut self.account, &request(single), &message.id, cancel, take) {
                Err(error) if error.status == Status::Unsupported => self.has_single = false,
                Ok(Found::Enough) => return Ok(()),
                Ok(Found::TooLittle) => (),
                Ok(Found::Nothing) => return Err(gone()),
                Err(error) => return Err(error),
            }
        }
        // A transport that has no single messages shows those that it could be.
        let around = around(message.received.as_deref());
        let exact = Filter { min_size: Some(message.size), max_size: Some(message.size), ..around.clone() };
        for filter in [Some(exact).filter(|_| message.size > 0), Some(around)].into_iter().flatten() {
            for max_bytes in lines.filter(|lines| *lines == 0).map(Some).into_iter().chain([None]) {
                let several = FetchOptions { filter: filter.clone(), max_bytes, ..FetchOptions::default() };
                if look(&mut self.account, &request(several), &message.id, cancel, take)? == Found::Enough {
                    return Ok(());
                }
            }
        }
        Err(gone())
    }

    /// Deletes the messages that are to be deleted; how many of them were not.
    pub(crate) fn delete(&mut self, cancel: &Cancel) -> Result<usize, Error> {
        let ids: Vec<String> = self.messages.iter().filter(|message| message.is_deleted).map(|message| message.id.clone()).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let count = ids.len();
        let request = ApplyRequest::Messages(MessageChange::new(ApplyAction::Delete, ids));
        match self.account.apply(&request, cancel)?.read()? {
            // Those that are gone already are as the client wants them.
            Changed::Messages(applied) => Ok(count.saturating_sub(applied.applied.len() + applied.missing.len())),
            Changed::Folders(_) => Ok(count),
        }
    }
}

/// What came of a look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// The message was not among those that came.
    Nothing,
    /// Only its beginning came, and that was too little.
    TooLittle,
    /// What was wanted.
    Enough,
}

/// Fetches until the message has come.
fn look(account: &mut Account, request: &ReceiveRequest, id: &str, cancel: &Cancel, take: &mut Take<'_>) -> Result<Found, Error> {
    let (mut found, mut broken) = (Found::Nothing, None);
    let mut each = |fetched: Fetched<'_>| {
        if fetched.incoming.id != id {
            return Action::Keep;
        }
        let (size, is_cut) = (fetched.message.size(), fetched.incoming.cut || fetched.incoming.headers_only);
        let is_short = !is_cut && fetched.incoming.size.is_some_and(|stated| size < stated);
        let taken = match fetched.message.stream(None) {
            Ok(_) if is_short => Err(Error::new(Status::Internal, "bridge.message_incomplete")),
            Ok(stream) => take(Bytes { stream, size, is_cut }),
            Err(error) => Err(error),
        };
        match taken {
            Ok(is_enough) => found = if is_enough { Found::Enough } else { Found::TooLittle },
            Err(error) => broken = Some(error),
        }
        // Left as it was, and nothing more comes.
        Action::Stop
    };
    let request = ReceiveRequest { fetch: FetchOptions { summary: Summary::None, ..request.fetch.clone() }, ..request.clone() };
    let received = account.receive(&request, Some(&mut each), cancel);
    match broken {
        Some(error) => Err(error),
        None if found == Found::Nothing => received.map(|_| found),
        None => Ok(found),
    }
}

fn gone() -> Error {
    Error::new(Status::NotFound, "bridge.message_gone")
}

/// The days around the one on which a message came: where the server is, it may be another one.
fn around(received: Option<&str>) -> Filter {
    let day = received.and_then(|received| received.get(..10));
    let days = day.and_then(|day| Some((moved(day, -1)?, moved(day, 2)?)));
    let (since, before) = days.unzip();
    Filter { since, before, ..Filter::default() }
}

/// A day so many days from another, which need not be exact: months count as 28 days, and what reaches beyond is the neighbour's first or last.
fn moved(day: &str, by: i64) -> Option<String> {
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (mut year, mut month, mut date) = (parts.next()??, parts.next()??, parts.next()?? + by);
    if date < 1 {
        (month, date) = (month - 1, 28);
    } else if date > 28 && by > 0 {
        (month, date) = (month + 1, 2);
    }
    match month {
        0 => (year, month) = (year - 1, 12),
        13 => (year, month) = (year + 1, 1),
        _ => {}
    }
    Some(format!("{year:04}-{month:02}-{date:02}"))
}

/// What names a message in POP3: the transport's own id, where it has the form, so that a program that fetched there before knows it again.
fn identifier(id: &str) -> String {
    if (1..=IDENTIFIER).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return id.to_owned();
    }
    URL_SAFE_NO_PAD.encode(Sha256::digest(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_form_that_pop3_wants() {
        assert_eq!(identifier("000001f4.67a"), "000001f4.67a");
        for id in ["", "INBOX 7:1", "Grüße:1", &"x".repeat(71)] {
            let made = identifier(id);
            assert!(made.len() == 43 && made.bytes().all(|byte| byte.is_ascii_graphic()), "{made}");
        }
    }

    #[test]
    fn the_days_around_a_day_hold_it_whatever_the_month() {
        for day in ["2026-01-01", "2026-02-28", "2024-02-29", "2026-03-01", "2026-12-31", "2026-11-15", "2026-10-30"] {
            let Filter { since, before, .. } = around(Some(&format!("{day}T12:00:00Z")));
            let (since, before) = (since.unwrap(), before.unwrap());
            assert!(*since < *day && *day < *before, "{since} {day} {before}");
        }
        assert!(around(None).is_empty() && around(Some("?")).is_empty());
    }
}
