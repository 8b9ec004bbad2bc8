//! What the log says of an account's calls.

use super::Account;
use super::connection::Connection;
use super::delivered::Delivered;
use crate::Host;
use crate::log::{Log, Said, Seconds, failure, joined};
use crate::message::Composed;
use crate::receipt::{Kept, SentCopy};
use crate::receive::Received;
use crate::report::Report;
use postkontor_plugin::{Delivery, Error, Level, Missing, Step, StepStatus, Verdict};
use serde_json::Value;
use std::time::Instant;

impl Account {
    /// Says that the account was opened, and what its settings weaken.
    pub(super) fn journal_opening(&self) {
        let log = self.host.log();
        for connection in &self.connections {
            log.write(Level::Debug, &connection.settings.id, format_args!("opened: {}", connection.server()));
        }
        if log.reads(Level::Warning) {
            for connection in &self.connections {
                for (pointer, code, args) in self.document.warnings(&connection.settings.id) {
                    let sentence = self.host.sentence(code, args).unwrap_or_else(|| code.to_owned());
                    log.write(Level::Warning, &connection.settings.id, format_args!("settings: {pointer}: {sentence}"));
                }
            }
        }
    }

    /// Writes down the steps of a test, with its result at the end.
    pub(super) fn journal_steps(&self, account: &str, steps: &[Step]) {
        let log = self.host.log();
        for step in steps {
            let (level, status) = match step.status {
                StepStatus::Fail => (Level::Error, "fail"),
                StepStatus::Warn => (Level::Warning, "warn"),
                StepStatus::Ok => (Level::Debug, "ok"),
                StepStatus::Skipped => (Level::Debug, "skipped"),
            };
            if !log.reads(level) {
                continue;
            }
            let Step { step: name, status_number, code, message, detail, .. } = step;
            let number = if *status_number == 0 { String::new() } else { format!(" ({status_number})") };
            let code = if code.is_empty() { String::new() } else { format!(" {code}{number}") };
            let detail = if detail.is_empty() { String::new() } else { format!("; detail: {detail}") };
            let colon = if message.is_empty() { "" } else { ": " };
            log.write(level, account, format_args!("test, step {name}: {status}{code}{colon}{message}{detail}"));
        }
    }

    /// The result of a test.
    pub(super) fn tested(&self, report: &Report, started: Instant) -> String {
        let outcome = match report.failed() {
            Some(step) => format!("failed at {}", step.step),
            None => "passed".to_owned(),
        };
        let server = self.connections.first().map(Connection::server).unwrap_or_default();
        format!("test of {server} {outcome}, {}", Seconds(started.elapsed()))
    }

    /// Begins a call: the dialogue of the one before is dropped.
    pub(super) fn begin(&self) -> Instant {
        if self.host.log().keeps_protocol() {
            self.connections.iter().chain(&self.others).for_each(|connection| drop(connection.take_dialogue()));
        }
        Instant::now()
    }

    /// Ends a call that failed: the error gets its sentences, and the dialogue where that is kept.
    pub(super) fn failed(&self, error: Error) -> Error {
        let mut error = self.warned(self.host.localised(error));
        if self.host.log().keeps_protocol() {
            let lines: Vec<String> = self.connections.iter().chain(&self.others).flat_map(Connection::take_dialogue).collect();
            if !lines.is_empty() {
                error.more.insert("transcript".to_owned(), Value::from(lines));
            }
        }
        error
    }

    /// Ends a call: writes down its failure, or what `line` makes of its success.
    pub(super) fn conclude<T>(&self, what: &str, result: Result<T, Error>, line: impl FnOnce(&T) -> String) -> Result<T, Error> {
        let log = self.host.log();
        let account = self.called(what);
        match result {
            Ok(result) => {
                if log.reads(Level::Information) {
                    log.write(Level::Information, account, line(&result));
                }
                Ok(result)
            }
            Err(error) => {
                let error = self.failed(error);
                log.failed(account, what, &error);
                Err(error)
            }
        }
    }

    /// The account that a call is about.
    fn called(&self, what: &str) -> &str {
        let own = self.connections.first().map_or("", |connection| connection.settings.id.as_str());
        let fetching = self.document.receive.account.as_deref().filter(|_| self.is_default);
        if matches!(what, "list" | "receive" | "apply") { fetching.unwrap_or(own) } else { own }
    }

    /// What a fetch brought.
    pub(super) fn received(&self, received: &Received, started: Instant) -> String {
        let Received { messages, missing, warnings, .. } = received;
        let lists = [("messages", messages.len()), ("missing", missing.len()), ("warnings", warnings.len())];
        let counts = lists.iter().filter(|(name, count)| *count > 0 || *name == "messages");
        let counts: String = counts.map(|(name, count)| format!(", {name}: {count}")).collect();
        format!("received{counts}, {}", Seconds(started.elapsed()))
    }

