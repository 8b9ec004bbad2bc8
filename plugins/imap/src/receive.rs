//! Fetching: what is new, many messages by one command, each marked or deleted only after the host has taken it.

mod delivery;
mod slices;

use crate::folders::{id, pointed};
use crate::scan::{Known, opening, scan};
use crate::search::criteria;
use crate::session::Session;
use crate::settings::Settings;
use crate::state::{Extent, State};
use crate::uids::{Range, Uids};
use crate::wait::Patience;
use crate::window::{FIRST, FIRST_BYTES, LOOK, WINDOW, bytes, is_large, room, window};
use delivery::{Delivery, Wanted};
use postkontor_plugin::net::Trail;
use postkontor_plugin::{Call, Error, Filter, Missing, ReceiveRequest, Received, SessionState, Stage, Status, Summary};
use slices::LARGE;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Instant;

/// No call lasts longer, in seconds.
const DAY: u64 = 86_400;

/// Fetches what is new.
pub(crate) fn receive(session: &mut Session, settings: &Settings, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
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
        // Another message may have the UID of one that was fetched. To fetch all of them anew would never end.
        return Err(session.error(Status::Protocol, "imap.validity_missing").stage(Stage::Mailbox).usable());
    }
    if state.validity != selected.validity || selected.validity == 0 {
        // The server has numbered the folder anew: what was remembered is of other messages.
        state = State { validity: selected.validity, ..State::default() };
    }
    let mut fetch = Fetch {
        session,
        settings,
        folder: selected.name,
        state,
        call,
        extent: selected.extent,
        is_searched: false,
        is_sliced: false,
        joined: Vec::new(),
        latest: None,
        needs_look: request.max_bytes.is_some(),
        room: FIRST_BYTES,
        has_details: request.summary == Summary::Full,
        mailbox: Vec::new(),
        is_complete: false,
        taken: HashSet::new(),
        headers: HashSet::new(),
        condemned: HashSet::new(),
        deleted: HashSet::new(),
        unmarked: HashSet::new(),
        limit: usize::MAX,
        absent: BTreeSet::new(),
        spoiled: BTreeMap::new(),
        given_up: 0,
        missing: BTreeMap::new(),
        warnings: Vec::new(),
        refusal: None,
        refused: None,
    };
    let result = fetch.run_until(&mut Patience::new(request.wait_seconds.min(DAY), settings), request);
    let (state, missing) = (fetch.remembered(), fetch.missing());
    match result {
        Ok(more) => Ok(Received {
            state,
            more,
            interrupted: fetch.refusal.or(fetch.refused),
            missing,
            warnings: fetch.warnings,
            ..Received::default()
        }),
        Err(error) if fetch.taken.is_empty() => Err(error),
        // What was taken stays taken: the state says so even though the session broke.
        Err(error) => {
            Ok(Received { state, more: true, interrupted: Some(error), missing, warnings: fetch.warnings, ..Received::default() })
        }
    }
}

