//! `postkontor outbox`: puts mails, shows what has become of them, decides about them, and sends them.

mod arguments;
mod lanes;
mod lines;
mod notify;
mod returns;

pub(crate) use arguments::{Verb, Wanted, Work, read};
pub(crate) use lanes::{Going, OPENING, lane, work};
pub(crate) use lines::lines;
pub(crate) use returns::Returns;

use crate::answer::{Answer, Kind};
use crate::file;
use crate::message::anchor;
use postkontor_core::{Cancel, Error, Host, Stage, Status, Step};
use postkontor_outbox::Outbox;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;

/// Does one thing with the outbox of these settings, all but working ([`work`]).
pub(crate) fn answer(host: &Arc<Host>, settings: &str, verb: Verb, cancel: &Cancel) -> Result<Answer, Error> {
    let mut outbox = Outbox::open(host, settings, cancel)?;
    match verb {
        Verb::Put { message, wishes } => {
            let put = outbox.put(&mails(&message, &wishes)?, &[], cancel)?;
            Answer::new(&put, Kind::Outbox)
        }
        Verb::List(request) => Answer::new(&outbox.query(&request.to_string(), cancel)?, Kind::Outbox),
        Verb::Show(request) => {
            let answer = Answer::new(&outbox.query(&request.to_string(), cancel)?, Kind::Entries)?;
            match missing(&request, &answer.json) {
                Some(error) => Err(host.localised(error)),
                None => Ok(answer),
            }
        }
        Verb::Stats => Answer::new(&outbox.query(r#"{"stats":true}"#, cancel)?, Kind::Outbox),
        Verb::Act(request) => Answer::new(&outbox.act(&request.to_string(), cancel)?, Kind::Outbox),
        Verb::Work(_) => Ok(Answer { json: Value::Null, status: Status::Ok, kind: Kind::Printed }),
    }
}

/// The steps of a test that look at the store and at what waits in it; none where the settings have no outbox.
pub(crate) fn steps(host: &Arc<Host>, settings: &str, cancel: &Cancel) -> Result<Vec<Value>, Error> {
    if host.settings(settings)?.outbox.is_none() {
        return Ok(Vec::new());
    }
    // A store that cannot even be opened is a finding like any other.
    let report = match Outbox::open(host, settings, cancel) {
        Ok(mut outbox) => Answer::new(&outbox.query(r#"{"test":true}"#, cancel)?, Kind::Report)?.json["steps"].take(),
        Err(error) => Answer::new(&vec![host.in_words(Step::fail(Stage::Store, &error))], Kind::Report)?.json,
    };
    Ok(report.as_array().cloned().unwrap_or_default())
}

/// The first entry that was named and is not there.
fn missing(request: &Value, answer: &Value) -> Option<Error> {
    let found = answer["entries"].as_array()?;
    let not_found = |code: &str| Error::new(Status::NotFound, code).usable();
    if let Some(key) = request["key"].as_str().filter(|_| found.is_empty()) {
        return Some(not_found("outbox.key_not_found").arg("key", key));
    }
    let mut ids = request["ids"].as_array()?.iter().filter_map(Value::as_str);
    let lacking = ids.find(|id| found.iter().all(|entry| entry["id"] != *id))?;
    Some(not_found("outbox.entry_not_found").arg("id", lacking))
}

/// The mails of a file, in which relative paths are meant from its folder. A message document becomes an entry with these wishes.
fn mails(path: &Path, wishes: &Map<String, Value>) -> Result<String, Error> {
    let text = file::read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    // A text that is not JSON goes to the library as it is; the library's error says what is wrong with it.
    let Ok(mut mails) = serde_json::from_str::<Value>(&text) else { return Ok(text) };
    let each = match &mut mails {
        Value::Array(mails) => mails.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for mail in each {
        if mail.get("message").is_none() {
            *mail = Value::from(Map::from_iter([("message".to_owned(), mail.take())]));
        }
        if let Some(mail) = mail.as_object_mut() {
            wishes.iter().for_each(|(name, wish)| {
                mail.entry(name.as_str()).or_insert_with(|| wish.clone());
            });
        }
        anchor(&mut mail["message"], folder);
    }
    Ok(mails.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_becomes_an_entry_and_an_entry_stays_one() {
        let file = std::env::temp_dir().join(format!("postkontor-outbox-{}.json", std::process::id()));
        let wishes = json!({"queue": "invoices", "priority": 2}).as_object().unwrap().clone();
        std::fs::write(&file, r#"[{"subject":"a","attachments":[{"file":"a.pdf"}]},{"message":{"subject":"b"},"queue":"own"}]"#).unwrap();
        let read: Value = serde_json::from_str(&mails(&file, &wishes).unwrap()).unwrap();
        std::fs::remove_file(&file).unwrap();
        let attached = std::env::temp_dir().join("a.pdf");
        assert_eq!(
            read,
            json!([
                {"message": {"subject": "a", "attachments": [{"file": attached}]}, "queue": "invoices", "priority": 2},
                {"message": {"subject": "b"}, "queue": "own", "priority": 2}
            ])
        );
    }

    #[test]
    fn an_entry_that_is_not_there_is_named() {
        let found = json!({"entries": [{"id": "1"}]});
        assert!(missing(&json!({"ids": ["1"]}), &found).is_none());
        assert_eq!(missing(&json!({"ids": ["1", "7"]}), &found).unwrap().args["id"], "7");
        assert_eq!(missing(&json!({"key": "k"}), &json!({"entries": []})).unwrap().code, "outbox.key_not_found");
    }
}