    /// What a list or a change brought, by the number of its parts.
    pub(super) fn counted(&self, what: &str, json: &str, started: Instant) -> String {
        let answer: Value = serde_json::from_str(json).unwrap_or_default();
        let parts =
            answer.as_object().into_iter().flatten().filter_map(|(name, value)| Some(format!(", {name}: {}", value.as_array()?.len())));
        format!("{what}{}, {}", parts.collect::<String>(), Seconds(started.elapsed()))
    }
}

impl Connection {
    /// Writes down each message that was fetched.
    pub(super) fn journal_messages(&self, received: &Received) {
        let log = self.host().log();
        if log.reads(Level::Warning) {
            let server = self.server();
            for Missing { id, error } in &received.missing {
                log.write(
                    Level::Warning,
                    &self.settings.id,
                    format_args!("message {id} was not handed over by {server}: {}", failure(error)),
                );
            }
            for taken in &received.messages {
                log.write(Level::Information, &self.settings.id, format_args!("{taken} by {server}"));
            }
        }
    }
}

/// Writes down that a transport took a mail, and which recipients it refused.
pub(super) fn sent(log: &Log, connection: &Connection, done: &Delivered<'_>) {
    let account = connection.settings.id.as_str();
    // Each mail comes by here, so nothing is put together for a line that is not read.
    if log.reads(Level::Information) {
        let reply = done.sent.reply.as_ref().map(|reply| format!(": {}", Said(reply))).unwrap_or_default();
        let (mail, server) = (Mail(&done.mail), connection.server());
        log.write(
            Level::Information,
            account,
            format_args!("sent {mail} by {server}, {} bytes, {}{reply}", done.sent.size, Seconds(done.elapsed)),
        );
    }
    for answer in done.sent.recipients.iter().filter(|answer| answer.status != Verdict::Accepted) {
        let (id, said) = (&done.mail.message_id, Said(&answer.reply));
        let verdict = if answer.status == Verdict::Refused { "refused" } else { "not known" };
        log.write(Level::Error, account, format_args!("<{id}> {verdict} for {}: {said}", answer.address));
    }
    done.copy.iter().for_each(|copy| kept(log, &done.mail, copy));
}

/// Writes down what became of the sender's copy.
fn kept(log: &Log, mail: &Composed<'_>, copy: &SentCopy) {
    let level = if matches!(copy.status, Kept::Failed) { Level::Warning } else { Level::Information };
    log.write(level, &copy.account, format_args!("copy of <{}>: {}", mail.message_id, copy.message));
}

/// Writes down that a mail was not sent, or that it is not known.
pub(super) fn not_sent(host: &Host, connection: &Connection, mail: &Composed<'_>, error: &Error) {
    let log = host.log();
    if !log.reads(Level::Error) {
        return;
    }
    let error = &host.localised(error.clone());
    let outcome = if error.delivery == Delivery::Unknown { "may have been sent" } else { "not sent" };
    let (mail, server) = (Mail(mail), connection.server());
    log.write(Level::Error, &connection.settings.id, format_args!("{outcome} {mail} by {server}: {}", failure(error)));
}

/// Writes down which mails went out in UTF-8 because the charset of the settings lacks a character.
pub(super) fn replaced(host: &Host, charset: &str, mails: &[Composed<'_>]) {
    let log = host.log();
    if charset.eq_ignore_ascii_case("utf-8") || !log.reads(Level::Warning) {
        return;
    }
    for mail in mails.iter().filter(|mail| mail.is_utf_8()) {
        log.write(Level::Warning, "", format_args!("<{}> has characters that {charset} lacks, so it is in UTF-8", mail.message_id));
    }
}

/// Writes down that another account stands in.
pub(super) fn fell_back(log: &Log, connection: &Connection, other: &Connection, mail: &Composed<'_>, error: &Error) {
    let other = &other.settings.id;
    let why = failure(error);
    log.write(Level::Warning, &connection.settings.id, format_args!("not sent <{}>, {other} stands in: {why}", mail.message_id));
}

/// A mail in one line: its Message-ID, sender and recipients.
struct Mail<'a, 'b>(&'a Composed<'b>);

impl std::fmt::Display for Mail<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Composed { message_id, from, recipients, .. } = self.0;
        let to = joined(recipients.iter().map(|recipient| recipient.address.as_str()));
        write!(f, "<{message_id}> from <{from}> to {to}")
    }
}
