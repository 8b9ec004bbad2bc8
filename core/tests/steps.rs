//! The steps of a test are told as they end, as the report has them, whether or not the transport knows of telling.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Cancel, Host};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{Body, Call, Error, Mail, Opening, Report, Sent, Stage, Status, Step, TestRequest, Transport, schemars, serde};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A transport whose settings say what its test is like.
struct Walker(Group);

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    walker: Group,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Group {
    /// Knows nothing of telling.
    #[serde(default)]
    silent: bool,
    /// Fails at the login.
    #[serde(default)]
    fails: bool,
    #[schemars(extend("x-postkontor" = {"secret": true}))]
    password: String,
}

impl Transport for Walker {
    const NAME: &'static str = "walker";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["test", "send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[
        ("en", r#"{"codes":{"walker.lost":"Lost near {place}."},"advice":{"advice.map":"Take a map of {place}."}}"#),
        ("de", r#"{"codes":{"walker.lost":"Verlaufen bei {place}."},"advice":{"advice.map":"Eine Karte von {place} hilft."}}"#),
    ];
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Walker, Error> {
        Ok(Walker(settings.walker))
    }

    fn test(&mut self, _request: &TestRequest, call: &Call) -> Result<Report, Error> {
        let error = Error::new(Status::Auth, "walker.lost").arg("place", "the well").at("/walker/password", "walker.lost");
        let failed = Step::fail(Stage::Login, &error).advice("advice.map").patch(json!({"walker": {"fails": false}}));
        let failed = failed.fact("echo", format!("no {} here", self.0.password));
        let steps = match self.0.fails {
            true => vec![Step::ok(Stage::Connect).fact("address", "192.0.2.1"), failed, Step::skipped(Stage::Mailbox)],
            false => vec![Step::ok(Stage::Connect).fact("address", "192.0.2.1"), Step::ok(Stage::Quit)],
        };
        for (number, step) in steps.iter().enumerate() {
            if number == 1 {
                call.log(postkontor_plugin::Level::Information, "between");
            }
            if !self.0.silent {
                call.tell(step);
            }
        }
        Ok(Report { steps, transcript: Vec::new() })
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        let size = body.each_block(mail, call, |_| Ok(()))?;
        Ok(Sent::to_all(mail, size))
    }
}

static WALKER: Plugin = postkontor_plugin::abi::vtable::<Walker>();

/// A program that notes what it hears, in order.
#[derive(Clone, Default)]
struct Program(Arc<Mutex<Vec<Value>>>);

impl postkontor_core::Callbacks for Program {
    fn log(&self, level: i32, text: &str) {
        if level == 3 && text.contains("between") {
            self.0.lock().unwrap().push(Value::from("between"));
        }
    }

    fn step(&self, step: &str) {
        self.0.lock().unwrap().push(serde_json::from_str(step).unwrap());
    }
}

/// What the program heard of a test, and the report's steps.
fn tested(group: Value, request: &str) -> (Vec<Value>, Vec<Value>) {
    let program = Program::default();
    let host = Host::open_with(&json!({"language": "de"}).to_string(), Box::new(program.clone()), &[&WALKER]).unwrap();
    let settings = json!({"user": {"accounts": {"main": {"transport": "walker", "walker": group}}},
        "company": {"sender": {"address": "a@example.com"}}});
    let mut account = Account::open(&host, &settings.to_string(), None).unwrap();
    let report = json!(account.test(request, &Cancel::default()).unwrap());
    let heard = program.0.lock().unwrap().clone();
    (heard, report["steps"].as_array().unwrap().clone())
}

fn names(steps: &[Value]) -> Vec<&str> {
    steps.iter().map(|step| step.as_str().or(step["step"].as_str()).unwrap()).collect()
}

#[test]
fn each_step_is_told_before_the_next_one_begins_and_as_the_report_has_it() {
    let (heard, reported) = tested(json!({"password": "Geheim-7", "fails": true}), r#"{"steps":true}"#);
    assert_eq!(names(&heard), ["settings", "secret", "connect", "between", "login", "mailbox"]);
    let steps: Vec<Value> = heard.into_iter().filter(Value::is_object).collect();
    assert_eq!(steps, reported);
    let login = &steps[3];
    assert_eq!((&login["message"], &login["advice"]), (&json!("Verlaufen bei the well."), &json!(["Eine Karte von the well hilft."])));
    assert_eq!(login["pointer"], "/user/accounts/main/walker/password");
    assert_eq!(login["patch"], json!({"user": {"accounts": {"main": {"walker": {"fails": false}}}}}));
    assert_eq!(login["facts"]["echo"], "no *** here");
}

#[test]
fn the_steps_of_a_transport_that_tells_none_come_with_its_report() {
    for fails in [true, false] {
        let (heard, reported) = tested(json!({"password": "Geheim-7", "silent": true, "fails": fails}), r#"{"steps":true}"#);
        assert_eq!(names(&heard)[..4], ["settings", "secret", "between", "connect"]);
        assert_eq!(heard.into_iter().filter(Value::is_object).collect::<Vec<_>>(), reported);
    }
}

#[test]
fn the_test_message_is_told_before_the_end_of_the_session_as_it_is_reported() {
    for silent in [true, false] {
        let (heard, reported) = tested(json!({"password": "Geheim-7", "silent": silent}), r#"{"steps":true,"loop":true}"#);
        assert_eq!(names(&reported), ["settings", "secret", "connect", "loop", "quit"]);
        assert_eq!(heard.into_iter().filter(Value::is_object).collect::<Vec<_>>(), reported);
    }
}

#[test]
fn a_program_that_asks_for_none_hears_of_none() {
    for request in ["", r#"{"steps":false}"#] {
        let (heard, reported) = tested(json!({"password": "Geheim-7"}), request);
        assert_eq!((names(&heard), names(&reported)), (vec!["between"], vec!["settings", "secret", "connect", "quit"]));
    }
}
