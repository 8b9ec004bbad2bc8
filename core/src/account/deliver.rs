//! Delivering: from composed mail to a result for each, by the account itself or by those that stand in for it.

use super::bodies::{Bodies, SLOW_LINE};
use super::connection::{Connection, milliseconds};
use super::delivered::Delivered;
use super::outcome::{Outcome, united};
use super::pointers::of_mail;
use super::receipt::{Attempt, receipt, refusal};
use super::{Account, journal};
use crate::Cancel;
use crate::error::{failed, merged, unreadable, unwritable};
use crate::message::{Composed, Message, Smime, When};
use crate::receipt::Receipt;
use crate::settings::Document;
use postkontor_plugin::wire::{Outgoing, SendAnswer, SendRequest, SendResult};
use postkontor_plugin::{Answer, Delivery, Error, Input, Sent, Stage, Status, Verdict};
use std::time::{Duration, Instant};

/// How long sending may take where the caller sets no deadline: time for the server to think (RFC 5321, section 4.5.3.2.6,
/// grants it ten minutes), and for the bytes at the pace of a slow line.
const DEADLINE: Duration = Duration::from_secs(600);

impl Account {
    /// Delivers composed mails, or puts into a folder those that are meant for one ([`Composed::append`]), in one go where the transport can: a receipt or an error for each, in their order.
    ///
    /// A mail that the account's transport certainly did not take goes to the next in line (`send.fallback`).
    pub fn deliver(&mut self, mails: Vec<Composed<'_>>, cancel: &Cancel) -> Vec<Result<Receipt, Error>> {
        self.begin();
        if let Err(error) = self.enabled() {
            let error = self.failed(error);
            self.host.log().failed("", "send", &error);
            return mails.iter().map(|_| Err(error.clone())).collect();
        }
        // What became of each mail was written down where it was known.
        let results = self.results(mails, cancel).into_iter();
        results.map(|result| result.map_err(|error| self.failed(error))).collect()
    }

    /// Delivers one composed mail.
    pub fn deliver_one(&mut self, mail: Composed<'_>, cancel: &Cancel) -> Result<Receipt, Error> {
        self.deliver(vec![mail], cancel).pop().unwrap_or_else(|| Err(unreadable("no result")))
    }

    /// Delivers the only mail of a call.
    pub(super) fn result(&mut self, mail: Composed<'_>, cancel: &Cancel) -> Result<Receipt, Error> {
        let result = self.results(vec![mail], cancel).pop().unwrap_or_else(|| Err(unreadable("no result")));
        result.map_err(|error| self.failed(error))
    }

    /// Hands composed mails to the account's transport; those that it certainly did not take go to the next in line.
    pub(super) fn send_all(&mut self, mails: Vec<Composed<'_>>, cancel: &Cancel) -> Vec<Result<Receipt, Error>> {
        let mut results: Vec<Option<Result<Receipt, Error>>> = mails.iter().map(|_| None).collect();
        let mut reasons: Vec<Option<Error>> = mails.iter().map(|_| None).collect();
        let mut delivered: Vec<Delivered<'_>> = Vec::with_capacity(mails.len());
        journal::replaced(&self.host, &self.sender().charset, &mails);
        let outcomes = self.hand_all_over(mails, &mut reasons, cancel);
        for Outcome { index, mail, position, elapsed, sent, .. } in united(outcomes, &self.host) {
            match sent {
                Ok(sent) => delivered.push(Delivered { index, mail, sent, position, elapsed, copy: None }),
                Err(error) => {
                    let attempt = Attempt { reason: reasons[index].take(), ..self.connections[position].attempt(elapsed) };
                    let error = refusal(&mail, error, &attempt, &self.document);
                    journal::not_sent(&self.host, &self.connections[position], &mail, &error);
                    results[index] = Some(Err(error));
                }
            }
        }
        self.keep_copies(&mut delivered, cancel);
        for done in delivered {
            let connection = &self.connections[done.position];
            journal::sent(self.host.log(), connection, &done);
            let attempt = Attempt { reason: reasons[done.index].take(), copy: done.copy, ..connection.attempt(done.elapsed) };
            results[done.index] = Some(receipt(done.mail, done.sent, attempt, &self.document));
        }
        let missing = || Err(failed(Status::Internal, "plugin.answer_unreadable"));
        let mut results: Vec<_> = results.into_iter().map(|result| result.unwrap_or_else(missing)).collect();
        self.with_warnings(&mut results);
        results
    }

