//! Fetching: what is new, many messages by one command, each marked or deleted only after the host has taken it.

mod edge;
mod fetch;
mod fetch_command;
mod part;
mod slices;
mod windows;

use crate::folders::{id, pointed};
use crate::idle::IdleWait;
use crate::search::criteria;
use crate::session::Session;
use crate::settings::Settings;
use crate::state::State;
use crate::uid_set::UidSet;
use fetch::{Fetch, PendingActions};
use postkontor_plugin::{Call, Error, Filter, Missing, ReceiveRequest, Received, Stage, Status};
use slices::LARGE;

/// No call lasts longer, in seconds.
const DAY: u64 = 86_400;

/// Fetches what is new.
pub(crate) fn receive(session: &mut Session, settings: &Settings, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
    if let Some(id) = &request.message {
        return part::receive(session, settings, request, id, call);
    }
    let mut state = State::parse(request.state.as_deref())?;
    let (folder, pointer) = match &request.folder {
        Some(folder) => (folder.as_str(), "/folder"),
        None => (settings.imap.inbox.as_str(), "/imap/inbox"),
    };
    if folder.is_empty() || folder.contains(char::is_control) {
        return Err(pointed(Error::new(Status::Argument, "imap.folder_name_invalid"), pointer, "imap.folder_name_invalid").usable());
    }
    let selected = session.select(folder, pointer, settings.imap.create_folders, call)?;
    if selected.validity == 0 && !state.fetched.is_empty() {
        // The UID of a fetched message may name another one now, and fetching all anew would never end.
        return Err(session.error(Status::Protocol, "imap.validity_missing").stage(Stage::Mailbox).usable());
    }
    if state.validity != selected.validity || selected.validity == 0 {
        // UIDVALIDITY has changed: the state is about other messages.
        state = State { validity: selected.validity, ..State::default() };
    }
    let mut fetch = Fetch::new(session, settings, state, selected, request, call);
    let result = fetch.run_until(&mut IdleWait::new(request.wait_seconds.min(DAY), settings), request);
    let state = if fetch.is_looking { request.state.clone().unwrap_or_default() } else { fetch.next_state() };
    let missing = fetch.missing();
    match result {
        Ok(more) => Ok(Received {
            state,
            more,
            interrupted: fetch.refusal.or(fetch.refused),
            missing,
            warnings: fetch.warnings,
            ..Received::default()
        }),
        Err(error) if fetch.taken.is_empty() && !fetch.has_given_up() => Err(error),
        // The state holds what was taken, even though the session broke.
        Err(error) => {
            Ok(Received { state, more: true, interrupted: Some(error), missing, warnings: fetch.warnings, ..Received::default() })
        }
    }
}

impl Fetch<'_, '_> {
    /// Fetches what is new; where nothing is, waits for it.
    fn run_until(&mut self, wait: &mut IdleWait, request: &ReceiveRequest) -> Result<bool, Error> {
        // A folder of which everything was fetched, and whose status is the same, is not searched.
        let mut is_unchanged = self.status.proves_anything() && self.state.fetched_whole == Some(self.status);
        loop {
            let more = if std::mem::take(&mut is_unchanged) { false } else { self.run(request)? };
            let is_done = more || !self.taken.is_empty() || self.refusal.is_some();
            if is_done || !self.session.idle(wait, self.call).map_err(|error| error.stage(Stage::Fetch))? {
                return Ok(more);
            }
        }
    }

    fn run(&mut self, request: &ReceiveRequest) -> Result<bool, Error> {
        let at = |error: Error| error.stage(Stage::Fetch);
        self.limit = request.max_messages.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        self.missing.clear();
        let more = if self.is_few_of_many(request) { self.run_in_slices() } else { self.run_whole(request) };
        let more = more.map_err(at)?;
        self.search_for_absent().map_err(at)?;
        Ok(more)
    }

    /// Fetches after a search of the whole folder.
    fn run_whole(&mut self, request: &ReceiveRequest) -> Result<bool, Error> {
        self.mailbox = self.session.search_folder("", self.call)?;
        (self.is_searched, self.is_sliced) = (true, false);
        self.is_complete = self.session.updates.messages as usize == self.mailbox.len();
        // The actions that an earlier call left; their messages count as fetched.
        let there = |due: &UidSet| self.mailbox.iter().copied().filter(|uid| due.contains(*uid)).collect();
        let unfinished = PendingActions { seen: there(&self.state.to_mark_seen), delete: there(&self.state.to_delete), stopped: false };
        self.to_mark_seen.extend(&unfinished.seen);
        self.to_delete.extend(&unfinished.delete);
        if !self.is_looking {
            self.perform(&unfinished)?;
        }
        let matching = self.matching(&request.filter)?;
        let wanted = self.wanted(matching)?;
        let (last, first): (Vec<u32>, Vec<u32>) = wanted.into_iter().partition(|uid| self.state.spoiled.contains(*uid));
        Ok(self.fetch(&first)? || self.fetch(&last)?)
    }

