//! What became of a mail of which some recipients got copies of their own.

use crate::Host;
use crate::message::{Composed, Recipient};
use postkontor_plugin::{Answer, Delivery, Error, Reply, Sent, Verdict};
use std::time::Duration;

/// What became of a mail, or of one of its copies.
pub(super) struct Outcome<'a> {
    /// Its place in the call.
    pub(super) index: usize,
    /// 0 for the mail itself, then its copies.
    pub(super) part: usize,
    pub(super) mail: Composed<'a>,
    /// The connection that tried it last.
    pub(super) position: usize,
    pub(super) elapsed: Duration,
    pub(super) sent: Result<Sent, Error>,
}

/// One outcome for each mail: the verdicts for its copies stand among its own, each in the place of the recipient.
pub(super) fn united<'a>(mut outcomes: Vec<Outcome<'a>>, host: &Host) -> Vec<Outcome<'a>> {
    if outcomes.iter().all(|outcome| outcome.part == 0) {
        return outcomes;
    }
    outcomes.sort_by_key(|outcome| (outcome.index, outcome.part));
    let mut united: Vec<Outcome<'a>> = Vec::with_capacity(outcomes.len());
    let mut parts: Vec<Outcome<'a>> = Vec::new();
    for outcome in outcomes {
        if outcome.part == 0 {
            united.extend(one_of(std::mem::take(&mut parts), host));
        }
        parts.push(outcome);
    }
    united.extend(one_of(parts, host));
    united
}

/// A mail and its copies as one.
fn one_of<'a>(mut parts: Vec<Outcome<'a>>, host: &Host) -> Option<Outcome<'a>> {
    if parts.len() < 2 {
        return parts.pop();
    }
    let mut all: Vec<(usize, Recipient, Answer)> = Vec::new();
    for part in &mut parts {
        let answers = part.answers(host);
        let recipients = std::mem::take(&mut part.mail.recipients).into_iter().zip(answers);
        all.extend(part.mail.places.iter().zip(recipients).map(|(place, (recipient, answer))| (*place, recipient, answer)));
    }
    all.sort_by_key(|(place, ..)| *place);
    let (recipients, answers): (Vec<Recipient>, Vec<Answer>) = all.into_iter().map(|(_, recipient, answer)| (recipient, answer)).unzip();
    let elapsed = parts.iter().map(|part| part.elapsed).max().unwrap_or_default();
    // What decides: a part of which it is not known what became of it, else the first that was taken, else the mail itself.
    let first = |is_it: fn(&Outcome<'_>) -> bool| parts.iter().position(|part| part.has_recipients() && is_it(part));
    let deciding = first(|part| part.is_in_doubt()).or_else(|| first(|part| part.sent.is_ok())).or_else(|| first(|_| true)).unwrap_or(0);
    let position = parts[deciding].position;
    let has_verdicts = parts.iter().any(Outcome::has_verdicts);
    let sent = match &parts[deciding].sent {
        Err(error) if has_verdicts => Err(error.clone().recipients(answers)),
        Err(error) => Err(error.clone()),
        Ok(_) => Ok(whole(&parts, answers)),
    };
    let mut main = parts.swap_remove(0);
    main.mail.recipients = recipients;
    Some(Outcome { position, elapsed, sent, ..main })
}

/// What was sent in several parts: all bytes, and the words that were said to the first.
fn whole(parts: &[Outcome<'_>], recipients: Vec<Answer>) -> Sent {
    let taken = || parts.iter().filter_map(|part| part.sent.as_ref().ok());
    Sent {
        recipients,
        size: taken().map(|sent| sent.size).sum(),
        saved_to: taken().find_map(|sent| sent.saved_to.clone()),
        reply: taken().find_map(|sent| sent.reply.clone()),
        next_transaction: Vec::new(),
    }
}

impl Outcome<'_> {
    fn is_in_doubt(&self) -> bool {
        self.sent.as_ref().is_err_and(|error| error.delivery != Delivery::None)
    }

    /// Whether there is anyone whom this one of several parts is for.
    fn has_recipients(&self) -> bool {
        !self.mail.places.is_empty()
    }

    /// Whether the transport came to a verdict about recipients.
    fn has_verdicts(&self) -> bool {
        self.is_in_doubt() || self.sent.as_ref().map_or_else(|error| !error.recipients.is_empty(), |_| self.has_recipients())
    }

    /// A verdict for each recipient, also where the transport did not come to that.
    fn answers(&self, host: &Host) -> Vec<Answer> {
        let answers = match &self.sent {
            Ok(sent) => &sent.recipients,
            Err(error) => &error.recipients,
        };
        if answers.len() == self.mail.recipients.len() {
            return answers.clone();
        }
        let status = if self.is_in_doubt() { Verdict::Unknown } else { Verdict::Refused };
        let words = |error: &Error| Reply { text: host.localised(error.clone()).message.clone(), ..Reply::default() };
        let reply = self.sent.as_ref().err().map(|error| error.server.clone().unwrap_or_else(|| words(error))).unwrap_or_default();
        let answer = |recipient: &Recipient| Answer { address: recipient.address.clone(), status, reply: reply.clone() };
        self.mail.recipients.iter().map(answer).collect()
    }
}
