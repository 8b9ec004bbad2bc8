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

/// The names of these fields, and where the summary tells them.
const FIELDS: [(&str, &str); 11] = [
    ("Subject", "/subject"),
    ("Date", "/date"),
    ("Message-ID", "/message_id"),
    ("In-Reply-To", "/in_reply_to"),
    ("References", "/references"),
    ("From", "/from"),
    ("Sender", "/sender"),
    ("Reply-To", "/reply_to"),
    ("To", "/to"),
    ("Cc", "/cc"),
    ("Bcc", "/bcc"),
];

impl<'a> Head<'a> {
    /// Reads a header. Letters in it that name no character set are of `fallback` where they are not UTF-8.
    pub(super) fn read(fields: &Fields<'a>, fallback: Option<&'static Encoding>, repairs: &mut Repairs) -> Head<'a> {
        let mut values: [Option<&'a [u8]>; FIELDS.len()] = [None; FIELDS.len()];
        for field in fields.iter() {
            let Some(known) = FIELDS.iter().position(|(name, _)| field.is(name)) else { continue };
            // Addresses of all fields of a name are told, of others the first.
            match &mut values[known] {
                Some(_) => repairs.note("header.repeated", FIELDS[known].1),
                value => *value = Some(field.value()),
            }
        }
        let [subject, date, message_id, in_reply_to, references, people @ ..] = values;
        let mut place = FIELDS.len() - people.len();
        let mut people = people.into_iter().map(|value| {
            let (name, pointer) = FIELDS[place];
            place += 1;
            match value {
                Some(_) => header::mailboxes(fields.all(name).map(header::Field::value), fallback, repairs, pointer),
                None => Vec::new(),
            }
        });
        let mut next = || people.next().unwrap_or_default();
        let (from, sender, reply_to, to, cc, bcc) = (next(), next(), next(), next(), next(), next());
        Head {
            subject: subject.map(|value| header::text(value, fallback, repairs, "/subject")).unwrap_or_default(),
            message_id: message_id.and_then(|value| message_ids(value).into_iter().next()),
            date: date.and_then(|value| header::date(value, repairs)).map(|date| date.to_string()),
            date_raw: date.map(as_it_stands),
            from,
            sender,
            reply_to,
            to,
            cc,
            bcc,
            in_reply_to: in_reply_to.map(message_ids).unwrap_or_default(),
            references: references.map(message_ids).unwrap_or_default(),
        }
    }
}

/// A value without the folds.
fn as_it_stands(value: &[u8]) -> Cow<'_, str> {
    let value = value.trim_ascii();
    let text = std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed);
    if text.contains(['\r', '\n']) { Cow::Owned(text.replace(['\r', '\n'], "")) } else { text }
}
