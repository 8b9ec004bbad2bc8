//! What the header of a message says.

use super::people::{Named, People};
use encoding_rs::Encoding;
use postkontor_reader::Repairs;
use postkontor_reader::header::{self, Date, Fields, message_ids};
use std::borrow::Cow;

/// The fields of a header that a summary holds.
#[derive(Default)]
pub(super) struct Head<'a> {
    pub(super) subject: Cow<'a, str>,
    pub(super) message_id: Option<Cow<'a, str>>,
    pub(super) date: Option<Date>,
    /// The date as it stands there.
    pub(super) date_raw: Option<Cow<'a, str>>,
    pub(super) from: People<'a>,
    pub(super) sender: People<'a>,
    pub(super) reply_to: People<'a>,
    pub(super) to: People<'a>,
    pub(super) cc: People<'a>,
    pub(super) bcc: People<'a>,
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
    pub(super) fn read(fields: &'a Fields<'a>, fallback: Option<&'static Encoding>, repairs: &mut Repairs) -> Head<'a> {
        let mut values: [Option<&'a [u8]>; FIELDS.len()] = [None; FIELDS.len()];
        let mut is_repeated = [false; FIELDS.len()];
        for field in fields.iter() {
            let Some(known) = known(field.raw_name()) else { continue };
            // Addresses of all fields of a name count, of others the first.
            match &mut values[known] {
                Some(_) => {
                    is_repeated[known] = true;
                    repairs.note("header.repeated", FIELDS[known].1);
                }
                value => *value = Some(field.value()),
            }
        }
        let [subject, date, message_id, in_reply_to, references, people @ ..] = values;
        let mut place = FIELDS.len() - people.len();
        let mut people = people.into_iter().map(|value| {
            let (name, pointer) = FIELDS[place];
            let only = value.filter(|_| !is_repeated[place]);
            place += 1;
            match value {
                Some(_) => People::read(Named { fields, name, only }, fallback, repairs, pointer),
                None => People::default(),
            }
        });
        let mut next = || people.next().unwrap_or_default();
        let (from, sender, reply_to, to, cc, bcc) = (next(), next(), next(), next(), next(), next());
        Head {
            subject: subject.map(|value| header::text(value, fallback, repairs, "/subject")).unwrap_or_default(),
            message_id: message_id.and_then(header::message_id),
            date: date.and_then(|value| header::date(value, repairs)),
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

/// The place of a name among these fields. Those of its length are few.
fn known(name: &[u8]) -> Option<usize> {
    let (first, second) = match name.len() {
        2 => (8, 9),
        3 => (10, 10),
        4 => (1, 5),
        6 => (6, 6),
        7 => (0, 0),
        8 => (7, 7),
        10 => (2, 4),
        11 => (3, 3),
        _ => return None,
    };
    [first, second].into_iter().find(|place| name.eq_ignore_ascii_case(FIELDS[*place].0.as_bytes()))
}

/// A value without the folds.
fn as_it_stands(value: &[u8]) -> Cow<'_, str> {
    let value = value.trim_ascii();
    match std::str::from_utf8(value) {
        Ok(text) if !text.contains(['\r', '\n']) => Cow::Borrowed(text),
        _ => {
            let pieces = || value.utf8_chunks().flat_map(|chunk| [chunk.valid(), if chunk.invalid().is_empty() { "" } else { "\u{fffd}" }]);
            let mut text = String::with_capacity(pieces().map(str::len).sum());
            pieces().flat_map(|piece| piece.split(['\r', '\n'])).for_each(|piece| text.push_str(piece));
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_found_at_its_place() {
        for (place, (name, _)) in FIELDS.iter().enumerate() {
            assert_eq!((known(name.as_bytes()), known(name.to_uppercase().as_bytes())), (Some(place), Some(place)), "{name}");
        }
        for other in ["", "T", "Xo", "Fro", "Received", "Return-Path", "Message-Id:", "Content-Type"] {
            assert_eq!(known(other.as_bytes()), None, "{other}");
        }
    }
}
