//! The line to the IMAP server is cut at every byte, in both directions, while a mail is put into the outbox, and SMTP stands by. Mailbox and SMTP together
//! never have more than one copy; what is called sent is there, and what is called not sent is not.

use crate::append_server::{AppendServer, Features};
use crate::form::{Form, host, mail, patience};
use postkontor_core::{Account, Host};
use postkontor_tests::guard::until;
use postkontor_tests::relay::{Direction, Fault, Relay};
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A sender by IMAP through a relay, with an SMTP server in reserve.
struct Case {
    host: Arc<Host>,
    relay: Relay,
    sandbox: Sandbox,
    settings: String,
    number: usize,
    outcomes: Vec<(String, String, Outcome)>,
}

/// What a call said of its mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Sent,
    SentByFallback,
    NotSent,
    Uncertain,
}

impl Case {
    fn new(upstream: u16, user: &str, create: bool) -> Case {
        let relay = Relay::start(upstream, Fault::None).unwrap();
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let settings = json!({
            "sender": {"address": "office@example.com"},
            "send": {"account": "imap", "fallback": ["smtp"]},
            "accounts": {
                "imap": {
                    "transport": "imap", "server": {"host": "127.0.0.1", "port": relay.port}, "tls": {"mode": "none"},
                    "auth": {"method": "plain", "user": user, "password": {"secret": "anna"}, "allow_cleartext": true},
                    "imap": {"outbox": "Postausgang", "create_folders": create}
                },
                "smtp": {"transport": "smtp", "server": {"host": "127.0.0.1", "port": sandbox.port}, "tls": {"mode": "none"}, "auth": {"method": "none"}}
            }
        });
        Case { host: host("en"), relay, sandbox, settings: settings.to_string(), number: 0, outcomes: Vec::new() }
    }

    fn mail(&mut self) -> (String, Value) {
        self.number += 1;
        let id = format!("<append.{:05}@example.com>", self.number);
        let mut message = mail("b@example.com");
        message["message_id"] = json!(id);
        // Always the same length, so that a byte's number means the same in each run.
        message["date"] = json!("2026-11-21T12:00:00Z");
        (id, message)
    }

    /// Sends so many mails in one call while the relay does this, and notes what was said of each. The first one's outcome.
    fn send(&mut self, count: usize, fault: Fault) -> Outcome {
        self.relay.arm(fault);
        let (ids, mails): (Vec<String>, Vec<Value>) = (0..count).map(|_| self.mail()).unzip();
        let mut account = Account::open(&self.host, &self.settings, None).unwrap();
        let sent = account.send_document(&json!(mails).to_string(), &[], &patience());
        let results: Value = sent.map_or_else(|error| serde_json::to_value(&error).unwrap(), |results| json!(results));
        let results = results["results"].as_array().unwrap_or_else(|| panic!("{fault:?}: {results:#}"));
        assert_eq!(results.len(), count);
        for (id, result) in ids.into_iter().zip(results) {
            self.outcomes.push((id, format!("{fault:?}"), outcome(&fault, result)));
        }
        self.outcomes[self.outcomes.len() - count].2
    }

    /// Compares what was said of each mail with what lies in the mailbox and at the SMTP server.
    fn judge(&self, mailbox: &[String]) {
        let count = |texts: &[String]| {
            let mut copies: HashMap<String, usize> = HashMap::new();
            for text in texts {
                let id = text.lines().find_map(|line| line.strip_prefix("Message-ID:")).unwrap_or_else(|| panic!("half a message: {text}"));
                assert!(text.trim_end().ends_with("Rechnung."), "half a message: {text}");
                *copies.entry(id.trim().to_owned()).or_default() += 1;
            }
            copies
        };
        let (mailbox, smtp) = (count(mailbox), count(&self.sandbox.mails().iter().map(|mail| mail.text()).collect::<Vec<_>>()));
        for (id, fault, outcome) in &self.outcomes {
            let copies = (mailbox.get(id).copied().unwrap_or(0), smtp.get(id).copied().unwrap_or(0));
            let is_right = match outcome {
                Outcome::Sent => copies == (1, 0),
                Outcome::SentByFallback => copies == (0, 1),
                Outcome::NotSent => copies == (0, 0),
                Outcome::Uncertain => copies == (0, 0) || copies == (1, 0),
            };
            assert!(is_right, "{fault}: {outcome:?}, but {copies:?} copies by IMAP and by SMTP");
        }
        let all: Vec<Outcome> = self.outcomes.iter().map(|(_, _, outcome)| *outcome).collect();
        // SMTP is there all the time, so nothing is ever not sent; and between the last byte and its answer there is no other honest word.
        for outcome in [Outcome::Sent, Outcome::SentByFallback, Outcome::Uncertain] {
            assert!(all.contains(&outcome), "{outcome:?} never happened");
        }
        assert!(!all.contains(&Outcome::NotSent));
    }
}

