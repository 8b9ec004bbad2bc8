//! The line breaks at every byte of the dialogue, in both directions. What was not accepted is never called sent, and no mail arrives twice.

use postkontor_core::{Account, Cancel, Host, Status};
use postkontor_tests::engine::{self, PATIENCE};
use postkontor_tests::relay::{Direction, Fault, Relay};
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// A way of speaking SMTP, by what the server leaves out.
const WAYS: [(&str, &[&str]); 3] = [("chunks", &[]), ("pipeline", &["CHUNKING"]), ("step by step", &["CHUNKING", "PIPELINING"])];

struct Case {
    host: Arc<Host>,
    sandbox: Sandbox,
    relay: Relay,
    settings: Value,
    number: usize,
    /// How often the server accepted each message.
    copies: HashMap<String, usize>,
    /// All that was called not sent.
    unsent: Vec<String>,
}

impl Case {
    fn new(without: &[&str]) -> Case {
        let without = without.iter().map(|name| (*name).to_owned()).collect();
        let sandbox = Sandbox::start(Options { without, ..Options::default() }).unwrap();
        let relay = Relay::start(sandbox.port, Fault::None).unwrap();
        let settings = engine::smtp(relay.port, json!({"mode": "none"}), json!({"method": "none"}));
        let host = engine::host("en").unwrap();
        Case { host, sandbox, relay, settings, number: 0, copies: HashMap::new(), unsent: Vec::new() }
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

    fn open(&self) -> Account {
        Account::open(&self.host, &self.settings.to_string(), None).unwrap()
    }

    /// Counts what the server accepted meanwhile.
    fn count(&mut self) {
        for mail in self.sandbox.take_mails() {
            let text = mail.text();
            let id = text.lines().find_map(|line| line.strip_prefix("Message-ID:")).unwrap_or_else(|| panic!("{text}"));
            *self.copies.entry(id.trim().to_owned()).or_default() += 1;
        }
    }

    fn copies(&self, id: &str) -> usize {
        self.copies.get(id).copied().unwrap_or(0)
    }

    /// Compares what a call said of its mails with what the server has of them.
    fn judge(&mut self, name: &str, outcomes: Vec<Outcome>) {
        self.count();
        for (id, outcome) in outcomes {
            let copies = self.copies(&id);
            match outcome {
                Ok(()) => assert_eq!(copies, 1, "{name}: {id} was called sent"),
                Err((status, delivery)) if delivery == "none" => {
                    assert_eq!(copies, 0, "{name}: {id} was called not sent ({status:?})");
                    self.unsent.push(id);
                }
                Err((Status::Uncertain, delivery)) if delivery == "unknown" => assert!(copies <= 1, "{name}: {id} arrived {copies} times"),
                Err(other) => panic!("{name}: {id}: {other:?}"),
            }
        }
    }

    /// What arrived after it was judged counts as well.
    fn judge_again(&mut self, name: &str) {
        self.count();
        assert!(self.copies.values().all(|copies| *copies == 1), "{name}: a second copy");
        for id in &self.unsent {
            assert_eq!(self.copies(id), 0, "{name}: {id} was called not sent");
        }
    }
}

/// The Message-ID of a mail, and status and delivery of what was said of it.
type Outcome = (String, Result<(), (Status, String)>);

fn outcome(error: &Value) -> Result<(), (Status, String)> {
    match error["status"].as_i64() {
        Some(0) => Ok(()),
        status => Err((Status::from_number(status.unwrap_or(16) as i32), error["delivery"].as_str().unwrap_or_default().to_owned())),
    }
}

/// Two mails by one account, one after the other: the second goes over the connection of the first where that is still there.
fn one_by_one(case: &mut Case) -> Vec<Outcome> {
    let mut account = case.open();
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let (id, mail) = case.mail();
        let sent = account.send_document(&mail.to_string(), &[], &Cancel::new(Some(PATIENCE)));
        outcomes.push((id, sent.map(drop).or_else(|error| outcome(&serde_json::to_value(&error).unwrap()))));
    }
    outcomes
}

/// Three mails in one call.
fn at_once(case: &mut Case) -> Vec<Outcome> {
    let mut account = case.open();
    let (ids, mails): (Vec<String>, Vec<Value>) = (0..3).map(|_| case.mail()).unzip();
    let sent = account.send_document(&json!(mails).to_string(), &[], &Cancel::new(Some(PATIENCE)));
    let results = match sent {
        Ok(results) => json!(results),
        Err(error) => serde_json::to_value(&error).unwrap(),
    };
    let results: Vec<Value> = results["results"].as_array().unwrap_or_else(|| panic!("{results:#}")).clone();
    ids.into_iter().zip(&results).map(|(id, result)| (id, outcome(result))).collect()
}

fn cut_everywhere(without: &[&str], name: &str, calls: fn(&mut Case) -> Vec<Outcome>) {
    let mut case = Case::new(without);
    let outcomes = calls(&mut case);
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()), "{name}: {outcomes:?}");
    case.judge(name, outcomes);
    let lengths = [(Direction::ToServer, case.relay.sent().len()), (Direction::ToClient, case.relay.received().len())];
    let mut uncertain = 0;
    for (direction, length) in lengths {
        assert!(length > 100, "{name}: {direction:?} {length}");
        for after in 0..length {
            case.relay.arm(Fault::Cut(direction, after));
            let outcomes = calls(&mut case);
            uncertain += outcomes.iter().filter(|(_, outcome)| matches!(outcome, Err((Status::Uncertain, _)))).count();
            case.judge(&format!("{name}, cut after {after} of {length} bytes {direction:?}"), outcomes);
        }
    }
    case.judge_again(name);
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
