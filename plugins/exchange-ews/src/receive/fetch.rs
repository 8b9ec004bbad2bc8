//! A fetch in progress: which messages are asked for, and what was done with them.

use super::sync::Synced;
use super::window::{Fate, Window, incoming};
use crate::items::{Change, Row, get_mime};
use crate::meaning::Class;
use crate::place::Place;
use crate::settings::NAME;
use crate::talk::Talk;
use postkontor_plugin::exchange::{Due, State};
use postkontor_plugin::{Action, Error, Missing, ReceiveRequest, Received, Stage, Status, Summary};
use std::collections::BTreeMap;

/// The most messages that are asked for at once, and the most bytes of them: what was taken is marked or deleted when all have come.
const MESSAGES: usize = 50;
const BYTES: u64 = 1024 * 1024;

/// How many of those that an earlier call left are looked at, at once.
const LEFT: usize = 100;

/// A call gives up so many messages at most whose answers make no sense.
const GIVEN_UP: usize = 10;

/// A fetch in progress.
pub(super) struct Fetch<'f, 'a, 'c> {
    talk: &'f mut Talk<'a, 'c>,
    folder: Place,
    /// The folder as it was asked for.
    name: String,
    state: State,
    request: &'f ReceiveRequest,
    /// How many messages the host has taken.
    pub(super) taken: u64,
    is_stopped: bool,
    missing: BTreeMap<String, Error>,
    given_up: usize,
    warnings: Vec<Error>,
    /// The first action that the service refused. Fetching goes on.
    refusal: Option<Error>,
}

