//! Puts mails: composed once, durable when the call returns.

use crate::content::{self, Whereabouts};
use crate::digest::{self, Digester};
use crate::engine::{Engine, Value, transaction};
use crate::mail::{self, Wishes};
use crate::outbox::Outbox;
use crate::queue;
use crate::recipient::Recipient;
use crate::state::State;
use postkontor_core::{At, Cancel, Composed, Error, Status, Stored, Watch};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// How many mails of a call are looked at for errors once one had some.
const MOST_ERRORS: usize = 100;

/// What became of the mails of a call, in their order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Put {
    /// The entries.
    pub entries: Vec<PutEntry>,
}

/// A mail that is durable in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PutEntry {
    /// By which the entry is asked for.
    pub id: String,
    /// The key that it was put with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// `queued`; where it was found, whatever has become of it.
    pub state: State,
    /// Whether the same mail was there already under its key. Then nothing was put.
    pub found: bool,
    /// The addresses that were put right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<At>,
    /// What is worth a second look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Error>,
}

/// A message that another program composed, with the envelope that it is for.
#[derive(Clone, Debug)]
pub struct Raw<'a> {
    /// The account that sends it; the document's default where there is none.
    pub account: Option<&'a str>,
    /// Envelope sender; empty for the null sender.
    pub from: &'a str,
    /// Envelope recipients.
    pub recipients: &'a [&'a str],
    /// The message.
    pub message: RawMessage<'a>,
    /// With the same key and content the same entry is found again.
    pub key: Option<&'a str>,
    /// The queue whose order it keeps.
    pub queue: &'a str,
}

/// The bytes of a message.
#[derive(Clone, Debug)]
pub enum RawMessage<'a> {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file, which is not needed any more when the call returns.
    File(&'a Path),
}

/// A mail that is ready to be written down.
struct Ready<'p> {
    /// Where it stands in the call.
    place: String,
    mail: Composed<'p>,
    stored: Stored,
    account: String,
    subject: String,
    digest: Option<Vec<u8>>,
    wishes: Wishes,
    at: Whereabouts,
}

impl Outbox {
    /// Puts a mail, or an array of them in one transaction. When this returns they are durable, and go out once.
    ///
    /// `parts` are the bytes that attachments refer to by index; the mails share them.
    ///
    /// # Errors
    ///
    /// As soon as one mail cannot be composed, none is put; `at` leads to what is wrong (`/2/message/to/0`). Other content under a key:
    /// `outbox.key_taken`. UNCERTAIN, `outbox.commit_unknown`: the mails may have been put. Those with a key can be put again with the same.
    pub fn put(&mut self, mails: &str, parts: &[&[u8]], cancel: &Cancel) -> Result<Put, Error> {
        let ready = self.compose(mails, parts, cancel).and_then(|ready| self.keep(ready, cancel));
        ready.map_err(|error| self.host.localised(error))
    }

    /// Puts a message that another program composed. It goes out byte by byte as it is, but for Bcc headers and bare line ends.
    pub fn put_raw(&mut self, raw: Raw<'_>, cancel: &Cancel) -> Result<PutEntry, Error> {
        let kept = self.take(raw, cancel).and_then(|ready| self.keep(vec![ready], cancel));
        let entry = kept.and_then(|put| put.entries.into_iter().next().ok_or_else(|| Error::new(Status::Internal, "outbox.store_failed")));
        entry.map_err(|error| self.host.localised(error))
    }

