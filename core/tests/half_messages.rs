//! What the program learns of messages that did not come, or came otherwise than the server told.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Cancel, Error, Fetched, Host, Received as Fetch, Status};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{Action, Call, Incoming, Missing, Opening, ReceiveRequest, Received, Transport, schemars, serde};
use serde_json::{Value, json};

/// A transport whose server names three messages: the first is longer than told, the second it refuses, the third is as told.
struct Gaps(Options);

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    gaps: Options,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Options {
    interrupted: bool,
    /// There is one message, of 33 MB, and the state says what is to become of it.
    giant: bool,
    /// It breaks down when two messages were taken.
    broken: bool,
}

impl Transport for Gaps {
    const NAME: &'static str = "gaps";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["receive"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[("en", r#"{"codes":{"gaps.refused":"No message {id}."}}"#)];
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Gaps, postkontor_plugin::Error> {
        Ok(Gaps(settings.gaps))
    }

    fn receive(&mut self, _request: &ReceiveRequest, call: &Call) -> Result<Received, postkontor_plugin::Error> {
        if self.0.giant {
            call.announce(&Incoming { id: "giant".to_owned(), ..Incoming::default() })?;
            call.message(b"Subject: giant\r\n\r\n")?;
            let block = vec![b'x'; 1024 * 1024];
            (0..33).try_for_each(|_| call.message(&block))?;
            return Ok(Received { state: format!("{:?}", call.action()?), ..Received::default() });
        }
        let announce = |id: &str| call.announce(&Incoming { id: id.to_owned(), size: Some(17), ..Incoming::default() });
        announce("longer")?;
        call.message(b"Subject: a\r\n\r\nlonger\r\n")?;
        call.action()?;
        // Half of it came, and then the transport knew better: what was announced and not ended counts for nothing.
        announce("refused")?;
        call.message(b"Subject: half")?;
        announce("exact")?;
        call.message(b"Subject: b\r\n\r\nb\r\n")?;
        call.action()?;
        if self.0.broken {
            return Err(postkontor_plugin::Error::new(Status::Internal, "gaps.broken"));
        }
        let refused = postkontor_plugin::Error::new(Status::Refused, "gaps.refused").arg("id", "refused");
        let interrupted = self.0.interrupted.then(|| postkontor_plugin::Error::new(Status::Network, "net.closed_by_server"));
        let missing = vec![Missing { id: "refused".to_owned(), error: refused }];
        Ok(Received { state: "s".to_owned(), missing, interrupted, ..Received::default() })
    }
}

static GAPS: Plugin = postkontor_plugin::abi::vtable::<Gaps>();

fn account(own: &Value) -> Account {
    let host = Host::open_with(r#"{"language":"en"}"#, Box::new(()), &[&GAPS]).unwrap();
    let settings = json!({"accounts": {"main": {"transport": "gaps", "gaps": own}}, "sender": {"address": "a@example.com"}});
    Account::open(&host, &settings.to_string(), None).unwrap()
}

/// The summaries that the program got, and the result.
fn receive(summary: &str, interrupted: bool) -> (Vec<Value>, Result<Value, Error>) {
    let mut summaries = Vec::new();
    let mut take = |fetched: Fetched<'_>| {
        summaries.push(serde_json::from_str(fetched.summary).unwrap());
        Action::Keep
    };
    let mut account = account(&json!({"interrupted": interrupted, "giant": false, "broken": false}));
    let result = account.receive(&json!({"summary": summary}).to_string(), Some(&mut take), &Cancel::default());
    (summaries, result.map(|json| json!(json)))
}

