//! Sending messages: given as a type, as a document, or as an array of documents.

use super::Account;
use super::pointers::{locate, of_host};
use crate::error::{failed, result_unwritable};
use crate::json::Json;
use crate::keys::Surroundings;
use crate::message::{Composed, Composer, Message};
use crate::receipt::{Receipt, Receipts};
use crate::{Cancel, Watch};
use postkontor_plugin::{Delivery, Error, Input, Level, Stage, Status};
use serde_json::Value;
use serde_json::value::RawValue;
use std::path::Path;

/// The most mails that one call takes; each is held composed, without its attached files, until the call ends.
const BATCH: usize = 10_000;

/// An array of this size is read in one pass. In a larger one each message is found first, as reading one that is large by itself may be
/// broken off.
const AT_ONCE: usize = 4 << 20;

/// The messages of an array.
#[derive(Default)]
struct Batch<'p> {
    /// Those that could be composed, in its order.
    mails: Vec<Composed<'p>>,
    /// Why each of the others could not; nothing for one that is a mail.
    results: Vec<Option<Result<Receipt, Error>>>,
}

impl<'p> Batch<'p> {
    fn add(&mut self, composed: Result<Composed<'p>, Error>, account: &Account) {
        let index = Some(self.results.len());
        self.results.push(match composed {
            Ok(mail) => {
                self.mails.push(account.placed(mail, index));
                None
            }
            Err(error) => Some(Err(of_host(account.at_sender(error), index, &account.document))),
        });
    }
}

impl Account {
    /// Sends a message document, or an array of them.
    ///
    /// `parts` are the bytes that attachments refer to by index; those of an array share them. It is an error as soon as one recipient
    /// of one mail was refused; the error then has the member `receipt` or `results`.
    pub fn send_document(&mut self, message: &str, parts: &[&[u8]], cancel: &Cancel) -> Result<Receipts, Error> {
        self.begin();
        if message.trim_start().starts_with('[') {
            let result = self.enabled().and_then(|()| self.send_batch(message, parts, cancel));
            return self.conclude("send", result, |_| "all were sent".to_owned());
        }
        self.send_mail(cancel, |composer| composer.compose(message, parts)).map(Receipts::One)
    }