impl<'f, 'a, 'c> Fetch<'f, 'a, 'c> {
    pub(super) fn new(
        talk: &'f mut Talk<'a, 'c>,
        folder: Place,
        name: String,
        state: State,
        request: &'f ReceiveRequest,
    ) -> Fetch<'f, 'a, 'c> {
        Fetch {
            talk,
            folder,
            name,
            state,
            request,
            taken: 0,
            is_stopped: false,
            missing: BTreeMap::new(),
            given_up: 0,
            warnings: Vec::new(),
            refusal: None,
        }
    }

    /// Whether the call ends because too many answers made no sense.
    pub(super) fn has_given_up(&self) -> bool {
        self.given_up > GIVEN_UP
    }

    /// What the host gets in the end.
    pub(super) fn received(&mut self) -> Received {
        let missing = std::mem::take(&mut self.missing).into_iter().map(|(id, error)| Missing { id, error }).collect();
        let given = self.is_looking().then(|| self.request.state.clone().unwrap_or_default());
        Received {
            state: given.unwrap_or_else(|| self.state.text(NAME)),
            interrupted: self.refusal.take(),
            missing,
            warnings: std::mem::take(&mut self.warnings),
            ..Received::default()
        }
    }

    /// Whether no more than the structure is wanted, which shows the headers: nothing is marked, deleted or put into the state.
    fn is_looking(&self) -> bool {
        self.request.summary == Summary::Structure
    }

    /// A message with more bytes comes with its headers only.
    fn max_bytes(&self) -> Option<u64> {
        if self.is_looking() { Some(0) } else { self.request.max_bytes }
    }

    /// How many messages may still come.
    fn left(&self) -> u64 {
        if self.is_stopped { 0 } else { self.request.max_messages.unwrap_or(u64::MAX).saturating_sub(self.taken) }
    }

    /// Fetches what is new; whether messages were left.
    pub(super) fn run(&mut self) -> Result<bool, Error> {
        if !self.is_looking() {
            self.finish_actions()?;
        }
        if self.fetch_left(|due| matches!(due, Due::Fetch | Due::Whole(_)))? {
            return Ok(true);
        }
        loop {
            if self.left() == 0 {
                return Ok(true);
            }
            let most = usize::try_from(self.left()).unwrap_or(usize::MAX).max(16);
            let changes = match self.talk.sync(&self.folder, &self.state.token, most)? {
                Synced::Changes(changes) => changes,
                Synced::Lost => {
                    self.forget();
                    continue;
                }
            };
            let moved = self.state.token != changes.token;
            for id in &changes.gone {
                self.state.due.remove(id);
            }
            for row in &changes.new {
                self.state.due.entry(row.id.clone()).or_insert(Due::Fetch);
            }
            self.state.token = changes.token;
            let mut rows = self.talk.passing(changes.new, &self.request.filter, &mut self.missing)?;
            rows.sort_by(|a, b| a.received.cmp(&b.received));
            if self.fetch(rows)? {
                return Ok(true);
            }
            // A page that leads nowhere would never end.
            if changes.is_last || !moved {
                break;
            }
        }
        self.fetch_left(|due| *due == Due::FetchLast)
    }

    /// The service does not know any more what was fetched: everything is new to it.
    fn forget(&mut self) {
        self.state.token.clear();
        self.state.due.retain(|_, due| matches!(due, Due::Seen | Due::Delete));
        self.warnings.push(Error::new(Status::Protocol, "ews.state_lost").arg("host", self.talk.host()).stage(Stage::Fetch));
    }

    /// The actions that an earlier call left.
    fn finish_actions(&mut self) -> Result<(), Error> {
        let due =
            |wanted: Due| -> Vec<String> { self.state.due.iter().filter(|(_, due)| **due == wanted).map(|(id, _)| id.clone()).collect() };
        let (seen, delete) = (due(Due::Seen), due(Due::Delete));
        self.perform(&seen, &delete)
    }

    /// Marks and deletes. What was done, and what is gone, is not due any more.
    fn perform(&mut self, seen: &[String], delete: &[String]) -> Result<(), Error> {
        // What is deleted from among the deleted is gone for good; moved there it would be new again.
        let is_trash = self.folder == self.talk.distinguished("deleteditems");
        let deletion = if is_trash { Change::DeleteForGood } else { Change::Delete };
        for (messages, change) in [(seen, Change::Mark(true)), (delete, deletion)] {
            if messages.is_empty() {
                continue;
            }
            let ids: Vec<&str> = messages.iter().map(String::as_str).collect();
            let answers = self.talk.change(&ids, change, Stage::Fetch)?;
            for (id, answer) in messages.iter().zip(answers) {
                let is_over = answer.is_success || answer.class() == Class::Gone;
                if !is_over {
                    self.refusal.get_or_insert(answer.error(&self.talk.host(), Stage::Fetch));
                }
                // A mark that was refused is reported and not tried again.
                if is_over || change == Change::Mark(true) {
                    self.state.due.remove(id);
                }
            }
        }
        Ok(())
    }

    /// Fetches what earlier calls left; whether messages were left again.
    fn fetch_left(&mut self, is_wanted: impl Fn(&Due) -> bool) -> Result<bool, Error> {
        let limit = self.request.max_bytes.unwrap_or(u64::MAX);
        let is_due = |due: &Due| is_wanted(due) && !matches!(due, Due::Whole(bytes) if limit <= *bytes);
        let ids: Vec<String> = self.state.due.iter().filter(|(_, due)| is_due(due)).map(|(id, _)| id.clone()).collect();
        if !ids.is_empty() && self.left() == 0 {
            return Ok(true);
        }
        let mut rows: Vec<Row> = Vec::new();
        for piece in ids.chunks(LEFT) {
            let asked: Vec<&str> = piece.iter().map(String::as_str).collect();
            let found = self.talk.rows(&asked, Stage::Fetch)?;
            for (id, row) in piece.iter().zip(found) {
                match row {
                    Ok(Some(row)) => rows.push(row),
                    Ok(None) => drop(self.state.due.remove(id)),
                    // It stays due: the next fetch tries it again.
                    Err(error) => drop(self.missing.insert(id.clone(), error)),
                }
            }
        }
        let mut rows = self.talk.passing(rows, &self.request.filter, &mut self.missing)?;
        // The state has them by their ids; they come as they would have come before, the oldest first.
        rows.sort_by(|a, b| a.received.cmp(&b.received));
        self.fetch(rows)
    }

    /// Fetches messages; whether some were left because of a limit.
    fn fetch(&mut self, rows: Vec<Row>) -> Result<bool, Error> {
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            if self.left() == 0 {
                return Ok(true);
            }
            let count = self.window(rest);
            let (now, later) = rest.split_at(count);
            rest = later;
            if self.is_far_too_large(&now[0]) && self.hand_over_headers(&now[0])? {
                continue;
            }
            self.fetch_window(now)?;
        }
        Ok(self.is_stopped)
    }

    /// How many of the messages are asked for at once.
    fn window(&self, rows: &[Row]) -> usize {
        let most = usize::try_from(self.left()).unwrap_or(usize::MAX).min(MESSAGES);
        let mut bytes = 0;
        let fits = |row: &&Row| {
            bytes += row.size;
            bytes <= BYTES && !self.is_far_too_large(row)
        };
        rows.iter().take(most).take_while(fits).count().max(1)
    }

    /// The size in the store says roughly how large the message is.
    fn is_far_too_large(&self, row: &Row) -> bool {
        self.is_looking() || self.request.max_bytes.is_some_and(|most| row.size > most.saturating_mul(2).saturating_add(64 * 1024))
    }

    /// Hands over the headers only; false where the service does not have them apart from the message.
    fn hand_over_headers(&mut self, row: &Row) -> Result<bool, Error> {
        let Some(headers) = self.talk.headers(&row.id)? else { return Ok(false) };
        self.talk.call.announce(&incoming(row, &self.name, self.request.summary, true))?;
        self.talk.call.message(&headers)?;
        let action = self.talk.call.action()?;
        self.is_stopped = action == Action::Stop;
        self.settle(std::slice::from_ref(row), vec![Fate::Taken(action, true)])?;
        Ok(true)
    }

    /// Asks for some messages at once. One whose answer makes no sense does not keep back those behind it.
    fn fetch_window(&mut self, rows: &[Row]) -> Result<(), Error> {
        let mut rest = rows;
        while !rest.is_empty() && !self.is_stopped {
            let document = self.talk.envelope(|xml| get_mime(xml, rest));
            let (host, call) = (self.talk.host(), self.talk.call);
            let mut window = Window::new(rest, &host, &self.name, self.request.summary, self.max_bytes(), call);
            let asked = self.talk.each(&document, Stage::Fetch, &mut window);
            let (fates, is_within) = (std::mem::take(&mut window.fates), window.is_within);
            self.is_stopped = window.is_stopped;
            let count = fates.len();
            let (done, others) = rest.split_at(count.min(rest.len()));
            self.settle(done, fates)?;
            rest = others;
            match asked {
                Ok(()) if rest.is_empty() || self.is_stopped => (),
                Ok(()) => return Err(crate::xml::malformed("fewer answers than were asked for")),
                Err(error) if error.status == Status::Protocol && (is_within || count > 0) && !self.has_given_up() => {
                    let Some((spoiled, behind)) = rest.split_first() else { return Err(error) };
                    self.given_up += 1;
                    self.state.due.insert(spoiled.id.clone(), Due::FetchLast);
                    self.missing.insert(spoiled.id.clone(), error);
                    rest = behind;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Notes what became of messages, and does what the host wants.
    fn settle(&mut self, rows: &[Row], fates: Vec<Fate>) -> Result<(), Error> {
        if self.is_looking() {
            for (row, fate) in rows.iter().zip(fates) {
                match fate {
                    Fate::Withheld(error) => drop(self.missing.insert(row.id.clone(), error)),
                    Fate::Gone | Fate::Taken(Action::Stop, _) => (),
                    Fate::Taken(..) => self.taken += 1,
                }
            }
            return Ok(());
        }
        let (mut seen, mut delete) = (Vec::new(), Vec::new());
        for (row, fate) in rows.iter().zip(fates) {
            let due = match fate {
                Fate::Gone => None,
                Fate::Withheld(error) => {
                    self.missing.insert(row.id.clone(), error);
                    Some(Due::FetchLast)
                }
                Fate::Taken(Action::Stop, _) => Some(Due::Fetch),
                Fate::Taken(action, is_headers) => {
                    self.taken += 1;
                    match action {
                        Action::Seen => seen.push(row.id.clone()),
                        // The host got only the headers, not the message.
                        Action::Delete if !is_headers => delete.push(row.id.clone()),
                        _ => (),
                    }
                    match action {
                        _ if is_headers => self.request.max_bytes.map(Due::Whole),
                        Action::Seen => Some(Due::Seen),
                        Action::Delete => Some(Due::Delete),
                        _ => None,
                    }
                }
            };
            match due {
                Some(due) => self.state.due.insert(row.id.clone(), due),
                None => self.state.due.remove(&row.id),
            };
        }
        let whole: Vec<(String, Due)> = seen
            .iter()
            .filter_map(|id| self.state.due.get(id).filter(|due| matches!(due, Due::Whole(_))).map(|due| (id.clone(), *due)))
            .collect();
        let performed = self.perform(&seen, &delete);
        // A mark on what came with its headers only leaves the rest due.
        self.state.due.extend(whole);
        performed
    }
}