/// What a receipt or an error says.
fn outcome(fault: &Fault, result: &Value) -> Outcome {
    let by_fallback = result["fallback"] == true;
    match (result["status"].as_i64(), result["delivery"].as_str()) {
        (Some(0), None) => {
            assert_eq!(result["account"], if by_fallback { "smtp" } else { "imap" }, "{fault:?}: {result:#}");
            assert_eq!(result["reason"]["delivery"] == "none", by_fallback, "{fault:?}: {result:#}");
            if by_fallback { Outcome::SentByFallback } else { Outcome::Sent }
        }
        (Some(13), Some("unknown")) => Outcome::Uncertain,
        (Some(_), Some("none")) => Outcome::NotSent,
        _ => panic!("{fault:?}: {result:#}"),
    }
}

fn cut_everywhere(count: usize, features: Features) {
    let server = AppendServer::start(features);
    let mut case = Case::new(server.port, "anna", features.creating);
    assert_eq!(case.send(count, Fault::None), Outcome::Sent, "{features:?}");
    let lengths = [(Direction::ToServer, case.relay.sent().len()), (Direction::ToClient, case.relay.received().len())];
    for (direction, length) in lengths {
        assert!(length > 100, "{features:?}: {direction:?} {length}");
        for after in 0..length {
            server.reset();
            case.send(count, Fault::Cut(direction, after));
        }
    }
    until(Duration::from_secs(20), || server.is_quiet().then_some(())).unwrap();
    case.judge(&server.take());
}

#[test]
fn a_message_that_goes_unasked() {
    cut_everywhere(1, Features { literal_plus: true, creating: false });
}

#[test]
fn a_message_that_waits_for_consent() {
    cut_everywhere(1, Features { literal_plus: false, creating: false });
}

#[test]
fn a_message_whose_folder_is_created() {
    cut_everywhere(1, Features { literal_plus: true, creating: true });
}

#[test]
fn a_message_that_waits_for_consent_and_whose_folder_is_created() {
    cut_everywhere(1, Features { literal_plus: false, creating: true });
}

#[test]
fn two_messages_in_one_call() {
    cut_everywhere(2, Features { literal_plus: true, creating: false });
}

#[test]
fn dovecot_cut_at_every_byte_of_append_and_its_answer() {
    let Some(form) = Form::a() else { return };
    let form = form.make_folders(&["Postausgang"]);
    let mut case = Case::new(form.exim.dovecot().imap, &form.user, false);
    assert_eq!(case.send(1, Fault::None), Outcome::Sent);
    let (sent, received) = (case.relay.sent(), case.relay.received());
    let line = |text: &[u8], word: &str| {
        let word = text.windows(word.len()).rposition(|part| part == word.as_bytes()).unwrap();
        text[..word].iter().rposition(|byte| *byte == b'\n').unwrap() + 1
    };
    // From the tag of the command on, and from the end of the line before its answer.
    let ranges = [
        (Direction::ToServer, line(&sent, " APPEND "), sent.len()),
        (Direction::ToClient, line(&received, " OK [APPENDUID") - 2, received.len()),
    ];
    for (direction, first, length) in ranges {
        for after in first..length {
            case.send(1, Fault::Cut(direction, after));
        }
    }
    let folder = form.exim.dovecot().maildir(&form.user).join(".Postausgang");
    let texts = || {
        let files = ["new", "cur", "tmp"].into_iter().flat_map(|state| std::fs::read_dir(folder.join(state)).unwrap());
        files.map(|file| file.unwrap().path()).collect::<Vec<_>>()
    };
    // Dovecot writes into tmp first; once nothing is there, all that it took lies in its place.
    until(Duration::from_secs(20), || {
        texts().iter().all(|path| path.parent().is_some_and(|parent| !parent.ends_with("tmp"))).then_some(())
    })
    .unwrap();
    case.judge(&texts().iter().map(|path| std::fs::read_to_string(path).unwrap().replace('\r', "")).collect::<Vec<_>>());
}
