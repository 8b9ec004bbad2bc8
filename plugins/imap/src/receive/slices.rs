//! A few messages of a large folder: only the needed part of it is searched.
//!
//! Without slices, a program that fetches a hundred messages a call would have the server list the whole folder in each. So the UIDs above
//! the fetched ones, and those in the gaps between them, are searched slice by slice until there are enough. How many messages lie between
//! two UIDs is then unknown; consecutive message numbers show that there are none.

use super::fetch::Fetch;
use crate::state::State;
use crate::uid_set::{Range, UidSet};
use postkontor_plugin::{Error, Filter, ReceiveRequest};

/// A folder with fewer messages is searched as a whole, as is one of which more than this part may come.
pub(super) const LARGE: u32 = 1000;
const PART: u64 = 4;

/// With more gaps than these the folder is searched as a whole, which closes them.
const GAPS: usize = 50;

/// The first slice has so many UIDs for each message that may come, and at least so many.
const WIDTH: u64 = 4;
const LEAST: u64 = 1000;

impl Fetch<'_, '_> {
    /// Whether to search in slices.
    pub(super) fn is_few_of_many(&self, request: &ReceiveRequest) -> bool {
        let messages = self.session.updates.messages;
        let is_few = request.max_messages.is_some_and(|limit| limit.saturating_mul(PART) < messages.into());
        let State { fetched, to_delete, to_mark_seen, spoiled, .. } = &self.state;
        let is_clean = to_delete.is_empty() && to_mark_seen.is_empty() && spoiled.is_empty() && fetched.ranges().len() <= GAPS;
        is_few && messages > LARGE && is_clean && request.filter == Filter::default() && self.state.validity > 0
    }

    /// Fetches new messages slice by slice; whether some were left.
    pub(super) fn run_in_slices(&mut self) -> Result<bool, Error> {
        (self.is_complete, self.is_searched, self.is_sliced) = (false, true, true);
        self.latest = None;
        self.mailbox.clear();
        let mut width = (WIDTH * self.limit as u64).max(LEAST);
        let mut rest = UidSet::of([1..=u32::MAX]).difference(&self.state.fetched);
        while !rest.ranges().is_empty() {
            let slice = self.slice(&rest, width);
            rest = rest.difference(&slice);
            width = width.saturating_mul(2);
            let found = self.session.search(&format!("UID {}", open(&slice)), self.call)?;
            // `*` is the last message, whatever stands before it.
            let found: Vec<u32> = found.into_iter().filter(|uid| slice.contains(*uid)).collect();
            self.mailbox.extend(&found);
            let wanted = self.wanted(found)?;
            if !wanted.is_empty() && self.fetch(&wanted)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first UIDs of those that are left, so many; all of them where no more can be there.
    fn slice(&self, rest: &UidSet, width: u64) -> UidSet {
        let (mut left, mut slice): (u64, Vec<Range>) = (width, Vec::new());
        for range in rest.ranges() {
            // UIDNEXT and all above it are not there yet.
            let is_last = self.status.next > 0 && *range.start() >= self.status.next;
            let end = u64::from(*range.start()).saturating_add(left.saturating_sub(1)).min((*range.end()).into());
            if left == 0 && !is_last {
                break;
            }
            let end = if is_last { *range.end() } else { u32::try_from(end).unwrap_or(u32::MAX) };
            left = left.saturating_sub(u64::from(end - range.start()) + 1);
            slice.push(*range.start()..=end);
        }
        UidSet::of(slice)
    }
}

/// The set on the wire, with `*` for an end that is open.
fn open(slice: &UidSet) -> String {
    slice.text().replace(&u32::MAX.to_string(), "*")
}
