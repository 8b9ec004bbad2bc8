//! A fetch in progress: what is known of the folder, and what was done with its messages.

use crate::selected::Selected;
use crate::session::Session;
use crate::settings::Settings;
use crate::state::{FolderStatus, State};
use crate::uid_set::{Range, UidSet};
use crate::window::FIRST_BYTES;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::{Call, Error, ReceiveRequest, SessionState, Summary};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A call gives up so many connections at most because of messages whose end makes no sense.
const GIVEN_UP: usize = 10;

/// A fetch in progress.
pub(super) struct Fetch<'a, 'b> {
    pub(super) session: &'a mut Session,
    pub(super) settings: &'a Settings,
    pub(super) folder: String,
    pub(super) state: State,
    pub(super) call: &'a Call<'b>,
    /// The status of the folder at SELECT.
    pub(super) status: FolderStatus,
    /// Message data are fetched by a command of their own: the size decides what is fetched, or the server sends the data behind the body.
    pub(super) needs_message_data: bool,
    /// How many bytes the next command may fetch.
    pub(super) room: u64,
    /// The program wants to know each message's flags and date. Dovecot needs an eighth of its time to look the date up.
    pub(super) has_details: bool,
    /// A message with more bytes comes with its headers only.
    pub(super) max_bytes: Option<u64>,
    /// No more than the structure of each message is wanted.
    pub(super) is_structure: bool,
    /// The host only looks: nothing is marked, deleted or put into the state.
    pub(super) is_looking: bool,
    /// `mailbox` is known.
    pub(super) is_searched: bool,
    /// `mailbox` is only what was found in slices.
    pub(super) is_sliced: bool,
    /// Ranges of UIDs without a message between them, by the numbers of the messages that came.
    pub(super) joined: Vec<Range>,
    /// UID and number of the message that came last.
    pub(super) latest: Option<(u32, u32)>,
    /// The UIDs that the search found, ascending.
    pub(super) mailbox: Vec<u32>,
    /// The search found as many as the folder has. Gmail and Exchange leave some out at times.
    pub(super) is_complete: bool,
    /// UIDs that the host has taken in this call.
    pub(super) taken: HashSet<u32>,
    /// Those of them of which only the headers came.
    pub(super) headers: HashSet<u32>,
    /// UIDs that are to be deleted and were not yet.
    pub(super) to_delete: HashSet<u32>,
    /// UIDs that were deleted.
    pub(super) deleted: HashSet<u32>,
    /// UIDs that are to be marked as seen and were not yet.
    pub(super) to_mark_seen: HashSet<u32>,
    /// The most messages that may come.
    pub(super) limit: usize,
    /// UIDs of the folder that were asked for and did not come.
    pub(super) absent: BTreeSet<u32>,
    /// Messages that came in a response which did not end as one does; they are not asked for again in this call.
    pub(super) spoiled: BTreeMap<u32, Error>,
    /// How many connections were given up because of such messages.
    pub(super) given_up: usize,
    /// Messages that the folder has and the server did not hand over.
    pub(super) missing: BTreeMap<u32, Error>,
    /// The warning that the filter was applied here.
    pub(super) warnings: Vec<Error>,
    /// The first action that the server refused, or the first response that could not be read. Fetching goes on, and the next call tries to
    /// delete again.
    pub(super) refusal: Option<Error>,
    /// The first FETCH that the server refused, as some do where a message is gone meanwhile (RFC 2180, section 4.1).
    pub(super) refused: Option<Error>,
}

/// What is to be done on the server with messages that were taken, and whether no more are wanted.
#[derive(Default)]
pub(super) struct PendingActions {
    pub(super) seen: Vec<u32>,
    pub(super) delete: Vec<u32>,
    pub(super) stopped: bool,
}

impl<'a, 'b> Fetch<'a, 'b> {
    /// A fetch from the selected folder, with the state of an earlier call.
    pub(super) fn new(
        session: &'a mut Session,
        settings: &'a Settings,
        state: State,
        selected: Selected,
        request: &ReceiveRequest,
        call: &'a Call<'b>,
    ) -> Fetch<'a, 'b> {
        let is_structure = request.summary == Summary::Structure;
        Fetch {
            session,
            settings,
            folder: selected.name,
            state,
            call,
            status: selected.status,
            needs_message_data: request.max_bytes.is_some() || is_structure,
            room: FIRST_BYTES,
            has_details: request.summary != Summary::None,
            max_bytes: if is_structure { Some(0) } else { request.max_bytes },
            is_structure,
            is_looking: is_structure || request.message.is_some(),
            is_searched: false,
            is_sliced: false,
            joined: Vec::new(),
            latest: None,
            mailbox: Vec::new(),
            is_complete: false,
            taken: HashSet::new(),
            headers: HashSet::new(),
            to_delete: HashSet::new(),
            deleted: HashSet::new(),
            to_mark_seen: HashSet::new(),
            limit: usize::MAX,
            absent: BTreeSet::new(),
            spoiled: BTreeMap::new(),
            given_up: 0,
            missing: BTreeMap::new(),
            warnings: Vec::new(),
            refusal: None,
            refused: None,
        }
    }