/// A fetch in progress.
struct Fetch<'a, 'b> {
    session: &'a mut Session,
    settings: &'a Settings,
    folder: String,
    state: State,
    call: &'a Call<'b>,
    /// How the folder was when it was selected.
    extent: Extent,
    /// Messages are described by a command of their own: their sizes decide what is asked for, or the server puts its words behind the body.
    needs_look: bool,
    /// How many bytes the next command may fetch.
    room: u64,
    /// The program wants to know each message's flags and date. Dovecot needs an eighth of its time to look the date up.
    has_details: bool,
    /// `mailbox` is known.
    is_searched: bool,
    /// `mailbox` is only what was found in slices.
    is_sliced: bool,
    /// Ranges of UIDs between which there are no others, as the numbers of the messages tell that came.
    joined: Vec<Range>,
    /// UID and number of the message that came last.
    latest: Option<(u32, u32)>,
    /// Every UID of the folder, ascending, as far as the search told.
    mailbox: Vec<u32>,
    /// The search told as many as there are. Gmail and Exchange leave some out now and then.
    is_complete: bool,
    /// UIDs that the host has taken in this call.
    taken: HashSet<u32>,
    /// Those of them of which only the headers came.
    headers: HashSet<u32>,
    /// UIDs that are to be deleted and were not yet.
    condemned: HashSet<u32>,
    /// UIDs that were deleted.
    deleted: HashSet<u32>,
    /// UIDs that are to be marked as seen and were not yet.
    unmarked: HashSet<u32>,
    /// So many messages may come.
    limit: usize,
    /// UIDs of the folder that were asked for and did not come.
    absent: BTreeSet<u32>,
    /// Messages that came in a response which did not end as one does; they are not asked for again in this call.
    spoiled: BTreeMap<u32, Error>,
    /// So many connections were given up because of such messages.
    given_up: usize,
    /// Messages that the folder has and the server did not hand over.
    missing: BTreeMap<u32, Error>,
    /// The filter was not the server's work.
    warnings: Vec<Error>,
    /// The first mark or deletion that the server refused, or what it said that could not be read; fetching goes on, and the next call tries again to delete.
    refusal: Option<Error>,
    /// The first FETCH that the server refused, as some do where a message is gone meanwhile (RFC 2180, section 4.1).
    refused: Option<Error>,
}

/// What is to be done on the server with messages that were taken, and whether no more are wanted.
#[derive(Default)]
struct Chores {
    seen: Vec<u32>,
    delete: Vec<u32>,
    stopped: bool,
}

impl Fetch<'_, '_> {
    /// Fetches what is new; where nothing is, waits for it.
    fn run_until(&mut self, patience: &mut Patience, request: &ReceiveRequest) -> Result<bool, Error> {
        // Where everything was fetched and nothing has come since, there is nothing to look for.
        let mut is_unchanged = self.extent.is_telling() && self.state.whole == Some(self.extent);
        loop {
            let more = if std::mem::take(&mut is_unchanged) { false } else { self.run(request)? };
            let is_done = more || !self.taken.is_empty() || self.refusal.is_some();
            if is_done || !self.session.idle(patience, self.call).map_err(|error| error.stage(Stage::Fetch))? {
                return Ok(more);
            }
        }
    }

    fn run(&mut self, request: &ReceiveRequest) -> Result<bool, Error> {
        let at = |error: Error| error.stage(Stage::Fetch);
        self.limit = request.max_messages.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        self.missing.clear();
        let more = if self.is_few_of_many(request) { self.run_in_slices(request) } else { self.run_whole(request) };
        let more = more.map_err(at)?;
        self.look_for_absent().map_err(at)?;
        Ok(more)
    }

    /// Fetches after a search of the whole folder.
    fn run_whole(&mut self, request: &ReceiveRequest) -> Result<bool, Error> {
        self.mailbox = self.session.search_folder("", self.call)?;
        (self.is_searched, self.is_sliced) = (true, false);
        self.is_complete = self.session.watch.messages as usize == self.mailbox.len();
        // What an earlier call left undone; its messages count as fetched.
        let there = |due: &Uids| self.mailbox.iter().copied().filter(|uid| due.contains(*uid)).collect();
        let unfinished = Chores { seen: there(&self.state.unmarked), delete: there(&self.state.condemned), stopped: false };
        self.unmarked.extend(&unfinished.seen);
        self.condemned.extend(&unfinished.delete);
        self.carry_out(&unfinished)?;
        let matching = self.matching(&request.filter)?;
        let wanted = self.wanted(matching, request.max_bytes)?;
        self.fetch(&wanted, request.max_bytes)
    }

