//! Fetching: what is new, several messages on the way at a time, each deleted only after the host has taken it.

use crate::listing::Entry;
use crate::session::Session;
use crate::settings::Settings;
use crate::state::{Fate, Known, State};
use postkontor_plugin::net::Trail;
use postkontor_plugin::{Call, Disposal, Error, Incoming, ReceiveRequest, Received, Stage, Status};
use std::collections::VecDeque;
use std::fmt::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many commands may be on their way, and for how many bytes of messages: what was asked for has to be read.
const WINDOW: usize = 128;
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

/// Fetches what is new; `not_before` learns when the next login is welcome.
pub(crate) fn receive(
    settings: &Settings,
    request: &ReceiveRequest,
    call: &Call,
    not_before: &mut Option<Instant>,
) -> Result<Received, Error> {
    if request.folder.as_ref().is_some_and(|folder| !folder.eq_ignore_ascii_case("INBOX")) {
        let code = "pop3.folder_unsupported";
        return Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).at_request("/folder", code));
    }
    let state = State::parse(request.state.as_deref())?;
    let mut session = Session::open(settings, call, &mut Trail::off(), &mut Vec::new())?;
    let again_seconds = session.capabilities.login_delay;
    *not_before = again_seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let mailbox = session.listing(call)?;
    let (wanted, more) = session.wanted(&mailbox, &state, request, call)?;
    let expired = expired(settings, &mailbox, &state, today());
    let fetch = Fetch { session, mailbox, state, request, call, deleted: Vec::new(), answers: VecDeque::new(), refusal: None };
    fetch.run(&wanted, &expired, more).map(|received| Received { again_seconds, ..received })
}

impl Session {
    /// The messages to fetch, and whether more are left because of the limit.
    fn wanted(&mut self, mailbox: &[Entry], state: &State, request: &ReceiveRequest, call: &Call) -> Result<(Vec<Entry>, bool), Error> {
        let limit = request.max_messages.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let mut wanted = Vec::new();
        for entry in mailbox {
            // Of a message that was too large before only the headers are known.
            let is_new = match state.get(&entry.id) {
                None => true,
                Some(known) => known.fate == Fate::Headers && request.max_bytes.is_none_or(|limit| entry.size <= limit),
            };
            if !is_new {
                continue;
            }
            if self.passes(entry, &request.filter, call)? {
                if wanted.len() == limit {
                    return Ok((wanted, true));
                }
                wanted.push(entry.clone());
            }
        }
        Ok((wanted, false))
    }
}

/// Messages that were fetched long enough ago, and those whose deletion was never confirmed.
fn expired(settings: &Settings, mailbox: &[Entry], state: &State, today: u64) -> Vec<Entry> {
    let is_old = |known: Known| settings.pop3.leave_days.is_some_and(|days| known.day.saturating_add(days.into()) <= today);
    let is_due = |known: Known| match known.fate {
        Fate::Condemned => true,
        Fate::Fetched => is_old(known),
        Fate::Headers => false,
    };
    mailbox.iter().filter(|entry| state.get(&entry.id).is_some_and(is_due)).cloned().collect()
}

/// A command whose answer has not been read yet.
enum Awaited {
    Message(Entry),
    Headers(Entry),
    Deletion(Entry),
}

/// A fetch in progress.
struct Fetch<'a> {
    session: Session,
    mailbox: Vec<Entry>,
    state: State,
    request: &'a ReceiveRequest,
    call: &'a Call<'a>,
    /// Messages whose deletion the server has accepted; QUIT makes it take effect.
    deleted: Vec<String>,
    answers: VecDeque<Awaited>,
    /// The first message that the server would not give or delete; fetching goes on, and the next session tries again.
    refusal: Option<Error>,
}