    /// How many messages may still come.
    pub(super) fn left(&self) -> usize {
        self.limit.saturating_sub(self.taken.len())
    }

    /// Whether the call ends because too many messages spoiled their connections.
    pub(super) fn has_given_up(&self) -> bool {
        self.given_up > GIVEN_UP
    }

    /// Whether a message that was asked for is still to come.
    pub(super) fn is_due(&self, uid: u32) -> bool {
        !self.taken.contains(&uid) && !self.spoiled.contains_key(&uid)
    }

    /// Replaces a connection on which too many unwanted bytes are on their way, if actions are left to do; returns those.
    pub(super) fn renew(&mut self, actions: PendingActions) -> Result<PendingActions, Error> {
        self.session.stream.close();
        if actions.stopped && actions.seen.is_empty() && actions.delete.is_empty() {
            return Ok(actions);
        }
        self.forget_numbers();
        *self.session = Session::open(self.settings, self.call, &mut Recorder::off())?;
        let selected = self.session.select(&self.folder, "/folder", false, self.call)?;
        // Where UIDVALIDITY has changed meanwhile, the next call begins anew.
        Ok(if selected.validity == self.state.validity && selected.validity > 0 {
            actions
        } else {
            PendingActions { stopped: true, ..PendingActions::default() }
        })
    }

    pub(super) fn perform(&mut self, actions: &PendingActions) -> Result<(), Error> {
        if !actions.seen.is_empty() {
            let stored = self.session.store(&actions.seen, "+FLAGS.SILENT (\\Seen)", self.call);
            self.is_done(stored)?;
            // A refusal is reported and not tried again: a read-only folder keeps no flags.
            self.to_mark_seen.clear();
        }
        if !actions.delete.is_empty() {
            let deleted = self.session.delete(&actions.delete, self.call);
            if self.is_done(deleted)? {
                for uid in &actions.delete {
                    self.to_delete.remove(uid);
                }
                self.deleted.extend(&actions.delete);
            }
        }
        Ok(())
    }

    /// Whether the server did it. A refusal is reported in the end.
    fn is_done(&mut self, result: Result<(), Error>) -> Result<bool, Error> {
        match result {
            Err(error) if error.session == SessionState::Usable => {
                self.refusal.get_or_insert(error);
                Ok(false)
            }
            result => result.map(|()| true),
        }
    }

    /// Notes the number of a message that came.
    pub(super) fn note_number(&mut self, uid: u32, number: Option<u32>) {
        if !self.is_sliced {
            return;
        }
        let before = std::mem::replace(&mut self.latest, number.map(|number| (uid, number)));
        let begin = match (before, number) {
            // Below the first message there is none.
            (_, Some(1)) => 1,
            (Some((before, last)), Some(number)) if before < uid && last.checked_add(1) == Some(number) => before,
            _ => return,
        };
        match self.joined.last_mut() {
            Some(last) if *last.end() == begin => *last = *last.start()..=uid,
            _ => self.joined.push(begin..=uid),
        }
    }

    /// Message numbers are valid on one connection only, and only until a message is expunged.
    pub(super) fn forget_numbers(&mut self) {
        self.latest = None;
        if self.session.updates.has_shrunk {
            self.joined.clear();
        }
    }

    /// The ranges between consecutive messages, which count as fetched with them.
    pub(super) fn joined(&self) -> UidSet {
        let is_fetched = |uid: u32| self.taken.contains(&uid) && !self.headers.contains(&uid);
        let ranges = self.joined.iter().filter(|_| self.is_sliced && !self.session.updates.has_shrunk).cloned();
        // Both ends came, but one of them may not have been taken.
        UidSet::of(ranges).difference(&UidSet::new(self.mailbox.iter().copied().filter(|uid| !is_fetched(*uid))))
    }
}