    /// The messages that meet the filter. Where the server cannot search for it, those of them that were not fetched yet.
    fn matching(&mut self, filter: &Filter) -> Result<Vec<u32>, Error> {
        let criteria = criteria(filter, self.session.utf8);
        if criteria.is_empty() {
            return Ok(self.mailbox.clone());
        }
        if self.warnings.is_empty() {
            match self.session.search_folder(&criteria, self.call) {
                Err(error) if error.status == Status::Refused && !criteria.is_ascii() => (),
                found => return found,
            }
            self.warnings.push(self.session.error(Status::Unsupported, "imap.filtered_here").stage(Stage::Fetch));
        }
        let new: Vec<u32> = self.mailbox.iter().copied().filter(|uid| !self.state.fetched.contains(*uid)).collect();
        let filtered = self.session.filter_locally(filter, &new, self.call)?;
        self.absent.extend(filtered.unknown);
        Ok(filtered.matching)
    }

    /// The messages that the folder has and that did not come.
    fn missing(&self) -> Vec<Missing> {
        let all = self.spoiled.iter().chain(&self.missing);
        all.map(|(uid, error)| Missing { id: id(&self.folder, self.state.validity, *uid), error: error.clone() }).collect()
    }

    /// The state for the next call.
    fn next_state(&self) -> String {
        if self.state.validity == 0 {
            // Without UIDVALIDITY no UID is valid in the next call, which only has to know that something is left.
            let left = self.taken.difference(&self.deleted);
            return State { fetched: UidSet::new(left.copied()), ..State::default() }.text();
        }
        let is_fetched = |uid: u32| self.taken.contains(&uid) && !self.headers.contains(&uid) || self.state.fetched.contains(uid);
        let is_headers = |uid: u32| self.headers.contains(&uid) || self.state.headers.contains(uid) && !is_fetched(uid);
        let (mut to_delete, mut to_mark_seen) =
            (UidSet::new(self.to_delete.iter().copied()), UidSet::new(self.to_mark_seen.iter().copied()));
        let there = || self.mailbox.iter().copied();
        let (fetched, headers) = if self.is_complete && self.is_searched && !self.mailbox.is_empty() {
            // Below the first message of a large folder there is none to search for.
            let first = self.mailbox.first().filter(|first| self.mailbox.len() > LARGE as usize && is_fetched(**first));
            let below = UidSet::of(first.map(|first| 1..=*first));
            (UidSet::compact(&self.mailbox, is_fetched).union(&below), UidSet::new(there().filter(|uid| is_headers(*uid))))
        } else {
            // A message that the search left out is neither fetched nor gone, and its actions stay due.
            let found = UidSet::new(there());
            to_delete = to_delete.union(&self.state.to_delete.difference(&found));
            to_mark_seen = to_mark_seen.union(&self.state.to_mark_seen.difference(&found));
            let fetched = self.state.fetched.union(&UidSet::new(there().filter(|uid| is_fetched(*uid)))).union(&self.joined());
            let headers = self.state.headers.union(&UidSet::new(there().filter(|uid| is_headers(*uid))));
            let headers = headers.difference(&fetched);
            (fetched, headers)
        };
        // A message that came after SELECT makes the next call search.
        let is_up_to_date = self.status.next == 0 || self.mailbox.last().is_none_or(|last| *last < self.status.next);
        let is_done = self.status.proves_anything() && self.is_complete && to_delete.is_empty() && to_mark_seen.is_empty();
        let is_whole = is_up_to_date && is_done && there().all(is_fetched);
        let whole = if self.is_searched { is_whole.then_some(self.status) } else { self.state.fetched_whole };
        let is_spoiled = |uid: &u32| !is_fetched(*uid) && (self.spoiled.contains_key(uid) || self.state.spoiled.contains(*uid));
        let spoiled = if self.has_given_up() { UidSet::new(there().filter(is_spoiled)) } else { UidSet::default() };
        State { validity: self.state.validity, fetched, headers, to_delete, to_mark_seen, spoiled, fetched_whole: whole }.text()
    }
}
