//! Messages that are put into a folder of the account's mailbox instead of being sent: drafts, archives.

use super::Account;
use super::bodies::Bodies;
use super::file::file;
use super::pointers::locate;
use crate::Cancel;
use crate::error::unreadable;
use crate::message::{Append, Composed};
use crate::operation;
use crate::receipt::{Appended, Kept, Receipt};
use postkontor_plugin::{Delivery, Error, Filing, FilingResult, Input, Level, Status};
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

impl Account {
    /// Sends composed mails, and puts those that are meant for a folder there: a result for each, in their order.
    pub(super) fn results(&mut self, mails: Vec<Composed<'_>>, cancel: &Cancel) -> Vec<Result<Receipt, Error>> {
        if mails.iter().all(|mail| mail.append.is_none()) {
            return self.send_all(mails, cancel);
        }
        let places: Vec<bool> = mails.iter().map(|mail| mail.append.is_some()).collect();
        let (appended, sent): (Vec<_>, Vec<_>) = mails.into_iter().partition(|mail| mail.append.is_some());
        let (mut appended, mut sent) = (self.append_all(appended, cancel).into_iter(), self.send_all(sent, cancel).into_iter());
        let missing = || Err(unreadable("no result"));
        places.into_iter().map(|is_appended| if is_appended { appended.next() } else { sent.next() }.unwrap_or_else(missing)).collect()
    }

    /// Puts messages into folders; those that follow each other into one folder by one call.
    fn append_all(&mut self, mut mails: Vec<Composed<'_>>, cancel: &Cancel) -> Vec<Result<Receipt, Error>> {
        let mut results = Vec::with_capacity(mails.len());
        for group in mails.chunk_by_mut(|one, other| one.append == other.append) {
            let Some(append) = group.first().and_then(|mail| mail.append.clone()) else { continue };
            results.append(&mut self.append_group(&append, group, cancel));
        }
        self.with_warnings(&mut results);
        results
    }

    fn append_group(&mut self, append: &Append, mails: &mut [Composed<'_>], cancel: &Cancel) -> Vec<Result<Receipt, Error>> {
        let (started, document) = (Instant::now(), self.document.clone());
        let flags = Some(append.marks());
        let filing = Filing { folder: append.folder.clone(), flags, keywords: append.keywords.clone(), ..Filing::default() };
        let mut bodies = Bodies { mails: mails.iter_mut().collect(), document: &document, failed: None };
        let mut names = None;
        let filed = self.mailbox().and_then(|connection| {
            names = Some(connection.names.clone());
            let filed = file(connection, operation::APPEND, filing, &mut bodies, cancel);
            filed.map_err(|error| connection.unable(error, operation::APPEND, Input::Message, "/append"))
        });
        let (names, elapsed) = (names.unwrap_or_else(|| [append.folder.as_str().into(), "".into()]), started.elapsed());
        let results = mails.iter().enumerate().map(|(index, mail)| {
            let result = match &filed {
                Ok(filed) => match filed.results.get(index) {
                    Some(FilingResult::Saved(place)) => Ok((Kept::Saved, place, &filed.folder)),
                    Some(FilingResult::Found(place)) => Ok((Kept::Found, place, &filed.folder)),
                    Some(FilingResult::Error(error)) => Err(error.clone()),
                    None => Err(unreadable("no result")),
                },
                Err(error) => Err(error.clone()),
            };
            let result = match result {
                Ok((status, place, folder)) => Ok(self.filed(mail, (status, place, folder), names.clone(), elapsed)),
                Err(error) => Err(self.not_filed(mail, error)),
            };
            self.journal_append(&names[0], mail, &result);
            result
        });
        results.collect()
    }

    /// The receipt of a message that is in the folder.
    fn filed(&self, mail: &Composed<'_>, done: (Kept, &String, &String), names: [std::sync::Arc<str>; 2], elapsed: Duration) -> Receipt {
        let ((status, place, folder), [account, transport]) = (done, names);
        let code = if status == Kept::Found { "append.found" } else { "append.saved" };
        let args = Map::from_iter([("folder".to_owned(), Value::from(folder.as_str()))]);
        let message = self.host.sentence(code, &args).unwrap_or_else(|| code.to_owned());
        Receipt {
            status: Status::Ok,
            message_id: mail.message_id.clone(),
            account,
            transport,
            fallback: false,
            reason: None,
            recipients: Vec::new(),
            repaired: mail.repaired.clone(),
            size: mail.size,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            saved_to: Some(place.clone()),
            sent_copy: None,
            filed: Some(Appended { status, folder: folder.clone(), message }),
            warnings: Vec::new(),
            server: None,
        }
    }

    /// The error of a message that is not in the folder, or of which that is not known. No recipient got anything, whatever it is.
    fn not_filed(&self, mail: &Composed<'_>, mut error: Error) -> Error {
        error.delivery = Delivery::None;
        if error.status == Status::Uncertain {
            // A search in the folder needs the name that it has.
            error.more.insert("message_id".to_owned(), Value::from(mail.message_id.as_str()));
        }
        error.at.iter_mut().filter(|at| at.of == Some(Input::Message)).for_each(|at| locate(at, mail.index, &self.document));
        error
    }

    fn journal_append(&self, account: &str, mail: &Composed<'_>, result: &Result<Receipt, Error>) {
        let log = self.host.log();
        match result {
            Ok(receipt) if log.reads(Level::Information) => {
                let message = receipt.filed.as_ref().map_or("", |filed| filed.message.as_str());
                log.write(Level::Information, account, format_args!("<{}>, {} bytes: {message}", mail.message_id, mail.size));
            }
            Ok(_) => (),
            Err(error) => log.failed(account, &format!("appending <{}>", mail.message_id), &self.host.localised(error.clone())),
        }
    }
}