#[test]
fn a_message_of_which_only_the_beginning_was_handed_over_is_not_deleted() {
    let folder = std::env::temp_dir().join(format!("postkontor-giant-{}", std::process::id()));
    for (request, action) in [
        (json!({"action": "delete"}), "keep"),
        (json!({"action": "delete", "summary": "none"}), "keep"),
        // Saved, it is whole.
        (json!({"action": "delete", "save_to": folder}), "delete"),
    ] {
        let result =
            account(&json!({"interrupted": false, "giant": true, "broken": false})).receive(&request.to_string(), None, &Cancel::default());
        let result: Value = json!(result.unwrap());
        assert_eq!(
            (&result["messages"][0]["action"], result["state"].as_str().unwrap().to_lowercase()),
            (&json!(action), action.to_owned())
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_size_that_was_told_and_is_wrong_stands_beside_the_right_one() {
    for summary in ["full", "none"] {
        let (summaries, _) = receive(summary, false);
        assert_eq!((&summaries[0]["size"], &summaries[0]["size_told"]), (&json!(22), &json!(17)), "{summary}");
        assert_eq!((&summaries[1]["size"], summaries[1].get("size_told")), (&json!(17), None), "{summary}");
    }
}

#[test]
fn a_message_that_did_not_come_is_named_with_the_reason_in_the_programs_language() {
    let (_, result) = receive("full", false);
    let result = result.unwrap();
    let ids: Vec<&Value> = result["messages"].as_array().unwrap().iter().map(|message| &message["id"]).collect();
    assert_eq!(ids, ["longer", "exact"]);
    let missing = &result["missing"][0];
    assert_eq!((&missing["id"], &missing["error"]["code"]), (&json!("refused"), &json!("gaps.refused")));
    assert_eq!((&missing["error"]["message"], &missing["error"]["transport"]), (&json!("No message refused."), &json!("gaps")));
    assert_eq!(result["missing"].as_array().unwrap().len(), 1);
}

#[test]
fn an_interrupted_fetch_tells_what_did_not_come_as_well() {
    let (_, result) = receive("full", true);
    let error = result.unwrap_err();
    assert_eq!(error.status, Status::Network);
    assert_eq!((&error.more["missing"][0]["id"], error.more["messages"].as_array().unwrap().len()), (&json!("refused"), 2));
    let taken = Fetch::of_interrupted(&error).unwrap();
    assert_eq!((taken.state.as_str(), taken.messages.len(), taken.missing[0].id.as_str()), ("s", 2, "refused"));
    assert_eq!((taken.messages[1].id.as_str(), taken.messages[1].action, &taken.messages[1].deliver_to), ("exact", Action::Keep, &None));
    assert_eq!(Fetch::of_interrupted(&Error::new(Status::Network, "x")), None);
}

#[test]
fn a_transport_that_breaks_down_takes_nothing_back() {
    let mut account = account(&json!({"interrupted": false, "giant": false, "broken": true}));
    for (request, state) in [(json!({"state": "before"}), Some(&json!("before"))), (json!({}), None)] {
        let error = account.receive(&request.to_string(), None, &Cancel::default()).unwrap_err();
        let ids: Vec<&Value> = error.more["messages"].as_array().unwrap().iter().map(|message| &message["id"]).collect();
        assert_eq!((error.status, ids), (Status::Internal, vec![&json!("longer"), &json!("exact")]));
        assert_eq!(error.more.get("state"), state);
        let taken = Fetch::of_interrupted(&error).unwrap();
        assert_eq!((taken.messages.len(), taken.state.as_str(), taken.more), (2, state.and_then(Value::as_str).unwrap_or_default(), true));
    }
}

#[test]
fn of_a_message_that_never_ended_nothing_is_saved() {
    let folder = std::env::temp_dir().join(format!("postkontor-half-{}", std::process::id()));
    let mut account = account(&json!({"interrupted": false, "giant": false, "broken": false}));
    account.receive(&json!({"save_to": folder}).to_string(), None, &Cancel::default()).unwrap();
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let texts: Vec<String> = entries.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect();
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(texts.iter().filter(|text| text.starts_with("Subject: ")).count(), 2, "{texts:?}");
    assert!(!texts.iter().any(|text| text.contains("half")), "{texts:?}");
}
