//! Compares what a parser tells with the right answer. tests/corpus/README.md describes the members of an answer.

use crate::told::sha256;
use serde_json::{Map, Value, json};
use std::fmt;

/// What is compared where any parser is judged.
pub(crate) const COMMON: &[&str] =
    &["subject", "from", "to", "cc", "bcc", "reply_to", "sender", "date", "message_id", "text", "html", "parts"];

/// What is compared of ours: everything that the answer says, and the repairs.
pub(crate) const ALL: &[&str] = &[];

/// Members of an answer that are about the case, not about the message.
const ABOUT: &[&str] = &["rfc", "well_formed", "repairs", "may_repair"];

/// A member that was told otherwise.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) member: String,
    pub(crate) got: Value,
    pub(crate) wanted: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: got {}, wanted {}", self.member, self.got, self.wanted)
    }
}

/// The members in which `told` differs from the answer; where `members` names some, only those are looked at.
pub(crate) fn differences(answer: &Value, told: &Value, members: &[&str]) -> Vec<Difference> {
    let mut found = Vec::new();
    let answers = answer.as_object().expect("an answer is an object");
    let looked_at = |name: &&String| !ABOUT.contains(&name.as_str()) && (members.is_empty() || members.contains(&name.as_str()));
    for (name, wanted) in answers.iter().filter(|(name, _)| looked_at(name)) {
        let got = told.get(name).unwrap_or(&Value::Null);
        match name.as_str() {
            "parts" => parts(wanted, got, members.is_empty(), &mut found),
            "from" | "to" | "cc" | "bcc" | "reply_to" | "sender" => people(name, wanted, got, &mut found),
            _ => value(name, wanted, got, &mut found),
        }
    }
    if members.is_empty() {
        repairs(answer, told, &mut found);
    }
    found
}

fn differ(member: &str, wanted: &Value, got: &Value, found: &mut Vec<Difference>) {
    found.push(Difference { member: member.to_owned(), got: got.clone(), wanted: wanted.clone() });
}

/// Objects within an answer say what matters of what is told.
fn value(member: &str, wanted: &Value, got: &Value, found: &mut Vec<Difference>) {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(_)) => {
            wanted.iter().for_each(|(name, wanted)| value(&format!("{member}/{name}"), wanted, &got[name.as_str()], found));
        }
        (Value::Array(wanted), Value::Array(list)) if wanted.len() == list.len() => {
            wanted.iter().zip(list).enumerate().for_each(|(at, (wanted, got))| value(&format!("{member}/{at}"), wanted, got, found));
        }
        _ if plain(member, wanted) == plain(member, got) => (),
        _ => differ(member, wanted, got, found),
    }
}

