//! Handing a batch over: from rows and blocks to mails, and from results to outcomes.

use super::claim::Claimed;
use super::damage::damaged;
use super::lease::Mark;
use super::outcome::{Next, Outcome, Stops, by_recipients};
use super::settle::Settled;
use super::worker::Worker;
use crate::content::{self, Whereabouts};
use crate::reading;
use crate::recipient::{Recipient, Standing};
use postkontor_core::message::Content;
use postkontor_core::{Account, Cancel, Composed, Error, Stage, Status, Stored, Watch};
use std::collections::HashSet;
use std::sync::Arc;

/// The bytes of a large mail, whose mark is set before the last of them are given away.
struct Marking {
    content: Box<dyn Content>,
    size: u64,
    entry: i64,
    lease: String,
    mark: Mark,
    is_marked: bool,
}

impl std::fmt::Debug for Marking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Marking").field("entry", &self.entry).field("is_marked", &self.is_marked).finish_non_exhaustive()
    }
}

impl Content for Marking {
    fn read_at(&mut self, position: u64, data: &mut [u8]) -> Result<usize, Error> {
        let count = self.content.read_at(position, data)?;
        if !self.is_marked && position + count as u64 >= self.size {
            if !(self.mark)(self.entry, &self.lease)? {
                let error = Error::new(Status::Later, "outbox.lease_lost").stage(Stage::Content);
                return Err(error.arg("id", self.entry.to_string()));
            }
            self.is_marked = true;
        }
        Ok(count)
    }
}

/// Hands claimed entries over and says what became of each. `cancel` ends the delivery.
pub(super) fn deliver(
    worker: &mut Worker<'_>,
    account: &mut Account,
    claimed: Vec<Claimed>,
    lease: &str,
    (cancel, mark): (&Cancel, &Mark),
) -> Vec<Settled> {
    let read: Vec<Result<Stored, Error>> = claimed.iter().map(stored).collect();
    let wanted: Vec<(i64, Whereabouts, &Stored)> = claimed
        .iter()
        .zip(&read)
        .filter_map(|(entry, stored)| Some((entry.id, Whereabouts::of(&entry.content), stored.as_ref().ok()?)))
        .collect();
    let host = Arc::clone(worker.host);
    let watch = host.watch(cancel);
    let contents = content::contents(worker.engine, (worker.place, &host, cancel), &wanted, &watch);
    drop(wanted);
    let mut contents = match contents {
        Ok(contents) => contents.into_iter(),
        Err(error) => return claimed.into_iter().map(|entry| untouched(entry, lease, &error)).collect(),
    };
    let (mut mails, mut flying, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for (entry, stored) in claimed.into_iter().zip(read) {
        let restored = stored.and_then(|stored| {
            let content = contents.next().unwrap_or_else(|| Err(reading::missing(entry.id, &worker.place.name())))?;
            restored(&entry, stored, content, (lease, mark))
        });
        match restored {
            Ok(mail) => {
                mails.push(mail);
                flying.push(entry);
            }
            Err(error) if is_away(&error) => done.push(untouched(entry, lease, &error)),
            Err(error) => done.push(unreadable(entry, lease, host.localised(error))),
        }
    }
    let results = if mails.is_empty() { Vec::new() } else { account.deliver(mails, cancel) };
    let outcomes = flying.into_iter().zip(results).map(|(entry, result)| {
        let outcome = Outcome::of(result, entry.recipients.clone());
        settled(entry, lease, outcome)
    });
    done.extend(outcomes);
    done
}

/// What is kept beside the bytes, without those who were served.
fn stored(entry: &Claimed) -> Result<Stored, Error> {
    let mut stored: Stored = serde_json::from_str(&entry.stored).map_err(|error| damaged(&error))?;
    let is_waiting = |recipient: &&Recipient| recipient.status == Standing::Waiting;
    let waiting: HashSet<&str> = entry.recipients.iter().filter(is_waiting).map(|recipient| recipient.address.as_str()).collect();
    stored.recipients.retain(|recipient| waiting.contains(recipient.address.as_str()));
    for copy in &mut stored.copies {
        copy.recipients.retain(|recipient| waiting.contains(recipient.address.as_str()));
    }
    Ok(stored)
}

fn restored(
    entry: &Claimed,
    stored: Stored,
    contents: Vec<Box<dyn Content>>,
    (lease, mark): (&str, &Mark),
) -> Result<Composed<'static>, Error> {
    if entry.is_leaving {
        return Composed::restored(stored, contents);
    }
    let sizes: Vec<u64> = std::iter::once(stored.size).chain(stored.copies.iter().map(|copy| copy.size)).collect();
    let marking = contents.into_iter().zip(sizes).map(|(content, size)| {
        let lease = lease.to_owned();
        let marking = Marking { content, size, entry: entry.id, lease, mark: Arc::clone(mark), is_marked: false };
        Box::new(marking) as Box<dyn Content>
    });
    Composed::restored(stored, marking.collect())
}

/// An entry that goes back, as the store is not there.
fn untouched(entry: Claimed, lease: &str, error: &Error) -> Settled {
    let outcome = Outcome::back(entry.recipients.clone(), Some(error.clone()), Stops::Nothing);
    settled(entry, lease, outcome)
}

/// Whether the store is away, rather than what it keeps.
fn is_away(error: &Error) -> bool {
    matches!(error.status, Status::Network | Status::Later | Status::Timeout | Status::Cancelled | Status::Auth)
}

/// An entry whose bytes or envelope are not what they were. No later attempt would find them.
fn unreadable(entry: Claimed, lease: &str, error: Error) -> Settled {
    let mut recipients = entry.recipients.clone();
    for recipient in recipients.iter_mut().filter(|recipient| recipient.status == Standing::Waiting) {
        recipient.status = Standing::Refused;
    }
    let next = if recipients.is_empty() { Next::Failed } else { by_recipients(&recipients) };
    settled(entry, lease, Outcome { next, recipients, receipt: None, error: Some(error), stops: Stops::Nothing })
}

fn settled(entry: Claimed, lease: &str, outcome: Outcome) -> Settled {
    let Claimed { id, queue, attempts, content, .. } = entry;
    Settled { id, queue, lease: lease.to_owned(), attempts, content, outcome }
}

/// The watch over work that no program may stop any more.
pub(super) fn unstoppable(cancel: &Cancel) -> Watch<'_> {
    Watch::new(&(), cancel, std::time::Duration::from_millis(1500))
}