    /// What became of each mail, and of each of its copies, by the first connection that took it. Why another stood in goes to `reasons`.
    fn hand_all_over<'m>(&mut self, mails: Vec<Composed<'m>>, reasons: &mut [Option<Error>], cancel: &Cancel) -> Vec<Outcome<'m>> {
        let started = Instant::now();
        let mut done = Vec::with_capacity(mails.len());
        let parts = mails.into_iter().enumerate().flat_map(|(index, mail)| Pending::all_of(index, mail));
        let (mut pending, served): (Vec<Pending<'_>>, Vec<Pending<'_>>) = parts.partition(|part| !part.is_served());
        done.extend(served.into_iter().map(|Pending { index, part, mail, .. }| Outcome {
            index,
            part,
            mail,
            position: self.first_sender,
            elapsed: Duration::ZERO,
            sent: Ok(Sent::default()),
        }));
        let last = self.connections.len().saturating_sub(1);
        for position in self.first_sender..self.connections.len() {
            let outcomes = hand_over(&mut self.connections[position], &mut pending, &self.document, cancel);
            let tried = std::mem::take(&mut pending);
            for (mut tried, outcome) in tried.into_iter().zip(outcomes) {
                let outcome =
                    outcome.and_then(|sent| serve_rest(&mut self.connections[position], &mut tried, sent, &self.document, cancel));
                let sent = match outcome {
                    Ok(sent) => Ok(sent),
                    Err(failure) if position < last && failure.allows_fallback() && !cancel.is_fired() => {
                        tried.mail.rewind();
                        let error = self.host.localised(failure.error);
                        journal::fell_back(
                            self.host.log(),
                            &self.connections[position],
                            &self.connections[position + 1],
                            &tried.mail,
                            &error,
                        );
                        reasons[tried.index].get_or_insert(error);
                        pending.push(tried);
                        continue;
                    }
                    Err(failure) => Err(failure.error),
                };
                let Pending { index, part, mail, .. } = tried;
                done.push(Outcome { index, part, mail, position, elapsed: started.elapsed(), sent });
            }
            if pending.is_empty() {
                break;
            }
        }
        done
    }
}

/// A mail that no transport has taken so far.
struct Pending<'a> {
    /// Its place in the call.
    index: usize,
    /// 0 for the mail itself, then its copies for those of Bcc.
    part: usize,
    has_copies: bool,
    mail: Composed<'a>,
    /// The places of the recipients that are still to be served; `None` means all of them.
    recipients: Option<Vec<usize>>,
}

impl<'a> Pending<'a> {
    /// A mail, and its copies as further ones.
    fn all_of(index: usize, mut mail: Composed<'a>) -> impl Iterator<Item = Pending<'a>> {
        let copies = std::mem::take(&mut mail.copies);
        let has_copies = !copies.is_empty();
        let parts = std::iter::once(mail).chain(copies).enumerate();
        parts.map(move |(part, mail)| Pending { index, part, has_copies, mail, recipients: None })
    }

    /// Whether no one is left whom this one of several parts is for, as all were served before the mail was kept.
    fn is_served(&self) -> bool {
        self.mail.recipients.is_empty() && (self.part > 0 || self.has_copies)
    }

    /// A transport's result, if it makes sense: at least one recipient was accepted, and each has a verdict.
    fn believed(&self, sent: Sent) -> Result<Sent, Error> {
        let count = self.recipients.as_ref().map_or(self.mail.recipients.len(), Vec::len);
        let is = |verdict: Verdict| move |answer: &Answer| answer.status == verdict;
        if sent.recipients.len() != count {
            return Err(whole(&unreadable(format!("{} verdicts for {count} recipients", sent.recipients.len()))));
        }
        if sent.recipients.iter().any(is(Verdict::Unknown)) {
            return Err(failed(Status::Uncertain, "delivery.uncertain").stage(Stage::Acceptance).recipients(sent.recipients));
        }
        if !sent.recipients.iter().any(is(Verdict::Accepted)) {
            let error = failed(Status::Refused, "recipients.none_accepted").stage(Stage::Recipients);
            return Err(error.recipients(sent.recipients));
        }
        Ok(sent)
    }

    /// An error of the transport's, with the places of the mail as places of the message that it was composed from.
    fn located(&self, mut error: Error, document: &Document) -> Error {
        if let Some(places) = &self.recipients {
            for at in error.at.iter_mut().filter(|at| at.of == Some(Input::Message)) {
                let place = at.pointer.strip_prefix("/recipients/").and_then(|number| places.get(number.parse::<usize>().ok()?));
                at.pointer = place.map_or(std::mem::take(&mut at.pointer), |place| format!("/recipients/{place}"));
            }
        }
        of_mail(error, &self.mail, document)
    }
}

/// Why a transport did not take a mail.
struct Failure {
    error: Error,
    /// The message itself could not be read, by whatever account it goes.
    of_source: bool,
}

impl Failure {
    fn new(error: Error) -> Failure {
        Failure { error, of_source: false }
    }

