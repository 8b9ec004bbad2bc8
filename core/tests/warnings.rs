//! What a transport warns of while it goes on stands in the result of the call, whatever the operation, and in its error.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Cancel, Host, Message};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::{
    Action, Applied, ApplyRequest, Body, Call, Error, Filed, Filing, Incoming, ListRequest, Listing, Mail, Opening, ReceiveRequest,
    Received, Report, Sent, Stage, Status, Step, TestRequest, Transport, schemars, serde,
};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A transport that warns in each operation, and then fails where its settings say so.
struct Wary {
    fails: bool,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    #[serde(default)]
    wary: Group,
}

#[derive(Default, serde::Deserialize, schemars::JsonSchema)]
struct Group {
    #[serde(default)]
    fails: bool,
}

impl Wary {
    fn warn<T>(&self, call: &Call, answer: T) -> Result<T, Error> {
        call.warn(
            Error::new(Status::Local, "wary.full").stage(Stage::Token).arg("what", "key ring").at("/wary/fails", "wary.full").usable(),
        );
        if self.fails { Err(Error::new(Status::Later, "wary.later")) } else { Ok(answer) }
    }
}

impl Transport for Wary {
    const NAME: &'static str = "wary";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["test", "send", "list", "receive", "apply", "file", "authorize"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[
        ("en", r#"{"codes":{"wary.full":"The {what} is full."}}"#),
        ("de", r#"{"codes":{"wary.full":"Voll: {what}."}}"#),
        ("sl", r#"{"codes":{"wary.full":"Polno: {what}."}}"#),
    ];
    type Settings = Settings;

    fn open(settings: Settings, opening: &Opening) -> Result<Wary, Error> {
        assert!(opening.warnings);
        Ok(Wary { fails: settings.wary.fails })
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        self.warn(call, Report::from(Step::ok(Stage::Connect)))
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        let size = body.each_block(mail, call, |_| Ok(()))?;
        self.warn(call, Sent::to_all(mail, size))
    }

    fn list(&mut self, _request: &ListRequest, call: &Call) -> Result<Listing, Error> {
        self.warn(call, Listing::Folders { folders: Vec::new() })
    }

    fn receive(&mut self, _request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        call.announce(&Incoming { id: "1".to_owned(), ..Incoming::default() })?;
        self.warn(call, ())?;
        call.message(b"Subject: x\r\n\r\nx\r\n")?;
        assert_eq!(call.action()?, Action::Keep);
        Ok(Received { state: "1".to_owned(), ..Received::default() })
    }

    fn apply(&mut self, request: &ApplyRequest, call: &Call) -> Result<Applied, Error> {
        self.warn(call, Applied { applied: request.messages.clone(), ..Applied::default() })
    }

    fn file(&mut self, filing: &Filing, call: &Call) -> Result<Filed, Error> {
        let results = filing.messages.iter().map(|_| postkontor_plugin::FilingResult::Saved("Sent".to_owned())).collect();
        self.warn(call, Filed { folder: "Sent".to_owned(), results, ..Filed::default() })
    }

    fn authorize(&mut self, _request: &Value, call: &Call) -> Result<Value, Error> {
        self.warn(call, json!({"url": "https://example.com/", "message": {"code": "wary.full", "args": {"what": "page"}}}))
    }
}

static WARY: Plugin = postkontor_plugin::abi::vtable::<Wary>();

/// A program that notes the warnings of the log.
#[derive(Clone, Default)]
struct Program(Arc<Mutex<Vec<String>>>);

impl postkontor_core::Callbacks for Program {
    fn log(&self, level: i32, text: &str) {
        if level == 2 {
            self.0.lock().unwrap().push(text.to_owned());
        }
    }
}

fn open(program: &Program, language: &str, fails: bool, sent: Value) -> Account {
    let host = Host::open_with(&json!({"language": language}).to_string(), Box::new(program.clone()), &[&WARY]).unwrap();
    let account = json!({"transport": "wary", "wary": {"fails": fails}});
    let settings = json!({"accounts": {"main": account}, "sent": sent, "sender": {"address": "a@example.com"}});
    Account::open(&host, &settings.to_string(), None).unwrap()
}

/// The warnings of a result or an error: their sentences, and that each points to the setting.
fn warnings(json: &Value) -> Vec<&str> {
    let warnings = json["warnings"].as_array().unwrap_or_else(|| panic!("{json:#}"));
    for warning in warnings {
        assert_eq!(
            (&warning["code"], &warning["at"][0]["pointer"], &warning["transport"]),
            (&json!("wary.full"), &json!("/accounts/main/wary/fails"), &json!("wary"))
        );
    }
    warnings.iter().map(|warning| warning["message"].as_str().unwrap()).collect()
}

/// Every operation with a result in JSON.
fn operations(account: &mut Account) -> Vec<(&'static str, Result<Value, Error>)> {
    let patience = Cancel::default();
    let message = Message { to: vec!["b@example.com".into()], text: Some("x"), ..Message::default() };
    vec![
        ("send", account.send(&message, &patience).map(|receipt| json!(receipt))),
        ("list", account.list("", &patience).map(|listing| json!(listing))),
        ("receive", account.receive("", None, &patience).map(|received| json!(received))),
        ("apply", account.apply(r#"{"messages":["1"],"action":"seen"}"#, &patience).map(|applied| json!(applied))),
        ("authorize", account.authorize(r#"{"begin":true}"#, &patience).map(|answer| json!(answer))),
    ]
}

#[test]
fn each_result_has_what_was_warned_of_in_the_language_of_the_host() {
    for (language, sentence) in [("en", "The key ring is full."), ("de", "Voll: key ring."), ("sl", "Polno: key ring.")] {
        let program = Program::default();
        let mut account = open(&program, language, false, json!({}));
        let results = operations(&mut account);
        let count = results.len();
        for (operation, result) in results {
            assert_eq!(warnings(&result.unwrap()), [sentence], "{operation}");
        }
        let said = program.0.lock().unwrap().iter().filter(|line| line.contains(sentence.trim_end_matches('.'))).count();
        assert_eq!(said, count, "{:?}", program.0.lock().unwrap());
    }
}

#[test]
fn an_error_has_what_was_warned_of_before_it_came() {
    let mut account = open(&Program::default(), "en", true, json!({}));
    for (operation, result) in operations(&mut account) {
        let error = result.unwrap_err();
        assert_eq!((error.code.as_str(), warnings(&json!(error))), ("wary.later", vec!["The key ring is full."]), "{operation}");
    }
}

#[test]
fn programs_in_rust_get_warnings_as_errors() {
    let mut account = open(&Program::default(), "en", false, json!({}));
    let listing = account.list("", &Cancel::default()).unwrap();
    assert_eq!(listing.warnings().unwrap()[0].code, "wary.full");
    assert!(matches!(listing.read().unwrap(), Listing::Folders { .. }));
    let message = Message { to: vec!["b@example.com".into()], text: Some("x"), ..Message::default() };
    assert_eq!(account.send(&message, &Cancel::default()).unwrap().warnings[0].code, "wary.full");
}

#[test]
fn warnings_of_a_batch_stand_in_its_first_result_and_those_of_a_copy_as_well() {
    let mut account = open(&Program::default(), "en", false, json!({"copy": true, "account": "main"}));
    let mail = json!({"to": "b@example.com", "text": "x"});
    let results = json!(account.send_document(&json!([mail, mail]).to_string(), &[], &Cancel::default()).unwrap());
    // One of each mail, and one of the call that files their copies.
    assert_eq!(warnings(&results["results"][0]).len(), 3);
    assert_eq!(results["results"][1].get("warnings"), None);
}

#[test]
fn a_test_has_them_as_steps() {
    let mut account = open(&Program::default(), "en", false, json!({}));
    let report = account.test("", &Cancel::default()).unwrap();
    let step = report.steps.iter().find(|step| step.code == "wary.full").unwrap();
    let seen = (report.ok, json!(step.status), step.message.as_str(), step.pointer.as_str());
    assert_eq!(seen, (true, json!("warn"), "The key ring is full.", "/accounts/main/wary/fails"));
}

#[test]
fn a_call_after_it_has_none_of_the_one_before() {
    let mut account = open(&Program::default(), "en", false, json!({}));
    account.test("", &Cancel::default()).unwrap();
    for _ in 0..2 {
        assert_eq!(account.list("", &Cancel::default()).unwrap().warnings().unwrap().len(), 1);
    }
}