impl Fetch<'_> {
    fn run(mut self, wanted: &[Entry], expired: &[Entry], more: bool) -> Result<Received, Error> {
        let result = self.fetch(wanted, expired);
        let result = result.and_then(|stopped| {
            if self.deleted.is_empty() {
                // Nothing depends on it, and the messages are already in the host's hands.
                drop(self.session.leave(self.call));
            } else {
                self.session.quit(self.call)?;
                self.deleted.iter().for_each(|id| self.state.forget(id));
            }
            Ok(stopped)
        });
        let state = self.state.text(&self.mailbox);
        self.session.stream.close();
        match result {
            Ok(stopped) => Ok(Received { state, more: more || stopped, interrupted: self.refusal, ..Received::default() }),
            // What was taken stays taken: the state says so even though the session broke.
            Err(error) => Ok(Received { state, more: true, interrupted: Some(error), ..Received::default() }),
        }
    }

    /// Fetches and deletes; returns whether the host asked to stop.
    fn fetch(&mut self, wanted: &[Entry], expired: &[Entry]) -> Result<bool, Error> {
        let mut commands = String::new();
        let mut next = wanted.iter();
        let mut due: VecDeque<Entry> = expired.iter().cloned().collect();
        let (mut stopped, mut on_the_way) = (false, 0);
        let window = if self.session.capabilities.pipelining { WINDOW } else { 1 };
        loop {
            let awaits = !self.answers.is_empty();
            // Everything that fits the window goes out in one write, and not before half of it has been answered: a write for each
            // message would cost more than the message.
            while self.answers.len() < window && (!commands.is_empty() || self.answers.len() <= window / 2) {
                if let Some(entry) = due.pop_front() {
                    ask(&mut commands, "DELE", entry.number, "");
                    self.answers.push_back(Awaited::Deletion(entry));
                } else if let Some(entry) = next.as_slice().first().filter(|_| !stopped) {
                    // A large message is asked for by itself, since it has to be read even when the host wants to stop before it.
                    if on_the_way > 0 && on_the_way + entry.size > WINDOW_BYTES {
                        break;
                    }
                    next.next();
                    if self.request.max_bytes.is_some_and(|limit| entry.size > limit) {
                        ask(&mut commands, "TOP", entry.number, " 0");
                        self.answers.push_back(Awaited::Headers(entry.clone()));
                    } else {
                        ask(&mut commands, "RETR", entry.number, "");
                        on_the_way += entry.size;
                        self.answers.push_back(Awaited::Message(entry.clone()));
                    }
                } else {
                    break;
                }
            }
            if !commands.is_empty() {
                if !awaits {
                    self.session.silent().map_err(|error| error.stage(Stage::Fetch))?;
                }
                self.session.stream.write(commands.as_bytes(), self.call).map_err(|error| error.stage(Stage::Fetch))?;
                commands.clear();
            }
            match self.answers.pop_front() {
                None => return Ok(stopped),
                Some(Awaited::Deletion(entry)) => self.deletion(entry)?,
                Some(Awaited::Headers(entry)) => stopped |= self.message(&entry, true, stopped, &mut due)?,
                Some(Awaited::Message(entry)) => {
                    on_the_way -= entry.size;
                    stopped |= self.message(&entry, false, stopped, &mut due)?;
                }
            }
        }
    }

    fn deletion(&mut self, entry: Entry) -> Result<(), Error> {
        match self.session.accepted(self.call).map_err(|error| error.stage(Stage::Fetch))? {
            Ok(()) => {
                self.deleted.push(entry.id);
                Ok(())
            }
            Err(reply) => {
                let refusal = self.session.refused("pop3.delete_refused", Status::Refused, reply).stage(Stage::Fetch);
                self.refusal.get_or_insert(refusal);
                Ok(())
            }
        }
    }

    /// Hands one message over and notes what is to become of it; returns whether the host wants no more. After it has
    /// said so, what was already asked for is read and thrown away.
    fn message(&mut self, entry: &Entry, headers_only: bool, stopped: bool, due: &mut VecDeque<Entry>) -> Result<bool, Error> {
        let call = self.call;
        if let Err(reply) = self.session.accepted(call).map_err(|error| error.stage(Stage::Fetch))? {
            // Another session has deleted it meanwhile, or the server cannot read it. The others are fetched all the same.
            let refusal = self.session.refused("pop3.retrieve_refused", Status::Refused, reply).stage(Stage::Fetch);
            self.refusal.get_or_insert(refusal.arg("id", entry.id.as_str()));
            return Ok(stopped);
        }
        if stopped {
            self.session.body(call, |_| Ok(()))?;
            return Ok(true);
        }
        let incoming = Incoming { id: entry.id.clone(), size: Some(entry.size), headers_only, ..Incoming::default() };
        call.announce(&incoming)?;
        self.session.body(call, |piece| call.message(piece))?;
        let disposal = call.disposal()?;
        match disposal {
            Disposal::Stop => return Ok(true),
            Disposal::Keep | Disposal::Seen => {
                let fate = if headers_only { Fate::Headers } else { Fate::Fetched };
                self.state.remember(&entry.id, Known { day: today(), fate });
            }
            Disposal::Delete => {
                // From here on it is to be deleted, even if this session does not live to see it.
                self.state.remember(&entry.id, Known { day: today(), fate: Fate::Condemned });
                due.push_back(entry.clone());
            }
        }
        Ok(false)
    }
}

/// Adds a command about a message.
fn ask(commands: &mut String, verb: &str, number: u32, rest: &str) {
    // Writing to a String cannot fail.
    let _ = write!(commands, "{verb} {number}{rest}\r\n");
}

/// The day, counted from 1970.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400)
}