    fn compose<'p>(&mut self, mails: &str, parts: &[&'p [u8]], cancel: &Cancel) -> Result<Vec<Ready<'p>>, Error> {
        let (mut ready, mut errors) = (Vec::new(), Vec::new());
        let host = self.host.clone();
        let watch = host.watch(cancel);
        let mut digester = Digester::new(parts, &watch);
        for (place, given) in mail::read(mails)? {
            watch.check()?;
            match self.compose_one(&given, parts, &mut digester, cancel) {
                Ok(mail) => ready.push(Ready { place, ..mail }),
                // What is wrong in a mail; all else ends the call.
                Err(error) if !error.at.is_empty() && errors.len() < MOST_ERRORS => errors.push(mail::below(error, &place)),
                Err(error) => return Err(error),
            }
        }
        if errors.is_empty() { Ok(ready) } else { Err(together(errors)) }
    }

    fn compose_one<'p>(
        &mut self,
        given: &mail::Mail<'_>,
        parts: &[&'p [u8]],
        digester: &mut Digester<'_, '_>,
        cancel: &Cancel,
    ) -> Result<Ready<'p>, Error> {
        let account = self.sender(given.wishes.account.as_deref())?;
        let composed = self.account(&account)?.compose_document(given.message, parts, cancel);
        let mail = composed.map_err(|error| mail::below(error, "/message"))?;
        let digest = match given.wishes.key {
            Some(_) => Some(digester.document(given.message, &account, &given.wishes.queue)?),
            None => None,
        };
        #[derive(serde::Deserialize)]
        struct Subject {
            #[serde(default)]
            subject: String,
        }
        let subject = serde_json::from_str(given.message).map_or_else(|_| String::new(), |Subject { subject }| subject);
        let stored = mail.stored();
        let (wishes, at) = (given.wishes.clone(), Whereabouts::Gone);
        Ok(Ready { place: String::new(), mail, stored, account, subject, digest, wishes, at })
    }

    fn take(&mut self, raw: Raw<'_>, cancel: &Cancel) -> Result<Ready<'static>, Error> {
        let host = self.host.clone();
        let account = self.sender(raw.account)?;
        let content = match (&raw.message, raw.key) {
            (_, None) => None,
            (RawMessage::Bytes(bytes), _) => Some(Sha256::digest(bytes).into()),
            (RawMessage::File(path), _) => Some(digest::file(path, &host.watch(cancel))?),
        };
        let digest = content.map(|content| digest::raw(raw.from, raw.recipients, content, &account, raw.queue));
        let sender = self.account(&account)?;
        let mail = match raw.message {
            RawMessage::Bytes(bytes) => sender.compose_raw(raw.from, raw.recipients, bytes, cancel)?,
            RawMessage::File(path) => sender.compose_raw_file(raw.from, raw.recipients, path, cancel)?,
        };
        let stored = mail.stored();
        let wishes = Wishes { key: raw.key.map(str::to_owned), queue: raw.queue.to_owned(), ..Wishes::default() };
        let (place, subject, at) = (String::new(), String::new(), Whereabouts::Gone);
        Ok(Ready { place, mail, stored, account, subject, digest, wishes, at })
    }

    /// The account that sends where this one is asked for.
    fn sender(&self, asked: Option<&str>) -> Result<String, Error> {
        let none = || Error::new(Status::Settings, "settings.no_account").usable().at("/send/account", "settings.no_account");
        asked.or(self.default_account.as_deref()).map(str::to_owned).ok_or_else(none)
    }

    /// Writes the mails down: large ones into files first where the store has such, the rest in one transaction.
    fn keep(&mut self, mut ready: Vec<Ready<'_>>, cancel: &Cancel) -> Result<Put, Error> {
        let host = self.host.clone();
        let watch = host.watch(cancel);
        let put = self.lay_by(&mut ready, &watch).and_then(|()| {
            let give_up = i64::from(self.options.retry.give_up_hours) * 3_600_000;
            transaction(self.engine.as_mut(), &watch, |engine| {
                let now = engine.now(&watch)?;
                queue::lock(engine, ready.iter().map(|ready| ready.wishes.queue.as_str()), &watch)?;
                ready.iter_mut().map(|ready| write(engine, ready, (now, give_up), &watch)).collect::<Result<Vec<_>, _>>()
            })
        });
        // What was laid by and has no row; after a commit whose end is not known it may have one.
        let is_needless = |index: usize| match &put {
            Ok(entries) => entries.get(index).is_some_and(|entry| entry.found),
            Err(error) => error.status != Status::Uncertain,
        };
        for (_, ready) in ready.iter().enumerate().filter(|(index, _)| is_needless(*index)) {
            content::discard(&self.place, &ready.at);
        }
        put.map(|entries| Put { entries })
    }

    fn lay_by(&self, ready: &mut [Ready<'_>], watch: &Watch<'_>) -> Result<(), Error> {
        ready.iter_mut().try_for_each(|ready| {
            ready.at =
                content::lay_by(&self.place, &mut ready.mail, &ready.stored, watch).map_err(|error| at_message(error, &ready.place))?;
            Ok(())
        })
    }
}

const INSERT: &str = "INSERT INTO postkontor_outbox_entries
    (key, digest, account, queue, ready, priority, message_id, subject, size, stored, recipients, content, created, updated, not_before, due, give_up, state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $16, 'queued')
    ON CONFLICT (key) DO NOTHING RETURNING id";

/// Writes an entry, unless it is there already under its key.
fn write(engine: &mut dyn Engine, ready: &mut Ready<'_>, (now, give_up): (i64, i64), watch: &Watch<'_>) -> Result<PutEntry, Error> {
    let is_ready = queue::is_free(engine, &ready.wishes.queue, watch)?;
    let wishes = &ready.wishes;
    let due = wishes.not_before.unwrap_or(now).max(now);
    let recipients: Vec<Recipient> = ready.mail.everyone().iter().map(|recipient| Recipient::new(recipient.address.clone())).collect();
    let values: [Value; 16] = [
        wishes.key.clone().into(),
        ready.digest.clone().into(),
        ready.account.as_str().into(),
        wishes.queue.as_str().into(),
        i64::from(is_ready).into(),
        wishes.priority.into(),
        ready.mail.message_id.as_str().into(),
        ready.subject.as_str().into(),
        i64::try_from(ready.mail.size).unwrap_or(i64::MAX).into(),
        json(&ready.stored)?.into(),
        json(&recipients)?.into(),
        ready.at.column().into(),
        now.into(),
        wishes.not_before.into(),
        due.into(),
        wishes.give_up_at.unwrap_or_else(|| due.saturating_add(give_up)).into(),
    ];
    let inserted = engine.rows(INSERT, &values, watch)?;
    let Some(row) = inserted.first() else { return found(engine, ready, watch) };
    let id = row.int(0)?;
    if ready.at == Whereabouts::Blocks {
        content::write(engine, id, &mut ready.mail, watch).map_err(|error| at_message(error, &ready.place))?;
    }
    Ok(PutEntry {
        id: id.to_string(),
        key: ready.wishes.key.clone(),
        message_id: ready.mail.message_id.clone(),
        state: State::Queued,
        found: false,
        repaired: std::mem::take(&mut ready.mail.repaired),
        warnings: std::mem::take(&mut ready.mail.warnings),
    })
}

/// The entry that is there under the key of this one.
fn found(engine: &mut dyn Engine, ready: &Ready<'_>, watch: &Watch<'_>) -> Result<PutEntry, Error> {
    let key = ready.wishes.key.clone().unwrap_or_default();
    let found =
        engine.rows("SELECT id, digest, message_id, state FROM postkontor_outbox_entries WHERE key = $1", &[key.as_str().into()], watch)?;
    let taken = || Error::new(Status::Argument, "outbox.key_taken").usable().arg("key", key.as_str());
    // One that was forgotten at this very moment.
    let Some(row) = found.first() else { return Err(taken().arg("id", "")) };
    let id = row.int(0)?.to_string();
    if ready.digest.as_deref() != Some(row.blob(1)?) {
        return Err(taken().arg("id", id).at_request(format!("{}/key", ready.place), "outbox.key_taken"));
    }
    let state = State::of(row.text(3)?).unwrap_or(State::Queued);
    Ok(PutEntry { id, key: Some(key), message_id: row.text(2)?.to_owned(), state, found: true, repaired: Vec::new(), warnings: Vec::new() })
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(Status::Internal, "host.result_unwritable").usable().detail(error.to_string()))
}

/// An attached file that changed while it was read: the error leads to its mail.
fn at_message(error: Error, place: &str) -> Error {
    if error.at.is_empty() { error } else { mail::below(error, &format!("{place}/message")) }
}

/// The errors of several mails as one.
fn together(mut errors: Vec<Error>) -> Error {
    if errors.len() == 1 {
        return errors.swap_remove(0);
    }
    let at: Vec<At> = errors.into_iter().flat_map(|mut error| std::mem::take(&mut error.at)).take(MOST_ERRORS).collect();
    let mut error = Error::new(Status::Argument, "outbox.mails_invalid").usable().arg("count", at.len());
    error.at = at;
    error
}