/// A value without what is no difference: how lines of a text end, how wide the blank of a fold is, how a zone of zero is written.
pub(crate) fn plain(member: &str, value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    match member {
        "text" | "html" => json!(text.replace("\r\n", "\n").replace('\r', "\n")),
        "subject" => json!(text.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")),
        "date" => json!(text.strip_suffix('Z').or(text.strip_suffix("-00:00")).map_or(text.to_owned(), |time| format!("{time}+00:00"))),
        _ => value.clone(),
    }
}

fn people(member: &str, wanted: &Value, got: &Value, found: &mut Vec<Difference>) {
    let none = Vec::new();
    let (wanted_people, got_people) = (wanted.as_array().unwrap_or(&none), got.as_array().unwrap_or(&none));
    let is_same = wanted_people.len() == got_people.len() && wanted_people.iter().zip(got_people).all(|(wanted, got)| person(wanted, got));
    if !is_same {
        differ(member, wanted, got, found);
    }
}

fn person(wanted: &Value, got: &Value) -> bool {
    let text = |name: &str| got[name].as_str().unwrap_or_default();
    match wanted["told"].as_str() {
        Some(told) => got["address"].is_null() && (text("name").contains(told) || text("text").contains(told)),
        None => ["name", "address", "text", "group"].iter().all(|name| plain("subject", &wanted[*name]) == plain("subject", &got[*name])),
    }
}

/// Members of a part that any parser tells.
const PART: &[&str] = &["name", "type", "size", "bytes", "sha256", "inline"];

/// Of a foreign parser only what any parser tells is compared, and not the bytes of an attached message, which most give only as they would
/// write it themselves.
fn parts(wanted: &Value, got: &Value, ours: bool, found: &mut Vec<Difference>) {
    let none = Vec::new();
    let (wanted_parts, got_parts) = (wanted.as_array().unwrap_or(&none), got.as_array().unwrap_or(&none));
    if wanted_parts.len() != got_parts.len() {
        return differ("parts", wanted, got, found);
    }
    for (at, (wanted, got)) in wanted_parts.iter().zip(got_parts).enumerate() {
        let empty = Map::new();
        let is_message = wanted["type"].as_str().is_some_and(|kind| kind.starts_with("message/"));
        let skipped = |name: &str| !ours && (!PART.contains(&name) || is_message && matches!(name, "size" | "bytes" | "sha256"));
        for (name, wanted) in wanted.as_object().unwrap_or(&empty).iter().filter(|(name, _)| !skipped(name)) {
            let member = format!("parts/{at}/{name}");
            match (name.as_str(), wanted.as_str()) {
                ("bytes", Some(text)) => value(&member, &json!(sha256(text.as_bytes())), &got["sha256"], found),
                _ => value(&member, wanted, &got[name.as_str()], found),
            }
        }
        if !got["handed"].is_null() {
            differ(&format!("parts/{at}/size"), &got["handed"], &got["size"], found);
        }
    }
}

/// Each repair that must be told is, and none that need not be.
fn repairs(answer: &Value, told: &Value, found: &mut Vec<Difference>) {
    let none = Vec::new();
    let list = |of: &Value, name: &str| of[name].as_array().unwrap_or(&none).clone();
    let (wanted, allowed, got) = (list(answer, "repairs"), list(answer, "may_repair"), list(told, "repairs"));
    let is_complete = wanted.iter().all(|wanted| got.iter().any(|got| is_repair(wanted, got)));
    let is_honest = got.iter().all(|got| wanted.iter().chain(&allowed).any(|wanted| is_repair(wanted, got)));
    if !is_complete || !is_honest {
        differ("repairs", &json!(wanted), &json!(got), found);
    }
}

/// Whether a repair is the one wanted: one of its codes, at its place or within.
fn is_repair(wanted: &Value, got: &Value) -> bool {
    let codes = wanted["code"].as_str().or(wanted.as_str()).unwrap_or_default();
    let place = got["pointer"].as_str().unwrap_or_default();
    let is_there = wanted["pointer"]
        .as_str()
        .is_none_or(|wanted| place.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    is_there && codes.split('|').any(|code| got["code"] == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(answer: Value, told: Value) -> Vec<String> {
        differences(&answer, &told, ALL).into_iter().map(|difference| difference.member).collect()
    }

    #[test]
    fn each_member_that_differs_is_named() {
        let answer = json!({"subject": "a b", "date": "2026-11-20T10:00:00+00:00", "text": "a\r\n", "from": [{"address": "a@b"}],
            "to": [{"told": "root"}], "parts": [{"name": "a", "bytes": "x"}], "repairs": ["mime.x|mime.y"], "report": {"kind": "failure"}});
        let right = json!({"subject": "a \tb", "date": "2026-11-20T10:00:00Z", "text": "a\n", "from": [{"address": "a@b"}],
            "to": [{"text": "root"}], "parts": [{"name": "a", "sha256": sha256(b"x"), "size": 1}],
            "repairs": [{"code": "mime.y", "pointer": ""}], "report": {"kind": "failure", "message_id": "1"}});
        assert_eq!(members(answer.clone(), right.clone()), Vec::<String>::new());
        for (pointer, wrong) in [
            ("/subject", json!("ab")),
            ("/date", json!(null)),
            ("/text", json!("a")),
            ("/to", json!([])),
            ("/from", json!([{"name": "x", "address": "a@b"}])),
            ("/parts", json!([])),
            ("/repairs", json!([])),
            ("/parts/0/name", json!("b")),
            ("/parts/0/handed", json!(2)),
            ("/parts/0/sha256", json!("")),
            ("/report/kind", json!("delay")),
        ] {
            let mut told = right.clone();
            match told.pointer_mut(pointer) {
                Some(place) => *place = wrong,
                None => told["parts"][0]["handed"] = wrong,
            }
            assert_eq!(members(answer.clone(), told).len(), 1, "{pointer}");
        }
    }

    #[test]
    fn a_repair_is_wanted_at_its_place_and_no_other_is() {
        let told = json!({"repairs": [{"code": "header.address_invalid", "pointer": "/from/0"}]});
        for (answer, agrees) in [
            (json!({"repairs": [{"code": "header.address_invalid", "pointer": "/from"}]}), true),
            (json!({"repairs": [{"code": "header.address_invalid", "pointer": "/fro"}]}), false),
            (json!({"may_repair": ["header.address_invalid"]}), true),
            (json!({}), false),
        ] {
            assert_eq!(members(answer.clone(), told.clone()).is_empty(), agrees, "{answer}");
        }
    }
}
