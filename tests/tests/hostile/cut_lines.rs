//! The line breaks at every byte of the dialogue, in both directions. What was not accepted is never called sent, and no mail arrives twice.

use postkontor_core::{Cancel, Status};
use postkontor_tests::engine::{self, PATIENCE};
use postkontor_tests::relay::{Direction, Fault, Relay};
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A way of speaking SMTP, by what the server leaves out.
const WAYS: [(&str, &[&str]); 3] = [("chunks", &[]), ("pipeline", &["CHUNKING"]), ("step by step", &["CHUNKING", "PIPELINING"])];

struct Case {
    sandbox: Sandbox,
    relay: Relay,
    settings: Value,
    number: usize,
}

impl Case {
    fn new(without: &[&str]) -> Case {
        let without = without.iter().map(|name| (*name).to_owned()).collect();
        let sandbox = Sandbox::start(Options { without, ..Options::default() }).unwrap();
        let relay = Relay::start(sandbox.port, Fault::None).unwrap();
        let settings = engine::smtp(relay.port, json!({"mode": "none"}), json!({"method": "none"}));
        Case { sandbox, relay, settings, number: 0 }
    }

    fn mail(&mut self) -> (String, Value) {
        self.number += 1;
        let id = format!("<cut.{:05}@example.com>", self.number);
        let mut mail = engine::mail("b@example.com");
        mail["message_id"] = json!(id);
        // Always the same length, so that a byte's number means the same in each run.
        mail["date"] = json!("2026-11-21T12:00:00Z");
        (id, mail)
    }

    /// How often the server accepted each message.
    fn copies(&self, ids: &[String]) -> HashMap<String, usize> {
        let texts: Vec<String> = self.sandbox.mails().iter().map(|mail| mail.text()).collect();
        ids.iter().map(|id| (id.clone(), texts.iter().filter(|text| text.contains(id.as_str())).count())).collect()
    }

    /// Compares what a call said of a mail with what the server has of it.
    fn judge(&self, name: &str, outcomes: &[(String, Result<(), (Status, String)>)]) {
        let ids: Vec<String> = outcomes.iter().map(|(id, _)| id.clone()).collect();
        // What the server accepted before the line broke, it may still be writing down.
        let told = |copies: &HashMap<String, usize>| outcomes.iter().all(|(id, outcome)| outcome.is_err() || copies[id] > 0);
        let copies = postkontor_tests::guard::until(PATIENCE, || Some(self.copies(&ids)).filter(told)).unwrap_or_else(|| self.copies(&ids));
        for (id, outcome) in outcomes {
            match outcome {
                Ok(()) => assert_eq!(copies[id], 1, "{name}: {id} was called sent"),
                Err((status, delivery)) if delivery == "none" => assert_eq!(copies[id], 0, "{name}: {id} was called not sent ({status:?})"),
                Err((Status::Uncertain, delivery)) if delivery == "unknown" => {
                    assert!(copies[id] <= 1, "{name}: {id} arrived {} times", copies[id])
                }
                Err(other) => panic!("{name}: {id}: {other:?}"),
            }
        }
    }
}

fn outcome(error: &Value) -> Result<(), (Status, String)> {
    match error["status"].as_i64() {
        Some(0) => Ok(()),
        status => Err((Status::from_number(status.unwrap_or(16) as i32), error["delivery"].as_str().unwrap_or_default().to_owned())),
    }
}

/// Two mails by one account, one after the other: the second goes over the connection of the first where that is still there.
fn one_by_one(case: &mut Case) -> Vec<(String, Result<(), (Status, String)>)> {
    let mut account = engine::open(&case.settings).unwrap();
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let (id, mail) = case.mail();
        let sent = account.send(&mail.to_string(), &[], &Cancel::new(Some(PATIENCE)));
        outcomes.push((id, sent.map(drop).or_else(|error| outcome(&serde_json::to_value(&error).unwrap()))));
    }
    outcomes
}

/// Three mails in one call.
fn at_once(case: &mut Case) -> Vec<(String, Result<(), (Status, String)>)> {
    let mut account = engine::open(&case.settings).unwrap();
    let (ids, mails): (Vec<String>, Vec<Value>) = (0..3).map(|_| case.mail()).unzip();
    let sent = account.send(&json!(mails).to_string(), &[], &Cancel::new(Some(PATIENCE)));
    let results = match sent {
        Ok(results) => serde_json::from_str(&results).unwrap(),
        Err(error) => serde_json::to_value(&error).unwrap(),
    };
    let results: Vec<Value> = results["results"].as_array().unwrap_or_else(|| panic!("{results:#}")).clone();
    ids.into_iter().zip(&results).map(|(id, result)| (id, outcome(result))).collect()
}

fn cut_everywhere(without: &[&str], name: &str, calls: fn(&mut Case) -> Vec<(String, Result<(), (Status, String)>)>) {
    let mut case = Case::new(without);
    let outcomes = calls(&mut case);
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()), "{name}: {outcomes:?}");
    case.judge(name, &outcomes);
    let lengths = [(Direction::ToServer, case.relay.sent().len()), (Direction::ToClient, case.relay.received().len())];
    let mut uncertain = 0;
    for (direction, length) in lengths {
        assert!(length > 100, "{name}: {direction:?} {length}");
        for after in 0..length {
            case.relay.arm(Fault::Cut(direction, after));
            let outcomes = calls(&mut case);
            uncertain += outcomes.iter().filter(|(_, outcome)| matches!(outcome, Err((Status::Uncertain, _)))).count();
            case.judge(&format!("{name}, cut after {after} of {length} bytes {direction:?}"), &outcomes);
        }
    }
    // Between the final dot and its answer there is no other honest word.
    assert!(uncertain > 0, "{name}");
}

#[test]
fn mail_after_mail_in_chunks() {
    cut_everywhere(WAYS[0].1, WAYS[0].0, one_by_one);
}

#[test]
fn mail_after_mail_in_a_pipeline() {
    cut_everywhere(WAYS[1].1, WAYS[1].0, one_by_one);
}

#[test]
fn mail_after_mail_step_by_step() {
    cut_everywhere(WAYS[2].1, WAYS[2].0, one_by_one);
}

#[test]
fn a_batch_in_chunks() {
    cut_everywhere(WAYS[0].1, WAYS[0].0, at_once);
}

#[test]
fn a_batch_in_a_pipeline() {
    cut_everywhere(WAYS[1].1, WAYS[1].0, at_once);
}

#[test]
fn a_batch_step_by_step() {
    cut_everywhere(WAYS[2].1, WAYS[2].0, at_once);
}
