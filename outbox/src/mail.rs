//! A mail as a program puts it: the message document, and what is wanted of the outbox.

use postkontor_core::message::moment;
use postkontor_core::{At, Error, Members, Status, read_request};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The most mails of one call; they are committed together.
const BATCH: usize = 10_000;

/// The longest name of a key or a queue: the databases keep an index of them.
const LONGEST: usize = 500;

/// The priority where none is given.
const PRIORITY: i64 = 5;

/// A mail that is to be put. Moments are milliseconds since 1970.
#[derive(Debug)]
pub(crate) struct Mail<'a> {
    /// The message document.
    pub(crate) message: &'a str,
    pub(crate) wishes: Wishes,
}

/// What is wanted of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) account: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) queue: String,
    pub(crate) not_before: Option<i64>,
    pub(crate) give_up_at: Option<i64>,
    pub(crate) priority: i64,
}

impl Default for Wishes {
    fn default() -> Wishes {
        Wishes { account: None, key: None, queue: String::new(), not_before: None, give_up_at: None, priority: PRIORITY }
    }
}

/// Reads a mail or an array of them. Each has its place in the document, as a JSON pointer.
pub(crate) fn read<'a>(mails: &'a str) -> Result<Vec<(String, Mail<'a>)>, Error> {
    if !mails.trim_start().starts_with('[') {
        return Ok(vec![(String::new(), one(mails)?)]);
    }
    let unreadable = |error: serde_json::Error| Error::new(Status::Argument, "message.unreadable").usable().detail(error.to_string());
    let all: Vec<&'a RawValue> = serde_json::from_str(mails).map_err(unreadable)?;
    if all.len() > BATCH {
        return Err(Error::new(Status::Argument, "message.batch_too_large").usable().arg("limit", BATCH));
    }
    let read = |(index, mail): (usize, &'a RawValue)| {
        let place = format!("/{index}");
        match one(mail.get()) {
            Ok(mail) => Ok((place, mail)),
            Err(error) => Err(below(error, &place)),
        }
    };
    all.into_iter().enumerate().map(read).collect()
}

fn one(mail: &str) -> Result<Mail<'_>, Error> {
    let unreadable = |error: serde_json::Error| Error::new(Status::Argument, "request.unreadable").usable().detail(error.to_string());
    let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(mail).map_err(unreadable)?;
    let message = members.remove("message");
    // What is left is small, and read as every request is.
    let rest = serde_json::to_string(&members).map_err(unreadable)?;
    let wishes = read_request(&rest, |members| {
        if message.is_none() {
            members.missing::<()>("message");
        }
        wishes(members)
    })?;
    Ok(Mail { message: message.map_or("", |message| message.get()), wishes })
}

fn wishes(members: &mut Members<'_, '_>) -> Wishes {
    let wishes = Wishes {
        account: members.line("account"),
        key: name(members, "key"),
        queue: name(members, "queue").unwrap_or_default(),
        not_before: time(members, "not_before"),
        give_up_at: time(members, "give_up_at"),
        priority: members.number("priority").map_or(PRIORITY, |number| i64::try_from(number).unwrap_or(i64::MAX)),
    };
    if !(0..=9).contains(&wishes.priority) {
        members.wrong_of("priority", "outbox.priority_invalid", 9);
    }
    wishes
}

fn name(members: &mut Members<'_, '_>, member: &'static str) -> Option<String> {
    let name = members.line(member)?;
    if name.len() > LONGEST {
        members.wrong_of(member, "outbox.name_too_long", LONGEST);
    }
    Some(name)
}

/// A moment of a request, in milliseconds since 1970.
pub(crate) fn time(members: &mut Members<'_, '_>, member: &'static str) -> Option<i64> {
    let text = members.line(member)?;
    let found = moment(&text).and_then(|seconds| seconds.checked_mul(1000));
    if found.is_none() {
        members.wrong(member, "outbox.time_invalid");
    }
    found
}

/// The error with its places in what was passed below this one.
pub(crate) fn below(mut error: Error, place: &str) -> Error {
    let moved = |at: At| At { pointer: format!("{place}{}", at.pointer), ..at };
    error.at = std::mem::take(&mut error.at).into_iter().map(moved).collect();
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_says_what_is_wanted_of_the_outbox() {
        let mails = r#"[{"message": {"to": "a@example.com"}}, {"key": "4711", "priority": 0, "not_before": "2026-11-30T22:00:00+01:00", "queue": "q", "message": {"text": "]"}}]"#;
        let read = read(mails).unwrap();
        assert_eq!((read[0].0.as_str(), read[0].1.message, &read[0].1.wishes), ("/0", r#"{"to": "a@example.com"}"#, &Wishes::default()));
        let wishes =
            Wishes { key: Some("4711".into()), queue: "q".into(), not_before: Some(1_796_072_400_000), priority: 0, ..Wishes::default() };
        assert_eq!((read[1].1.message, &read[1].1.wishes), (r#"{"text": "]"}"#, &wishes));
    }

    #[test]
    fn what_is_wrong_in_a_mail_is_pointed_at() {
        for (mails, pointer, code) in [
            (r#"{"message": {}, "priority": 10}"#, "/priority", "outbox.priority_invalid"),
            (r#"[{"message": {}}, {"message": {}, "queu": "x"}]"#, "/1/queu", "request.member_unknown"),
            (r#"[{}]"#, "/0/message", "request.member_missing"),
            (r#"{"message": {}, "give_up_at": "tomorrow"}"#, "/give_up_at", "outbox.time_invalid"),
            (r#"{"message": {}, "key": "a\nb"}"#, "/key", "request.control_character"),
        ] {
            let error = read(mails).unwrap_err();
            let found: Vec<_> = error.at.iter().map(|at| (at.pointer.as_str(), at.code.as_str())).collect();
            assert_eq!(found, [(pointer, code)], "{mails}");
        }
        let long = format!(r#"{{"message": {{}}, "queue": "{}"}}"#, "q".repeat(501));
        assert_eq!(read(&long).unwrap_err().code, "outbox.name_too_long");
        assert_eq!(read("[1]").unwrap_err().code, "request.unreadable");
        assert_eq!(read("[").unwrap_err().code, "message.unreadable");
    }
}