    /// Those of the messages that are to be fetched.
    fn wanted(&mut self, matching: Vec<u32>, max_bytes: Option<u64>) -> Result<Vec<u32>, Error> {
        // Messages that were too large before are wanted when they no longer are.
        let is_known = |uid: &u32| max_bytes.is_some() && self.state.headers.contains(*uid);
        let known: Vec<u32> = matching.iter().copied().filter(is_known).collect();
        let known = self.look(&known)?.into_iter().filter(|known| is_large(known, max_bytes));
        let known: HashSet<u32> = known.map(|known| known.uid).collect();
        let is_new =
            |uid: &u32| !self.state.fetched.contains(*uid) && !self.condemned.contains(uid) && !known.contains(uid) && self.is_due(*uid);
        Ok(matching.into_iter().filter(is_new).collect())
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
        let looked = self.session.filter_here(filter, &new, self.call)?;
        self.absent.extend(looked.unknown);
        Ok(looked.matching)
    }

    /// Size, flags and date of each wanted message.
    fn look(&mut self, wanted: &[u32]) -> Result<Vec<Known>, Error> {
        let mut found = BTreeMap::new();
        let items = if self.has_details { "UID FLAGS INTERNALDATE RFC822.SIZE" } else { "UID RFC822.SIZE" };
        for piece in wanted.chunks(LOOK) {
            let command = format!("UID FETCH {} ({items})", Uids::set(piece));
            let (mut responses, mut unreadable) = (0, None);
            let done = self.session.run(&command, self.call, |line| {
                let known = scan(line);
                if known.is_none() && opening(line).is_some() {
                    unreadable.get_or_insert_with(|| line.to_vec());
                }
                let Some(known) = known.filter(|known| piece.binary_search(&known.uid).is_ok()) else { return Ok(()) };
                // A server that changes flags meanwhile says so in between; one that goes on saying so is not listened to.
                responses += 1;
                if responses > 4 * LOOK {
                    return Err(Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", 4 * LOOK));
                }
                if known.has_size {
                    found.insert(known.uid, known);
                } else {
                    found.entry(known.uid).or_insert(known);
                }
                Ok(())
            })?;
            if !done.is_ok {
                let refused = self.session.refused("imap.fetch_refused", &done);
                if refused.status == Status::Later {
                    return Err(refused);
                }
                self.refused.get_or_insert(refused);
            }
            // It may have been about a message that is to be fetched, which is not to be missing without a word.
            if let Some(line) = unreadable {
                let refusal = self.session.malformed(&line).usable();
                self.refusal.get_or_insert(refusal);
            }
        }
        Ok(found.into_values().collect())
    }

    /// How many messages may still come.
    fn left(&self) -> usize {
        self.limit.saturating_sub(self.taken.len())
    }

    /// Fetches the messages window by window; whether some were left, because of the limit or at the host's wish. One window at a time:
    /// Dovecot answers two commands at once when it can, and the host is to get the messages in the order of the folder.
    ///
    /// Where no size matters, what is told of a message comes with it, which spares the server a second look at each; how many go into
    /// one window follows the sizes that came in the last one.
    fn fetch(&mut self, wanted: &[u32], max_bytes: Option<u64>) -> Result<bool, Error> {
        let (mut rest, mut count) = (wanted, FIRST);
        while !self.needs_look && !rest.is_empty() {
            if self.left() == 0 {
                return Ok(true);
            }
            let (uids, after) = rest.split_at(Uids::nameable(rest.iter().copied().take(count.min(self.left()))));
            rest = after;
            let mut window: Vec<Known> = uids.iter().map(|uid| Known { uid: *uid, ..Known::default() }).collect();
            if self.read(&mut window, Wanted::Described)? {
                return Ok(true);
            }
            // What did not come is gone, or came in a way that needs a look.
            let missing: Vec<u32> = uids.iter().copied().filter(|uid| self.is_due(*uid)).collect();
            if self.fetch_known(&missing, max_bytes)? {
                return Ok(true);
            }
            let fitting = usize::try_from(self.room * window.len() as u64 / bytes(&window).max(1)).unwrap_or(WINDOW);
            count = fitting.clamp(1, WINDOW.min(4 * count));
        }
        self.fetch_known(rest, max_bytes)
    }

    /// Fetches messages of which the size is asked before. What they are is asked of as many as go into one window at most, so that a
    /// large folder needs no more memory than a small one.
    fn fetch_known(&mut self, wanted: &[u32], max_bytes: Option<u64>) -> Result<bool, Error> {
        for piece in wanted.chunks(LOOK) {
            if self.left() == 0 {
                return Ok(true);
            }
            let mut known = self.look(piece)?;
            let is_known = |uid: &u32| known.binary_search_by_key(uid, |known| known.uid).is_ok();
            self.absent.extend(piece.iter().filter(|uid| !is_known(uid)));
            let mut rest = known.as_mut_slice();
            while !rest.is_empty() {
                if self.left() == 0 {
                    return Ok(true);
                }
                let wanted = if is_large(&rest[0], max_bytes) { Wanted::Headers } else { Wanted::Whole };
                let count = window(rest, max_bytes, self.room).min(self.left());
                let (window, after) = rest.split_at_mut(count);
                rest = after;
                let spoiled = self.spoiled.len();
                if self.read(window, wanted)? {
                    return Ok(true);
                }
                let due: Vec<u32> = window.iter().map(|known| known.uid).filter(|uid| self.is_due(*uid)).collect();
                if self.spoiled.len() == spoiled {
                    self.absent.extend(due);
                } else if self.fetch_known(&due, max_bytes)? {
                    // What stood behind the message on which the connection was given up has come now.
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a message that was asked for is still to come.
    fn is_due(&self, uid: u32) -> bool {
        !self.taken.contains(&uid) && !self.spoiled.contains_key(&uid)
    }

    /// Of the messages that did not come, those that the folder still has: the others were deleted meanwhile.
    fn look_for_absent(&mut self) -> Result<(), Error> {
        let absent: Vec<u32> = std::mem::take(&mut self.absent).into_iter().collect();
        for piece in Uids::pieces(&absent) {
            let found = self.session.search(&format!("UID {}", Uids::set(piece)), self.call)?;
            for uid in found.into_iter().filter(|uid| piece.binary_search(uid).is_ok()) {
                let error = self.session.error(Status::Protocol, "imap.message_withheld").stage(Stage::Fetch).usable();
                self.missing.insert(uid, error);
            }
        }
        if self.missing.is_empty() {
            // All that is there has come, so what was refused was about what is gone.
            self.refused = None;
        }
        Ok(())
    }

    /// The messages that the folder has and that did not come.
    fn missing(&self) -> Vec<Missing> {
        let all = self.spoiled.iter().chain(&self.missing);
        all.map(|(uid, error)| Missing { id: id(&self.folder, self.state.validity, *uid), error: error.clone() }).collect()
    }

    /// Fetches one window, and marks and deletes what is to be; whether no more messages are wanted.
    fn read(&mut self, window: &mut [Known], wanted: Wanted) -> Result<bool, Error> {
        let (started, is_measured) = (Instant::now(), wanted != Wanted::Headers);
        let chores = Delivery::start(self, window, wanted)?.run()?;
        if is_measured {
            self.room = room(self.room, bytes(window), started.elapsed());
        }
        self.carry_out(&chores)?;
        Ok(chores.stopped)
    }

    /// Leaves a connection on which too much is on its way that nobody wants, for another one where something is left to do; what that is.
    fn renew(&mut self, chores: Chores) -> Result<Chores, Error> {
        self.session.stream.close();
        if chores.stopped && chores.seen.is_empty() && chores.delete.is_empty() {
            return Ok(chores);
        }
        self.forget_numbers();
        *self.session = Session::open(self.settings, self.call, &mut Trail::off())?;
        let selected = self.session.select(&self.folder, "/folder", false, self.call)?;
        // Where the server has numbered the folder anew meanwhile, the next call begins with it anew.
        Ok(if selected.validity == self.state.validity && selected.validity > 0 {
            chores
        } else {
            Chores { stopped: true, ..Chores::default() }
        })
    }

    fn carry_out(&mut self, chores: &Chores) -> Result<(), Error> {
        if !chores.seen.is_empty() {
            let stored = self.session.store(&chores.seen, "+FLAGS.SILENT (\\Seen)", self.call);
            self.is_done(stored)?;
            // What the server refuses is told, and not tried again: a folder that is only read has no marks.
            self.unmarked.clear();
        }
        if !chores.delete.is_empty() {
            let deleted = self.session.delete(&chores.delete, self.call);
            if self.is_done(deleted)? {
                for uid in &chores.delete {
                    self.condemned.remove(uid);
                }
                self.deleted.extend(&chores.delete);
            }
        }
        Ok(())
    }

    /// Whether the server has done it. What it refused is told in the end.
    fn is_done(&mut self, result: Result<(), Error>) -> Result<bool, Error> {
        match result {
            Err(error) if error.session == SessionState::Usable => {
                self.refusal.get_or_insert(error);
                Ok(false)
            }
            result => result.map(|()| true),
        }
    }

    /// The state for the next call.
    fn remembered(&self) -> String {
        if self.state.validity == 0 {
            // Without a numbering no UID means anything to the next call, which has to know no more than that something is left.
            let left = self.taken.difference(&self.deleted);
            return State { fetched: Uids::new(left.copied()), ..State::default() }.text();
        }
        let is_fetched = |uid: u32| self.taken.contains(&uid) && !self.headers.contains(&uid) || self.state.fetched.contains(uid);
        let is_headers = |uid: u32| self.headers.contains(&uid) || self.state.headers.contains(uid) && !is_fetched(uid);
        let (mut condemned, mut unmarked) = (Uids::new(self.condemned.iter().copied()), Uids::new(self.unmarked.iter().copied()));
        let there = || self.mailbox.iter().copied();
        let (fetched, headers) = if self.is_complete && self.is_searched && !self.mailbox.is_empty() {
            // Below the first message of a large folder there is none to be looked for.
            let first = self.mailbox.first().filter(|first| self.mailbox.len() > LARGE as usize && is_fetched(**first));
            let below = Uids::of(first.map(|first| 1..=*first));
            (Uids::compact(&self.mailbox, is_fetched).with(&below), Uids::new(there().filter(|uid| is_headers(*uid))))
        } else {
            // What the search left out is neither fetched nor gone, and what is due of it stays due.
            let found = Uids::new(there());
            condemned = condemned.with(&self.state.condemned.without(&found));
            unmarked = unmarked.with(&self.state.unmarked.without(&found));
            let fetched = self.state.fetched.with(&Uids::new(there().filter(|uid| is_fetched(*uid)))).with(&self.joined());
            let headers = self.state.headers.with(&Uids::new(there().filter(|uid| is_headers(*uid))));
            let headers = headers.without(&fetched);
            (fetched, headers)
        };
        // What came since the folder was selected makes the next call look, which is no harm.
        let is_told = self.extent.next == 0 || self.mailbox.last().is_none_or(|last| *last < self.extent.next);
        let is_done = self.extent.is_telling() && self.is_complete && condemned.is_empty() && unmarked.is_empty();
        let is_whole = is_told && is_done && there().all(is_fetched);
        let whole = if self.is_searched { is_whole.then_some(self.extent) } else { self.state.whole };
        State { validity: self.state.validity, fetched, headers, condemned, unmarked, whole }.text()
    }
}

/// The body of a message, or what is to become it.
enum Source {
    Read(Vec<u8>),
    Coming(u64),
}

impl Source {
    fn size(&self) -> u64 {
        match self {
            Source::Read(body) => body.len() as u64,
            Source::Coming(length) => *length,
        }
    }
}
