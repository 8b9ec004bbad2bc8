//! What the header of a message says.

use encoding_rs::Encoding;
use postkontor_reader::Repairs;
use postkontor_reader::header::{self, Fields, Mailbox, message_ids};
use std::borrow::Cow;

/// The fields of a header that a summary holds.
#[derive(Default)]
pub(super) struct Head<'a> {
    pub(super) subject: Cow<'a, str>,
    pub(super) message_id: Option<String>,
    pub(super) date: Option<String>,
    /// The date as it stands there.
    pub(super) date_raw: Option<Cow<'a, str>>,
    pub(super) from: Vec<Mailbox>,
    pub(super) sender: Vec<Mailbox>,
    pub(super) reply_to: Vec<Mailbox>,
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    pub(super) bcc: Vec<Mailbox>,
    pub(super) in_reply_to: Vec<String>,
    pub(super) references: Vec<String>,
}

impl<'a> Head<'a> {
    /// Reads a header. Letters in it that name no character set are of `fallback` where they are not UTF-8.
    pub(super) fn read(fields: &Fields<'a>, fallback: Option<&'static Encoding>, repairs: &mut Repairs) -> Head<'a> {
        let people = |name: &str, pointer: &str, repairs: &mut Repairs| {
            repeated(fields, name, pointer, repairs);
            header::mailboxes(fields.all(name).map(header::Field::value), fallback, repairs, pointer)
        };
        let first = |name: &str, pointer: &str, repairs: &mut Repairs| {
            repeated(fields, name, pointer, repairs);
            fields.first(name).map(header::Field::value)
        };
        let date = first("Date", "/date", repairs);
        let subject = first("Subject", "/subject", repairs);
        Head {
            subject: subject.map(|value| header::text(value, fallback, repairs, "/subject")).unwrap_or_default(),
            message_id: first("Message-ID", "/message_id", repairs).and_then(|value| message_ids(value).into_iter().next()),
            date: date.and_then(|value| header::date(value, repairs)).map(|date| date.to_string()),
            date_raw: date.map(as_it_stands),
            from: people("From", "/from", repairs),
            sender: people("Sender", "/sender", repairs),
            reply_to: people("Reply-To", "/reply_to", repairs),
            to: people("To", "/to", repairs),
            cc: people("Cc", "/cc", repairs),
            bcc: people("Bcc", "/bcc", repairs),
            in_reply_to: first("In-Reply-To", "/in_reply_to", repairs).map(message_ids).unwrap_or_default(),
            references: first("References", "/references", repairs).map(message_ids).unwrap_or_default(),
        }
    }
}

/// Notes that a field stands more than once. Addresses of all of them are told, of others the first.
fn repeated(fields: &Fields<'_>, name: &str, pointer: &str, repairs: &mut Repairs) {
    if fields.all(name).nth(1).is_some() {
        repairs.note("header.repeated", pointer);
    }
}

/// A value without the folds.
fn as_it_stands(value: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(value.trim_ascii());
    if text.contains(['\r', '\n']) { Cow::Owned(text.replace(['\r', '\n'], "")) } else { text }
}
