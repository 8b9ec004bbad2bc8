//! The copy that the sender keeps of a mail (`sent.copy`): filed after the mail was sent, and never a reason for a failure of sending.

use super::Account;
use super::bodies::Bodies;
use super::connection::Connection;
use super::delivered::Delivered;
use super::file::file;
use crate::Cancel;
use crate::operation;
use crate::receipt::{Kept, SentCopy};
use postkontor_plugin::{Error, Filed, Filing, FilingResult, SentBy, Stage, Step, Verdict};
use serde_json::{Map, Value};
use std::time::Instant;

/// The folder for sent mail of whatever name.
const FOLDER: &str = "<sent>";

impl Account {
    /// Files a copy of each mail that reached a recipient, unless the sending transport has saved one already.
    pub(super) fn keep_copies(&mut self, delivered: &mut [Delivered<'_>], cancel: &Cancel) {
        let Some(account) = self.document.copying_account().map(str::to_owned) else { return };
        for position in 0..self.connections.len() {
            let is_wanted = |done: &&mut Delivered| {
                let is_taken = done.sent.recipients.iter().any(|answer| answer.status == Verdict::Accepted);
                done.position == position && done.sent.saved_to.is_none() && is_taken
            };
            let mut wanted: Vec<&mut Delivered> = delivered.iter_mut().filter(is_wanted).collect();
            if wanted.is_empty() {
                continue;
            }
            let sent_by = self.connections[position].sent_by();
            let mails = wanted.iter_mut().map(|done| {
                done.mail.become_copy();
                &mut done.mail
            });
            let document = self.document.clone();
            let mut bodies = Bodies { mails: mails.collect(), document: &document, failed: None };
            let filed =
                self.connection(&account).and_then(|connection| file(connection, operation::FILE, copies(sent_by), &mut bodies, cancel));
            for (index, done) in wanted.into_iter().enumerate() {
                done.copy = Some(self.sent_copy(&account, &filed, index));
            }
        }
    }

    /// What became of one of the copies.
    fn sent_copy(&self, account: &str, filed: &Result<Filed, Error>, index: usize) -> SentCopy {
        let (status, place, error) = match filed {
            Ok(filed) if filed.left_to_provider => (Kept::LeftToProvider, None, None),
            Ok(filed) => match &filed.results[index] {
                FilingResult::Saved(place) => (Kept::Saved, Some(place.clone()), None),
                FilingResult::Found(place) => (Kept::Found, Some(place.clone()), None),
                FilingResult::Error(error) => (Kept::Failed, None, Some(self.host.localised(error.clone()))),
            },
            Err(error) => (Kept::Failed, None, Some(self.host.localised(error.clone()))),
        };
        let folder = filed.as_ref().ok().map(|filed| filed.folder.clone()).filter(|folder| !folder.is_empty());
        let code = match status {
            Kept::Saved => "sent.saved",
            Kept::Found => "sent.found",
            Kept::LeftToProvider => "sent.left_to_provider",
            Kept::Failed => "sent.failed",
        };
        let mut args = Map::new();
        args.extend(folder.clone().map(|folder| ("folder".to_owned(), Value::from(folder))));
        args.extend(error.as_ref().map(|error| ("reason".to_owned(), Value::from(error.message.as_str()))));
        let message = self.host.sentence(code, &args).unwrap_or_else(|| code.to_owned());
        SentCopy { status, account: account.to_owned(), folder, message, error, place }
    }

    /// The step of a test that looks for the folder of the copies, where copies are wanted of what this account sends. What it finds is a
    /// warning at most, as sending works without.
    pub(super) fn copying_step(&mut self, cancel: &Cancel) -> Option<Step> {
        let account = self.document.copying_account()?.to_owned();
        let sender = self.connections.get(self.first_sender)?;
        let transport = self.host.transport(&sender.settings.transport).ok()?;
        if !transport.supports("send") || transport.supports(operation::FILE) {
            return None;
        }
        let (sent_by, started) = (sender.sent_by(), Instant::now());
        let document = self.document.clone();
        let mut none = Bodies { mails: Vec::new(), document: &document, failed: None };
        let found = self.connection(&account).and_then(|connection| file(connection, operation::FILE, copies(sent_by), &mut none, cancel));
        let mut step = match found {
            Ok(Filed { left_to_provider: true, .. }) => Step { code: "sent.left_to_provider".to_owned(), ..Step::ok(Stage::Mailbox) },
            Ok(filed) => Step::ok(Stage::Mailbox).fact("folder", filed.folder),
            Err(error) => {
                let seen = Step::fail(Stage::Mailbox, &error);
                let step =
                    Step { facts: seen.facts, detail: seen.detail, pointer: seen.pointer, ..Step::warn(Stage::Mailbox, &error.code) };
                step.advice("advice.copies_not_kept")
            }
        };
        step.ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Some(step.fact("account", account))
    }
}

/// Copies of what this account sent.
fn copies(sent_by: SentBy) -> Filing {
    Filing { folder: FOLDER.to_owned(), sent_by: Some(sent_by), ..Filing::default() }
}

impl Connection {
    /// Who it is to the server, for providers that keep what they send.
    fn sent_by(&self) -> SentBy {
        let text = |pointer: &str| self.settings.settings.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        SentBy { host: text("/server/host"), user: text("/auth/user") }
    }
}
