//! Fetching window by window.

use super::fetch::Fetch;
use super::fetch_command::{FetchCommand, FetchOptions};
use crate::fetch_response::{MessageData, fetch_start, parse_fetch};
use crate::uid_set::UidSet;
use crate::window::{FIRST, LOOK, WINDOW, bytes, is_large, room, window};
use postkontor_plugin::{Error, Stage, Status};
use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

impl Fetch<'_, '_> {
    /// Fetches the messages window by window; whether some were left, because of the limit or at the host's wish. One window at a time:
    /// Dovecot answers two commands at once when it can, and the host is to get the messages in the order of the folder.
    ///
    /// Where no size matters, the message data come with the body, which spares the server a second access; the number of messages in a
    /// window follows the sizes in the last one.
    pub(super) fn fetch(&mut self, wanted: &[u32]) -> Result<bool, Error> {
        let (mut rest, mut count) = (wanted, FIRST);
        while !self.needs_message_data && !rest.is_empty() {
            if self.left() == 0 {
                return Ok(true);
            }
            let (uids, after) = rest.split_at(UidSet::fits_command(rest.iter().copied().take(count.min(self.left()))));
            rest = after;
            let mut window: Vec<MessageData> = uids.iter().map(|uid| MessageData { uid: *uid, ..MessageData::default() }).collect();
            if self.read(&mut window, FetchOptions::Described)? {
                return Ok(true);
            }
            // A message that did not come is gone, or its data came behind the body.
            let missing: Vec<u32> = uids.iter().copied().filter(|uid| self.is_due(*uid)).collect();
            if self.fetch_sized(&missing)? {
                return Ok(true);
            }
            let fitting = usize::try_from(self.room * window.len() as u64 / bytes(&window).max(1)).unwrap_or(WINDOW);
            count = fitting.clamp(1, WINDOW.min(4 * count));
        }
        self.fetch_sized(rest)
    }

    /// Those of the messages that are to be fetched.
    pub(super) fn wanted(&mut self, matching: Vec<u32>) -> Result<Vec<u32>, Error> {
        let max_bytes = self.max_bytes.filter(|_| !self.is_structure);
        // Messages that were too large before are wanted when they no longer are.
        let is_known = |uid: &u32| max_bytes.is_some() && self.state.headers.contains(*uid);
        let known: Vec<u32> = matching.iter().copied().filter(is_known).collect();
        let known = self.fetch_message_data(&known)?.into_iter().filter(|message| is_large(message, max_bytes));
        let known: HashSet<u32> = known.map(|message| message.uid).collect();
        let is_new =
            |uid: &u32| !self.state.fetched.contains(*uid) && !self.to_delete.contains(uid) && !known.contains(uid) && self.is_due(*uid);
        Ok(matching.into_iter().filter(is_new).collect())
    }

    /// Fetches messages after their message data, piece by piece, so that a large folder needs no more memory than a small one.
    fn fetch_sized(&mut self, wanted: &[u32]) -> Result<bool, Error> {
        for piece in wanted.chunks(LOOK) {
            if self.left() == 0 {
                return Ok(true);
            }
            let mut known = self.fetch_message_data(piece)?;
            let is_known = |uid: &u32| known.binary_search_by_key(uid, |message| message.uid).is_ok();
            self.absent.extend(piece.iter().filter(|uid| !is_known(uid)));
            let mut rest = known.as_mut_slice();
            while !rest.is_empty() {
                if self.left() == 0 {
                    return Ok(true);
                }
                let is_headers = self.is_structure || is_large(&rest[0], self.max_bytes);
                let options = if is_headers { FetchOptions::Headers } else { FetchOptions::Whole };
                let count = window(rest, self.max_bytes, self.room).min(self.left());
                let (window, after) = rest.split_at_mut(count);
                rest = after;
                let spoiled = self.spoiled.len();
                if self.read(window, options)? {
                    return Ok(true);
                }
                let due: Vec<u32> = window.iter().map(|message| message.uid).filter(|uid| self.is_due(*uid)).collect();
                if self.spoiled.len() == spoiled {
                    self.absent.extend(due);
                } else if self.fetch_sized(&due)? {
                    // The messages behind the one on which the connection was given up have come now.
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Fetches one window and performs its actions; whether the host wants no more messages.
    fn read(&mut self, window: &mut [MessageData], options: FetchOptions) -> Result<bool, Error> {
        let (started, is_measured) = (Instant::now(), options != FetchOptions::Headers);
        let actions = FetchCommand::start(self, window, options)?.run()?;
        if is_measured {
            self.room = room(self.room, bytes(window), started.elapsed());
        }
        self.perform(&actions)?;
        Ok(actions.stopped)
    }

    /// Size, flags and date of each wanted message.
    fn fetch_message_data(&mut self, wanted: &[u32]) -> Result<Vec<MessageData>, Error> {
        let mut found = BTreeMap::new();
        let items = match (self.is_structure, self.has_details) {
            (true, _) => "UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE",
            (false, true) => "UID FLAGS INTERNALDATE RFC822.SIZE",
            (false, false) => "UID RFC822.SIZE",
        };
        for piece in wanted.chunks(LOOK) {
            let command = format!("UID FETCH {} ({items})", UidSet::set(piece));
            let (mut responses, mut unreadable) = (0, None);
            let completion = self.session.command_with(&command, self.call, |line| {
                let known = parse_fetch(line);
                if known.is_none() && fetch_start(line).is_some() {
                    unreadable.get_or_insert_with(|| line.to_vec());
                }
                let Some(known) = known.filter(|known| piece.binary_search(&known.uid).is_ok()) else { return Ok(()) };
                // A server may send changes of flags in between, but not without end.
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
            if !completion.is_ok {
                let refused = self.session.refused("imap.fetch_refused", &completion);
                if refused.status == Status::Later {
                    return Err(refused);
                }
                self.refused.get_or_insert(refused);
            }
            // It may be about a message that is to be fetched: its absence is reported.
            if let Some(line) = unreadable {
                let refusal = self.session.malformed(&line).usable();
                self.refusal.get_or_insert(refusal);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Of the messages that did not come, those that the folder still has: the others were deleted meanwhile.
    pub(super) fn search_for_absent(&mut self) -> Result<(), Error> {
        let absent: Vec<u32> = std::mem::take(&mut self.absent).into_iter().collect();
        for piece in UidSet::pieces(&absent) {
            let found = self.session.search(&format!("UID {}", UidSet::set(piece)), self.call)?;
            for uid in found.into_iter().filter(|uid| piece.binary_search(uid).is_ok()) {
                let error = self.session.error(Status::Protocol, "imap.message_withheld").stage(Stage::Fetch).usable();
                self.missing.insert(uid, error);
            }
        }
        if self.missing.is_empty() {
            // All messages of the folder have come, so the refusal was about one that is gone.
            self.refused = None;
        }
        Ok(())
    }
}
