//! Waiting for new messages at transports that know nothing of waiting.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Callbacks, Cancel, Error, Host, Status};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{Call, Incoming, Missing, Opening, ReceiveRequest, Received, Transport, schemars, serde};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A transport that answers each look as its settings say: `nothing`, `later`, `auth`, `more`, `missing`, `peace` (nothing, and not again for 900
/// seconds), `mail`. The last goes for all further looks.
struct Looks {
    next: std::vec::IntoIter<String>,
    last: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    looks: Answers,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Answers {
    answers: Vec<String>,
}

impl Transport for Looks {
    const NAME: &'static str = "looks";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["receive"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Looks, postkontor_plugin::Error> {
        Ok(Looks { next: settings.looks.answers.into_iter(), last: String::new() })
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, postkontor_plugin::Error> {
        self.last = self.next.next().unwrap_or_else(|| self.last.clone());
        // How often it was asked is what it remembers.
        let looks: u32 = request.state.as_deref().map_or(0, |state| state.parse().unwrap());
        let mut received = Received { state: (looks + 1).to_string(), ..Received::default() };
        match self.last.as_str() {
            "later" => return Err(postkontor_plugin::Error::new(Status::Later, "looks.later")),
            "auth" => return Err(postkontor_plugin::Error::new(Status::Auth, "looks.auth")),
            "more" => received.more = true,
            "missing" => {
                let error = postkontor_plugin::Error::new(Status::Refused, "looks.refused");
                received.missing.push(Missing { id: "m".to_owned(), error });
            }
            "peace" => received.again_seconds = Some(900),
            "mail" => {
                call.announce(&Incoming { id: "1".to_owned(), ..Incoming::default() })?;
                call.message(b"Subject: a\r\n\r\nb\r\n")?;
                call.action()?;
            }
            _ => (),
        }
        Ok(received)
    }
}

static LOOKS: Plugin = postkontor_plugin::abi::vtable::<Looks>();

fn account(answers: &[&str], callbacks: Box<dyn Callbacks>) -> Account {
    let host = Host::open_with(r#"{"language":"en"}"#, callbacks, &[&LOOKS]).unwrap();
    let settings =
        json!({"accounts": {"main": {"transport": "looks", "looks": {"answers": answers}}}, "sender": {"address": "a@example.com"}});
    Account::open(&host, &settings.to_string(), None).unwrap()
}

fn receive(answers: &[&str], wait_seconds: u64) -> Result<Value, Error> {
    let request = json!({"wait_seconds": wait_seconds}).to_string();
    account(answers, Box::new(())).receive(&request, None, &Cancel::default()).map(|json| json!(json))
}

#[test]
fn a_transport_that_knows_nothing_of_waiting_is_asked_again_before_the_wait_is_over() {
    let received = receive(&["nothing", "mail"], 1).unwrap();
    assert_eq!((&received["messages"][0]["id"], &received["state"]), (&json!("1"), &json!("2")));
}

#[test]
fn a_wait_without_news_ends_well_and_with_the_last_state() {
    let received = receive(&["nothing"], 1).unwrap();
    assert_eq!(received, json!({"messages": [], "state": "2", "more": false}));
}

#[test]
fn a_message_that_never_comes_ends_no_wait_and_is_told_at_its_end() {
    let received = receive(&["missing", "mail"], 1).unwrap();
    assert_eq!((&received["messages"][0]["id"], received.get("missing")), (&json!("1"), None));
    assert_eq!(receive(&["missing"], 1).unwrap()["missing"][0]["id"], "m");
}

#[test]
fn a_call_waits_only_on_request_and_for_a_reason() {
    assert_eq!(receive(&["nothing", "mail"], 0).unwrap()["state"], "1");
    let begun = Instant::now();
    assert_eq!(receive(&["mail"], 600).unwrap()["state"], "1");
    assert_eq!(receive(&["more"], 600).unwrap()["more"], true);
    assert_eq!(receive(&["auth"], 600).unwrap_err().status, Status::Auth);
    assert!(begun.elapsed() < Duration::from_secs(300), "it waited");
}

#[test]
fn not_now_is_no_reason_to_give_up_a_wait_but_no_success_either() {
    assert_eq!(receive(&["later", "mail"], 1).unwrap()["messages"][0]["id"], "1");
    assert_eq!(receive(&["nothing", "later"], 1).unwrap_err().code, "looks.later");
    assert_eq!(receive(&["later"], 0).unwrap_err().code, "looks.later");
}

#[test]
fn a_server_that_wants_peace_gets_it() {
    assert_eq!(receive(&["peace", "mail"], 1).unwrap(), json!({"messages": [], "state": "1", "more": false}));
}

#[test]
fn a_wait_reports_progress_and_can_be_stopped_by_it() {
    struct Patience(Arc<AtomicU32>);
    impl Callbacks for Patience {
        fn progress(&self, _: u64, _: u64) -> bool {
            self.0.fetch_add(1, Ordering::Relaxed) < 5
        }
    }
    let asked = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let error = account(&["nothing"], Box::new(Patience(asked.clone()))).receive(r#"{"wait_seconds":600}"#, None, &Cancel::default());
    let error = error.unwrap_err();
    assert_eq!((error.status, error.transport.as_str()), (Status::Cancelled, "looks"));
    assert!(!error.message.is_empty() && error.message != error.code, "{}", error.message);
    assert!(begun.elapsed() < Duration::from_secs(300), "it waited to the end");
    assert!(asked.load(Ordering::Relaxed) > 5);
}

#[test]
fn a_wait_that_is_no_number_of_seconds_is_refused() {
    for wait in [json!(-1), json!(1.5), json!("10")] {
        let request = json!({ "wait_seconds": wait }).to_string();
        let error = account(&["nothing"], Box::new(())).receive(&request, None, &Cancel::default()).unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, "/wait_seconds"), "{wait}");
        assert_eq!(error.message, "“wait_seconds” cannot have this value in a request; what is expected is: a whole number.");
    }
}

#[test]
fn to_stop_is_nothing_that_can_be_said_beforehand() {
    let error = account(&["mail"], Box::new(())).receive(r#"{"action":"stop"}"#, None, &Cancel::default()).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, "/action"));
}
