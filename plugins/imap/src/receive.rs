//! Fetching: what is new, many messages by one command, each marked or deleted only after the host has taken it.

use crate::folders::id;
use crate::head::{described, quoted_body, uid};
use crate::reader::{Piece, Section};
use crate::scan::{Known, opening, scan};
use crate::search::criteria;
use crate::session::Session;
use crate::settings::Settings;
use crate::state::{Extent, State};
use crate::uids::Uids;
use crate::window::{FIRST, FIRST_BYTES, LOOK, WINDOW, bytes, is_large, room, window};
use postkontor_plugin::net::Trail;
use postkontor_plugin::{Call, Disposal, Error, Incoming, ReceiveRequest, Received, SessionState, Stage, Status, Summary};
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// How many bytes that nobody wants any more are read to the end of a command; rather than more of them a new connection is made.
const UNWANTED: u64 = 4 * 1024 * 1024;

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
        return Err(Error::new(Status::Argument, "imap.folder_name_invalid").at(pointer, "imap.folder_name_invalid").usable());
    }
    let selected = session.select(folder, pointer, settings.imap.create_folders, call)?;
    if state.validity != selected.validity {
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
        needs_look: request.max_bytes.is_some(),
        room: FIRST_BYTES,
        has_details: request.summary == Summary::Full,
        mailbox: Vec::new(),
        taken: HashSet::new(),
        headers: HashSet::new(),
        condemned: HashSet::new(),
        unmarked: HashSet::new(),
        refusal: None,
    };
    let until = Instant::now() + Duration::from_secs(request.wait_seconds.min(DAY));
    let renewal = Duration::from_secs(settings.imap.idle_seconds.into());
    let result = fetch.run_until(until, renewal, request);
    let state = fetch.remembered();
    match result {
        Ok(more) => Ok(Received { state, more, interrupted: fetch.refusal, ..Received::default() }),
        Err(error) if fetch.taken.is_empty() => Err(error),
        // What was taken stays taken: the state says so even though the session broke.
        Err(error) => Ok(Received { state, more: true, interrupted: Some(error), ..Received::default() }),
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
    /// Every UID of the folder, ascending.
    mailbox: Vec<u32>,
    /// UIDs that the host has taken in this call.
    taken: HashSet<u32>,
    /// Those of them of which only the headers came.
    headers: HashSet<u32>,
    /// UIDs that are to be deleted and were not yet.
    condemned: HashSet<u32>,
    /// UIDs that are to be marked as seen and were not yet.
    unmarked: HashSet<u32>,
    /// The first mark or deletion that the server refused, or what it said that could not be read; fetching goes on, and the next call tries again to delete.
    refusal: Option<Error>,
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
    fn run_until(&mut self, until: Instant, renewal: Duration, request: &ReceiveRequest) -> Result<bool, Error> {
        // Where everything was fetched and nothing has come since, there is nothing to look for.
        let mut is_unchanged = self.extent.is_telling() && self.state.whole == Some(self.extent);
        loop {
            let more = if std::mem::take(&mut is_unchanged) { false } else { self.run(request)? };
            let is_done = more || !self.taken.is_empty() || self.refusal.is_some();
            if is_done || !self.session.idle(until, renewal, self.call).map_err(|error| error.stage(Stage::Fetch))? {
                return Ok(more);
            }
        }
    }

    fn run(&mut self, request: &ReceiveRequest) -> Result<bool, Error> {
        let at = |error: Error| error.stage(Stage::Fetch);
        self.mailbox = self.session.search("ALL", self.call).map_err(at)?;
        self.is_searched = true;
        // What an earlier call left undone; its messages count as fetched.
        let there = |due: &Uids| self.mailbox.iter().copied().filter(|uid| due.contains(*uid)).collect();
        let unfinished = Chores { seen: there(&self.state.unmarked), delete: there(&self.state.condemned), stopped: false };
        self.unmarked.extend(&unfinished.seen);
        self.condemned.extend(&unfinished.delete);
        self.carry_out(&unfinished).map_err(at)?;
        let criteria = criteria(&request.filter, self.session.utf8);
        let matching = if criteria.is_empty() { self.mailbox.clone() } else { self.session.search(&criteria, self.call).map_err(at)? };
        // Messages that were too large before are wanted when they no longer are.
        let is_known = |uid: &u32| request.max_bytes.is_some() && self.state.headers.contains(*uid);
        let known: Vec<u32> = matching.iter().copied().filter(is_known).collect();
        let known = self.look(&known).map_err(at)?.into_iter().filter(|known| is_large(known, request.max_bytes));
        let known: HashSet<u32> = known.map(|known| known.uid).collect();
        let is_new = |uid: &u32| !self.state.fetched.contains(*uid) && !self.condemned.contains(uid) && !known.contains(uid);
        let mut wanted: Vec<u32> = matching.into_iter().filter(is_new).collect();
        let limit = request.max_messages.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let more = wanted.len() > limit;
        wanted.truncate(limit);
        Ok(self.fetch(&wanted, request.max_bytes).map_err(at)? || more)
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
                return Err(self.session.refused("imap.fetch_refused", &done));
            }
            // It may have been about a message that is to be fetched, which is not to be missing without a word.
            if let Some(line) = unreadable {
                let refusal = self.session.malformed(&line).usable();
                self.refusal.get_or_insert(refusal);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Fetches the messages window by window; whether the host asked to stop. One window at a time: Dovecot answers two commands at
    /// once when it can, and the host is to get the messages in the order of the folder.
    ///
    /// Where no size matters, what is told of a message comes with it, which spares the server a second look at each; how many go into
    /// one window follows the sizes that came in the last one.
    fn fetch(&mut self, wanted: &[u32], max_bytes: Option<u64>) -> Result<bool, Error> {
        let (mut rest, mut count) = (wanted, FIRST);
        while !self.needs_look && !rest.is_empty() {
            let (uids, after) = rest.split_at(Uids::nameable(rest.iter().copied().take(count)));
            rest = after;
            let mut window: Vec<Known> = uids.iter().map(|uid| Known { uid: *uid, ..Known::default() }).collect();
            let chores = self.read(&mut window, Wanted::Described)?;
            self.carry_out(&chores)?;
            if chores.stopped {
                return Ok(true);
            }
            // What did not come is gone, or came in a way that needs a look.
            let missing: Vec<u32> = uids.iter().copied().filter(|uid| !self.taken.contains(uid)).collect();
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
            let mut known = self.look(piece)?;
            let mut rest = known.as_mut_slice();
            while !rest.is_empty() {
                let wanted = if is_large(&rest[0], max_bytes) { Wanted::Headers } else { Wanted::Whole };
                let (window, after) = rest.split_at_mut(window(rest, max_bytes, self.room));
                rest = after;
                let chores = self.read(window, wanted)?;
                self.carry_out(&chores)?;
                if chores.stopped {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Fetches one window.
    fn read(&mut self, window: &mut [Known], items: Wanted) -> Result<Chores, Error> {
        let (started, is_measured) = (Instant::now(), items != Wanted::Headers);
        let chores = self.hand_over(window, items)?;
        if is_measured {
            self.room = room(self.room, bytes(window), started.elapsed());
        }
        Ok(chores)
    }

    /// Asks for one window and hands each message over; what is told of it goes along.
    fn hand_over(&mut self, window: &mut [Known], items: Wanted) -> Result<Chores, Error> {
        let (items, wanted, is_described) = match items {
            Wanted::Headers => ("UID BODY.PEEK[HEADER]", Section::Headers, false),
            Wanted::Whole => ("UID BODY.PEEK[]", Section::Whole, false),
            Wanted::Described if self.has_details => ("UID FLAGS INTERNALDATE BODY.PEEK[]", Section::Whole, true),
            Wanted::Described => ("UID BODY.PEEK[]", Section::Whole, true),
        };
        let command = format!("UID FETCH {} ({items})", Uids::new(window.iter().map(|known| known.uid)).text());
        let tag = self.session.start(&command, self.call)?;
        let (mut chores, mut unwanted) = (Chores::default(), 0);
        // What all ids of this folder have behind the UID.
        let behind = id(&self.folder, self.state.validity, 0).split_off(1);
        let mut incoming = Incoming { folder: Some(self.folder.clone()), headers_only: wanted == Section::Headers, ..Incoming::default() };
        loop {
            let (head, section, body) = match self.session.reader.next(&mut self.session.stream, self.call)? {
                Piece::Response(line) => {
                    if let Some(done) = self.session.done(&tag, &line)? {
                        if !done.is_ok {
                            // Some messages could not be given; the others are fetched all the same.
                            let refusal = self.session.refused("imap.fetch_refused", &done);
                            self.refusal.get_or_insert(refusal);
                        }
                        return Ok(chores);
                    }
                    // A server may give a short body as a quoted string.
                    match quoted_body(&line) {
                        Some((section, body)) => (line, section, Source::Read(body)),
                        None => continue,
                    }
                }
                Piece::Body { head, section, length } => (head, section, Source::Coming(length)),
            };
            // As a rule the UID stands before the body; a server that puts it behind is told by the number of its message.
            let told_uid = uid(&head);
            let place = match told_uid {
                // `look` has sorted them.
                Some(uid) => window.binary_search_by_key(&uid, |known| known.uid).ok(),
                None => opening(&head).and_then(|(number, _)| window.iter().position(|known| known.number == number)),
            };
            let is_asked = |known: &&mut Known| !chores.stopped && section == wanted && !self.taken.contains(&known.uid);
            let mut known = place.and_then(|place| window.get_mut(place)).filter(is_asked);
            if is_described && !self.has_details {
                self.needs_look |= told_uid.is_none();
            } else if is_described && !chores.stopped && section == wanted {
                let told = described(&head).filter(|told| told.has_flags && told.received.is_some());
                self.needs_look |= told.is_none();
                known = known.zip(told).map(|(known, told)| {
                    (known.flags, known.received) = (told.flags, told.received);
                    known
                });
            }
            let Some(known) = known else {
                // Of a message that nobody asked for, or that nobody wants any more.
                if let Source::Coming(length) = body {
                    unwanted = length.saturating_add(unwanted);
                    if unwanted > UNWANTED && (is_described || chores.stopped) {
                        return self.renew(chores);
                    }
                    self.session.reader.body(length, &mut self.session.stream, self.call, |_| Ok(()))?;
                }
                continue;
            };
            if is_described {
                known.size = body.size();
                known.has_size = true;
            }
            incoming.id = known.uid.to_string() + &behind;
            incoming.size = known.has_size.then_some(known.size);
            incoming.flags = std::mem::take(&mut known.flags);
            incoming.received = known.received.take();
            let call = self.call;
            call.announce(&incoming)?;
            match body {
                Source::Read(body) => call.message(&body)?,
                Source::Coming(length) => {
                    self.session.reader.body(length, &mut self.session.stream, call, |piece| call.message(piece))?;
                    if told_uid.is_none() {
                        self.confirm(known)?;
                    }
                }
            }
            match call.disposal()? {
                Disposal::Stop => {
                    chores.stopped = true;
                    continue;
                }
                Disposal::Keep => (),
                // From here on it is to be marked or deleted, even if this session does not live to see it.
                Disposal::Seen => {
                    self.unmarked.insert(known.uid);
                    chores.seen.push(known.uid);
                }
                Disposal::Delete => {
                    self.condemned.insert(known.uid);
                    chores.delete.push(known.uid);
                }
            }
            self.taken.insert(known.uid);
            if section == Section::Headers {
                self.headers.insert(known.uid);
            }
        }
    }

    /// Leaves a connection on which too much is on its way that nobody wants, for another one where something is left to do; what that is.
    fn renew(&mut self, chores: Chores) -> Result<Chores, Error> {
        self.session.stream.close();
        if chores.stopped && chores.seen.is_empty() && chores.delete.is_empty() {
            return Ok(chores);
        }
        *self.session = Session::open(self.settings, self.call, &mut Trail::off(), &mut Vec::new())?;
        let selected = self.session.select(&self.folder, "/folder", false, self.call)?;
        // Where the server has numbered the folder anew meanwhile, the next call begins with it anew.
        Ok(if selected.validity == self.state.validity { chores } else { Chores { stopped: true, ..Chores::default() } })
    }

    /// Makes sure that a body whose UID stands behind it is that of the message it was taken for: numbers change when another
    /// program deletes something.
    fn confirm(&mut self, known: &Known) -> Result<(), Error> {
        match self.session.reader.next(&mut self.session.stream, self.call)? {
            Piece::Response(line) if Known::parse(&line).is_some_and(|found| found.uid == known.uid) => Ok(()),
            Piece::Response(line) => Err(self.session.malformed(&line)),
            Piece::Body { head, .. } => Err(self.session.malformed(&head)),
        }
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
        let is_fetched = |uid: u32| self.taken.contains(&uid) && !self.headers.contains(&uid) || self.state.fetched.contains(uid);
        let is_headers = |uid: u32| self.headers.contains(&uid) || self.state.headers.contains(uid) && !is_fetched(uid);
        let (condemned, unmarked) = (Uids::new(self.condemned.iter().copied()), Uids::new(self.unmarked.iter().copied()));
        let (fetched, headers) = if self.mailbox.is_empty() {
            (self.state.fetched.clone(), self.state.headers.clone())
        } else {
            (Uids::compact(&self.mailbox, is_fetched), Uids::new(self.mailbox.iter().copied().filter(|uid| is_headers(*uid))))
        };
        // What came since the folder was selected makes the next call look, which is no harm.
        let is_whole =
            self.extent.is_telling() && condemned.is_empty() && unmarked.is_empty() && self.mailbox.iter().all(|uid| is_fetched(*uid));
        let whole = if self.is_searched { is_whole.then_some(self.extent) } else { self.state.whole };
        State { validity: self.state.validity, fetched, headers, condemned, unmarked, whole }.text()
    }
}

/// What is asked for of a message.
#[derive(PartialEq, Eq)]
enum Wanted {
    Headers,
    Whole,
    /// The whole message, and what the program wants to know of it.
    Described,
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