    /// Whether another account may send the mail: only when this one certainly did not take it, and when another could do better.
    fn allows_fallback(&self) -> bool {
        let Failure { error, of_source } = self;
        let is_ours = [Status::Argument, Status::Cancelled, Status::Uncertain, Status::Partial, Status::Busy, Status::Disabled];
        let is_taken = error.delivery != Delivery::None || error.recipients.iter().any(|answer| answer.status == Verdict::Accepted);
        !is_taken && !of_source && !is_ours.contains(&error.status)
    }
}

/// Hands a mail over again for the recipients who were too many for the transaction before: each time for those that are left.
fn serve_rest(
    connection: &mut Connection,
    pending: &mut Pending<'_>,
    mut sent: Sent,
    document: &Document,
    cancel: &Cancel,
) -> Result<Sent, Failure> {
    loop {
        let rest = std::mem::take(&mut sent.next_transaction);
        let is_smaller = rest.len() < pending.recipients.as_ref().map_or(pending.mail.recipients.len(), Vec::len);
        if rest.is_empty() || !is_smaller || rest.iter().any(|place| *place >= sent.recipients.len()) || cancel.is_fired() {
            return Ok(sent);
        }
        pending.mail.rewind();
        pending.recipients = Some(rest.clone());
        let outcome = hand_over(connection, std::slice::from_mut(pending), document, cancel).pop();
        let (answers, failure) = match outcome.unwrap_or_else(|| Err(Failure::new(unreadable("no result")))) {
            Ok(more) => {
                sent.next_transaction = more.next_transaction.iter().filter_map(|place| rest.get(*place).copied()).collect();
                (more.recipients, None)
            }
            Err(failure) => (failure.error.recipients.clone(), Some(failure.error)),
        };
        let in_doubt = failure.filter(|error| error.delivery != Delivery::None);
        for (number, place) in rest.iter().enumerate() {
            match answers.get(number) {
                Some(answer) if answer.status != Verdict::Unknown || in_doubt.is_some() => sent.recipients[*place] = answer.clone(),
                None if in_doubt.is_some() => sent.recipients[*place].status = Verdict::Unknown,
                // The earlier answer for this recipient still holds.
                _ => {}
            }
        }
        if let Some(error) = in_doubt {
            return Err(Failure::new(error.recipients(sent.recipients)));
        }
    }
}

impl Connection {
    /// An attempt to send by this connection.
    fn attempt(&self, elapsed: Duration) -> Attempt {
        let [account, transport] = self.names.clone();
        Attempt { account, transport, reason: None, elapsed, copy: None }
    }
}

/// One call of the transport for all mails, and its result for each.
fn hand_over(connection: &mut Connection, mails: &mut [Pending<'_>], document: &Document, cancel: &Cancel) -> Vec<Result<Sent, Failure>> {
    if mails.is_empty() {
        return Vec::new();
    }
    let count = mails.len();
    // A session that cannot be opened has taken nothing, whatever went wrong.
    let request = connection.prepare().and_then(|()| request(mails, cancel));
    let request = match request {
        Ok(request) => request,
        Err(error) => return (0..count).map(|_| Err(Failure::new(error.clone()))).collect(),
    };
    let mut bodies = Bodies { mails: mails.iter_mut().map(|pending| &mut pending.mail).collect(), document, failed: None };
    let response = connection.stream("send", &request, cancel, &mut bodies).and_then(|answer| {
        // Looked at as a whole, which costs a fraction of what it costs string by string.
        let answer = std::str::from_utf8(&answer).map_err(unreadable)?;
        let response: SendAnswer = serde_json::from_str(answer).map_err(unreadable)?;
        if response.results.len() != count {
            return Err(unreadable(format!("{} results for {count} mails", response.results.len())));
        }
        Ok(response)
    });
    let mut failed_body = bodies.failed;
    match response {
        Ok(response) => {
            let result = |(index, outcome): (usize, SendResult)| match outcome {
                SendResult::Sent(sent) => mails[index]
                    .believed(sent)
                    .map_err(|error| Failure::new(connection.complete("send", error.arg("host", connection.server())))),
                SendResult::Error(error) => {
                    let error = mails[index].located(connection.complete("send", error), document);
                    Err(match failed_body.take_if(|(number, _)| *number == index) {
                        Some((_, cause)) => Failure { error: merged(cause, &error), of_source: true },
                        None => Failure::new(error),
                    })
                }
            };
            response.results.into_iter().enumerate().map(result).collect()
        }
        // The call as a whole failed, before anything was sent or by a defect in the plugin, after which its outcome is unknown.
        Err(error) => {
            let of_source = failed_body.is_some();
            mails.iter().map(|pending| Err(Failure { error: pending.located(whole(&error), document), of_source })).collect()
        }
    }
}

/// The request for one call of the transport.
fn request(mails: &[Pending<'_>], cancel: &Cancel) -> Result<Vec<u8>, Error> {
    let bytes: u64 = mails.iter().map(|pending| pending.mail.size).sum();
    let deadline = cancel.remaining(DEADLINE + Duration::from_secs(bytes / SLOW_LINE));
    let messages = mails.iter().enumerate().map(|(index, Pending { mail, recipients, .. })| Outgoing {
        stream: index as u64 + 1,
        size: mail.size,
        from: &mail.from,
        recipients: match recipients {
            None => mail.recipients.iter().map(|recipient| recipient.address.as_str()).collect(),
            Some(places) => places.iter().map(|place| mail.recipients[*place].address.as_str()).collect(),
        },
        eight_bit: mail.eight_bit,
        utf8: mail.utf8,
        message_id: &mail.message_id,
        dsn: mail.dsn.as_ref(),
    });
    let request = SendRequest { deadline_ms: milliseconds(deadline), log: 0, messages: messages.collect() };
    serde_json::to_vec(&request).map_err(unwritable)
}

/// What a failure of the whole call means for one mail. After a defect the mail may have left.
fn whole(error: &Error) -> Error {
    let mut error = error.clone();
    if error.status == Status::Internal {
        error.delivery = Delivery::Unknown;
        error.retry = postkontor_plugin::Retry::No;
    }
    error
}

impl Account {
    /// Sends the test message of the step `loop`, by this account only, and returns its receipt.
    pub(super) fn send_test(&mut self, to: &str, cancel: &Cancel) -> Result<Receipt, Error> {
        let words = |code: &str| self.host.sentence(code, &serde_json::Map::new()).unwrap_or_else(|| code.to_owned());
        let (subject, text) = (words("loop.subject"), words("loop.text"));
        // It is about the way, whatever certificates there are.
        let smime = Smime { sign: Some(false), encrypt: Some(When::Never), ..Smime::default() };
        let message = Message { to: vec![to.into()], subject: &subject, text: Some(&text), smime, ..Message::default() };
        let mail = self.composed(cancel, |composer| composer.compose_message(&message))?;
        let Some(connection) = self.connections.get_mut(self.first_sender) else {
            return Err(failed(Status::Disabled, "settings.disabled"));
        };
        let started = Instant::now();
        let mut pending = Pending { index: 0, part: 0, has_copies: false, mail, recipients: None };
        let outcome = hand_over(connection, std::slice::from_mut(&mut pending), &self.document, cancel).pop();
        let attempt = connection.attempt(started.elapsed());
        match outcome.unwrap_or_else(|| Err(Failure::new(unreadable("no result")))) {
            Ok(sent) => receipt(pending.mail, sent, attempt, &self.document),
            Err(failure) => Err(refusal(&pending.mail, failure.error, &attempt, &self.document)),
        }
    }
}