    /// Composes a message document in the name of the account's sender. Nothing is sent: [`Account::deliver`] does that, now or later.
    pub fn compose_document<'p>(&self, message: &str, parts: &[&'p [u8]], cancel: &Cancel) -> Result<Composed<'p>, Error> {
        self.compose_mail(cancel, |composer| composer.compose(message, parts))
    }

    /// Sends a message. It is an error as soon as one recipient was refused ([`Receipt::of_partial`] then tells who got it).
    pub fn send(&mut self, message: &Message<'_>, cancel: &Cancel) -> Result<Receipt, Error> {
        self.begin();
        self.send_mail(cancel, |composer| composer.compose_message(message))
    }

    /// Composes a message in the name of the account's sender. Nothing is sent: [`Account::deliver`] does that, now or later.
    pub fn compose<'m>(&self, message: &Message<'m>, cancel: &Cancel) -> Result<Composed<'m>, Error> {
        self.compose_mail(cancel, |composer| composer.compose_message(message))
    }

    /// Makes a message of bytes that another program composed, for the envelope that it names; an empty sender is the null sender.
    /// They go out as they are, but for Bcc headers and bare line ends.
    pub fn compose_raw(&self, from: &str, recipients: &[&str], message: Vec<u8>, cancel: &Cancel) -> Result<Composed<'static>, Error> {
        self.compose_mail(cancel, |composer| composer.compose_raw(from, recipients, message))
    }

    /// The same for a message in a file, which is read in blocks. A Date and a Message-ID are added where it has none (RFC 6409, section 8).
    pub fn compose_raw_file(&self, from: &str, recipients: &[&str], path: &Path, cancel: &Cancel) -> Result<Composed<'static>, Error> {
        self.compose_mail(cancel, |composer| composer.compose_raw_file(from, recipients, path))
    }

    /// Composes a message that comes alone, and delivers it.
    fn send_mail<'p>(
        &mut self,
        cancel: &Cancel,
        compose: impl FnOnce(&Composer<'_>) -> Result<Composed<'p>, Error>,
    ) -> Result<Receipt, Error> {
        match self.composed(cancel, compose) {
            Ok(mail) => self.result(mail, cancel),
            Err(error) => self.conclude("send", Err(error), |_| String::new()),
        }
    }

    /// Composes a message that comes alone, to be delivered by another call.
    fn compose_mail<'p>(
        &self,
        cancel: &Cancel,
        compose: impl FnOnce(&Composer<'_>) -> Result<Composed<'p>, Error>,
    ) -> Result<Composed<'p>, Error> {
        let composed = self.composed(cancel, compose);
        self.conclude("compose", composed, |mail| format!("composed <{}>, {} bytes", mail.message_id, mail.size))
    }

    /// Composes a message that comes alone.
    pub(super) fn composed<'p>(
        &self,
        cancel: &Cancel,
        compose: impl FnOnce(&Composer<'_>) -> Result<Composed<'p>, Error>,
    ) -> Result<Composed<'p>, Error> {
        self.enabled()?;
        let watch = self.host.watch(cancel);
        let composed = self.with_keys(&watch, |keys| compose(&self.composer(&watch, keys)?));
        match composed {
            Ok(mail) => Ok(self.placed(mail, None)),
            Err(error) => Err(of_host(self.at_sender(error), None, &self.document)),
        }
    }

    /// Composes in the name of the account's sender.
    fn composer<'s>(&'s self, watch: &'s Watch<'s>, keys: Option<&'s Surroundings<'s>>) -> Result<Composer<'s>, Error> {
        let composer = Composer::new(self.sender())?.watched_by(watch).speaking(self.host.language());
        Ok(match keys {
            Some(keys) => composer.protected_by(keys.protection()),
            None => composer,
        })
    }

    /// A composed message with its place in the array, and with sentences for what was repaired in it or is worth a second look.
    fn placed<'p>(&self, mut mail: Composed<'p>, index: Option<usize>) -> Composed<'p> {
        mail.index = index;
        mail.copies.iter_mut().for_each(|copy| copy.index = index);
        let warned = mail.warnings.iter_mut().flat_map(|warning| &mut warning.at);
        mail.repaired.iter_mut().chain(warned).for_each(|at| locate(at, index, &self.document));
        self.host.explain(&mut mail.repaired);
        mail.warnings = std::mem::take(&mut mail.warnings).into_iter().map(|warning| self.host.localised(warning)).collect();
        mail
    }

    /// The error with its pointers into the sender where the settings say it: in the account, or for all of them.
    pub(super) fn at_sender(&self, mut error: Error) -> Error {
        let id = self.connections.first().map_or("", |connection| connection.settings.id.as_str());
        for at in error.at.iter_mut().filter(|at| at.of == Some(Input::Settings)) {
            at.pointer = self.document.sender_pointer(id, &at.pointer);
        }
        error
    }

    fn send_batch(&mut self, messages: &str, parts: &[&[u8]], cancel: &Cancel) -> Result<Receipts, Error> {
        let Batch { mails, results } = self.compose_batch(messages, parts, &self.host.watch(cancel))?;
        if self.host.log().reads(Level::Error) {
            for (index, result) in results.iter().enumerate() {
                if let Some(Err(error)) = result {
                    self.host.log().failed("", &format!("mail {index} of the batch"), &self.host.localised(error.clone()));
                }
            }
        }
        let mut delivered = self.results(mails, cancel).into_iter();
        let missing = || Err(failed(Status::Internal, "plugin.answer_unreadable"));
        let results = results.into_iter().map(|result| result.or_else(|| delivered.next()).unwrap_or_else(missing));
        self.summary(results.collect())
    }

    /// Composes the messages of an array. Nothing was sent so far: a call that is to stop fails as a whole.
    fn compose_batch<'p>(&self, messages: &str, parts: &[&'p [u8]], watch: &Watch<'_>) -> Result<Batch<'p>, Error> {
        self.with_keys(watch, |keys| self.compose_each(messages, parts, watch, &self.composer(watch, keys)))
    }

    fn compose_each<'p>(
        &self,
        messages: &str,
        parts: &[&'p [u8]],
        watch: &Watch<'_>,
        composer: &Result<Composer<'_>, Error>,
    ) -> Result<Batch<'p>, Error> {
        let composer = composer.as_ref().map_err(Error::clone);
        // Nearly always there is nothing wrong with the JSON; then it is read once.
        if messages.len() <= AT_ONCE {
            let mut batch = Batch::default();
            let whole = Json::each(messages, |message| {
                let goes_on = batch.results.len() < BATCH && watch.check().is_ok();
                goes_on.then(|| batch.add(composer.clone().and_then(|composer| composer.compose_json(message, parts)), self))
            });
            if whole.is_some() {
                return Ok(batch);
            }
        }
        let unreadable =
            |error: serde_json::Error| failed(Status::Argument, "message.unreadable").stage(Stage::Message).detail(error.to_string());
        let messages: Vec<&RawValue> = serde_json::from_str(messages).map_err(unreadable)?;
        if messages.len() > BATCH {
            return Err(failed(Status::Argument, "message.batch_too_large").stage(Stage::Message).arg("limit", BATCH));
        }
        let mut batch = Batch::default();
        for message in messages {
            watch.check().map_err(|error| error.stage(Stage::Message))?;
            batch.add(composer.clone().and_then(|composer| composer.compose(message.get(), parts)), self);
        }
        Ok(batch)
    }

    /// The results of a batch as one result: OK when everything went to everybody.
    fn summary(&self, results: Vec<Result<Receipt, Error>>) -> Result<Receipts, Error> {
        let failures = results.iter().filter(|result| result.is_err()).count();
        if failures == 0 {
            return Ok(Receipts::Several { results: results.into_iter().flatten().collect() });
        }
        let status = |result: &Result<Receipt, Error>| result.as_ref().map_or_else(|error| error.status, |receipt| receipt.status);
        let first = results.first().map_or(Status::Ok, status);
        let are_alike = results.iter().all(|result| status(result) == first);
        let mut error = failed(if are_alike { first } else { Status::Partial }, "batch.incomplete");
        error = error.arg("failed", failures).arg("total", results.len());
        if results.iter().any(|result| status(result) == Status::Uncertain) {
            error.delivery = Delivery::Unknown;
        }
        let written = |result: Result<Receipt, Error>| match result {
            Ok(receipt) => serde_json::to_value(&receipt),
            Err(error) => serde_json::to_value(self.host.localised(error)),
        };
        let results = results.into_iter().map(written).collect::<Result<Value, _>>().map_err(result_unwritable)?;
        error.more.insert("results".to_owned(), results);
        Err(error)
    }
}
