//! Fetching: what is new, several messages on the way at a time, each deleted only after the host has taken it.

use crate::listing::Entry;
use crate::session::Session;
use crate::settings::Settings;
use crate::state::{Known, State};
use postkontor_plugin::net::Trail;
use postkontor_plugin::{Call, Disposal, Error, Incoming, ReceiveRequest, Received, Stage, Status};
use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

/// How many commands may be on their way, and for how many bytes of messages: what was asked for has to be read.
const WINDOW: usize = 128;
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

/// Fetches what is new.
pub(crate) fn receive(settings: &Settings, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
    if request.folder.as_ref().is_some_and(|folder| !folder.eq_ignore_ascii_case("INBOX")) {
        let code = "pop3.folder_unsupported";
        return Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).at("/folder", code));
    }
    let state = State::parse(request.state.as_deref())?;
    let mut session = Session::open(settings, call, &mut Trail::off(), &mut Vec::new())?;
    let mailbox = session.listing(call)?;
    let (wanted, more) = session.wanted(&mailbox, &state, request, call)?;
    let expired = expired(settings, &mailbox, &state, today());
    let fetch = Fetch { session, mailbox, state, request, call, deleted: Vec::new(), answers: VecDeque::new() };
    fetch.run(&wanted, &expired, more)
}

impl Session {
    /// The messages to fetch, and whether more are left because of the limit.
    fn wanted(&mut self, mailbox: &[Entry], state: &State, request: &ReceiveRequest, call: &Call) -> Result<(Vec<Entry>, bool), Error> {
        let limit = request.max_messages.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let mut wanted = Vec::new();
        for entry in mailbox.iter().filter(|entry| state.get(&entry.id).is_none()) {
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
    let is_due = |known: Known| known.condemned || settings.pop3.leave_days.is_some_and(|days| known.day + u64::from(days) <= today);
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
            Ok(stopped) => Ok(Received { state, more: more || stopped, interrupted: None }),
            // What was taken stays taken: the state says so even though the session broke.
            Err(error) => Ok(Received { state, more: true, interrupted: Some(error) }),
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
            // Everything that fits the window goes out in one write.
            while self.answers.len() < window && (on_the_way < WINDOW_BYTES || self.answers.is_empty()) {
                if let Some(entry) = due.pop_front() {
                    commands.push_str(&format!("DELE {}\r\n", entry.number));
                    self.answers.push_back(Awaited::Deletion(entry));
                } else if let Some(entry) = next.next().filter(|_| !stopped) {
                    if self.request.max_bytes.is_some_and(|limit| entry.size > limit) {
                        commands.push_str(&format!("TOP {} 0\r\n", entry.number));
                        self.answers.push_back(Awaited::Headers(entry.clone()));
                    } else {
                        commands.push_str(&format!("RETR {}\r\n", entry.number));
                        on_the_way += entry.size;
                        self.answers.push_back(Awaited::Message(entry.clone()));
                    }
                } else {
                    break;
                }
            }
            if !commands.is_empty() {
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
        match self.session.answer(self.call).map_err(|error| error.stage(Stage::Fetch))? {
            Ok(_) => {
                self.deleted.push(entry.id);
                Ok(())
            }
            Err(reply) => Err(self.session.refused("pop3.delete_refused", Status::Refused, reply).stage(Stage::Fetch)),
        }
    }

    /// Hands one message over and notes what is to become of it; returns whether the host wants no more. After it has
    /// said so, what was already asked for is read and thrown away.
    fn message(&mut self, entry: &Entry, headers_only: bool, stopped: bool, due: &mut VecDeque<Entry>) -> Result<bool, Error> {
        let call = self.call;
        if self.session.answer(call).map_err(|error| error.stage(Stage::Fetch))?.is_err() {
            // Another session has deleted it meanwhile, or the server cannot read it: it is not there to be fetched.
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
            Disposal::Keep | Disposal::Seen => self.state.remember(&entry.id, Known { day: today(), condemned: false }),
            Disposal::Delete => {
                // From here on it is to be deleted, even if this session does not live to see it.
                self.state.remember(&entry.id, Known { day: today(), condemned: true });
                due.push_back(entry.clone());
            }
        }
        Ok(false)
    }
}

/// The day, counted from 1970.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400)
}
