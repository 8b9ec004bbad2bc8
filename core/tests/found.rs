//! What was sent is looked for where copies of it are kept.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use postkontor_core::{Account, Cancel, Host, Status};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{Call, Error, FindRequest, FoundMessages, Opening, Transport, schemars, serde};
use serde_json::{Value, json};
use std::sync::Mutex;

/// A transport whose settings say which Message-IDs are in its folder for sent mail; `-` says that it keeps none, `!` that it cannot be asked.
struct Shelf {
    account: String,
    kept: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    shelf: Kept,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Kept {
    kept: String,
}

/// What was asked: account, folder, and whether the host files there.
static ASKED: Mutex<Vec<(String, String, bool)>> = Mutex::new(Vec::new());

impl Transport for Shelf {
    const NAME: &'static str = "shelf";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send", "file", "find"];
    const TAKES_WHOLE: bool = true;
    const TEXTS: &'static [(&'static str, &'static str)] = &[("en", r#"{"codes":{"shelf.broken":"The shelf broke."}}"#)];
    type Settings = Settings;

    fn open(settings: Settings, opening: &Opening) -> Result<Shelf, Error> {
        Ok(Shelf { account: opening.account.clone(), kept: settings.shelf.kept })
    }

    fn find(&mut self, request: &FindRequest, _call: &Call) -> Result<FoundMessages, Error> {
        ASKED.lock().unwrap().push((self.account.clone(), request.folder.clone(), request.filed));
        let kept: Vec<&str> = match self.kept.as_str() {
            "-" if !request.filed => return Err(Error::new(Status::Unsupported, "sent.not_kept")),
            "!" => return Err(Error::new(Status::Network, "shelf.broken")),
            kept => kept.split(';').collect(),
        };
        let place = |message_id: &String| kept.contains(&message_id.as_str()).then(|| format!("{message_id} at {}", self.account));
        Ok(FoundMessages { folder: "Sent".to_owned(), places: request.message_ids.iter().map(place).collect() })
    }
}

/// A transport that can only send, and whose server may take half of a mail.
struct Pipe;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

impl Transport for Pipe {
    const NAME: &'static str = "pipe";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Nothing;

    fn open(_settings: Nothing, _opening: &Opening) -> Result<Pipe, Error> {
        Ok(Pipe)
    }
}

static SHELF: Plugin = postkontor_plugin::abi::vtable::<Shelf>();
static PIPE: Plugin = postkontor_plugin::abi::vtable::<Pipe>();

fn account(settings: &Value) -> Account {
    let host = Host::open_with(r#"{"language":"en"}"#, Box::new(()), &[&SHELF, &PIPE]).unwrap();
    Account::open(&host, &settings.to_string(), None).unwrap()
}

fn shelf(kept: &str) -> Value {
    json!({"transport": "shelf", "shelf": {"kept": kept}})
}

fn found(settings: &Value, message_ids: &[&str]) -> Result<Vec<Option<String>>, Error> {
    account(settings).find_sent(message_ids, &Cancel::default())
}

#[test]
fn a_mailbox_that_sends_and_the_one_for_copies_are_asked() {
    let accounts = json!({"sender": shelf("a@x"), "reserve": {"transport": "pipe"}, "mailbox": shelf("b@x;a@x")});
    let settings =
        json!({"accounts": accounts, "send": {"account": "sender", "fallback": ["reserve"]}, "sent": {"copy": true, "account": "mailbox"}});
    let places = found(&settings, &["a@x", "b@x", "c@x", ""]).unwrap();
    assert_eq!(places, [Some("a@x at sender".to_owned()), Some("b@x at mailbox".to_owned()), None, None]);
    let asked = ASKED.lock().unwrap().clone();
    for (account, filed) in [("sender", false), ("mailbox", true)] {
        assert!(asked.contains(&(account.to_owned(), "<sent>".to_owned(), filed)), "{account}: {asked:?}");
    }
}

#[test]
fn where_nothing_is_kept_nothing_can_be_looked_for() {
    let unsupported = |settings: Value| {
        let error = found(&settings, &["a@x"]).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Unsupported, "sent.not_kept"), "{settings}");
        assert!(!error.message.is_empty());
    };
    unsupported(json!({"accounts": {"only": {"transport": "pipe"}}}));
    unsupported(json!({"accounts": {"only": shelf("-")}}));
    // A mailbox that is not the one for copies.
    unsupported(json!({"accounts": {"p": {"transport": "pipe"}, "m": shelf("a@x")}, "send": {"account": "p"}, "sent": {"account": "m"}}));
    let filed = json!({"accounts": {"m": shelf("-")}, "sent": {"copy": true, "account": "m"}});
    assert_eq!(found(&filed, &["a@x"]).unwrap(), [None]);
    let error = found(&json!({"enabled": false}), &["a@x"]).unwrap_err();
    assert_eq!(error.status, Status::Disabled);
}

#[test]
fn one_that_cannot_be_asked_leaves_it_open_unless_another_has_found_all() {
    let settings = |mailbox: &str| json!({"accounts": {"s": shelf("!"), "m": shelf(mailbox)}, "send": {"account": "s"}, "sent": {"copy": true, "account": "m"}});
    let error = found(&settings("b@x"), &["a@x", "b@x"]).unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (Status::Network, "The shelf broke."));
    assert_eq!(found(&settings("b@x"), &["b@x"]).unwrap(), [Some("b@x at m".to_owned())]);
}

#[test]
fn an_account_takes_whole_mails_where_all_do_that_may_send() {
    let with = |fallback: Value| json!({"accounts": {"s": shelf("a@x"), "t": shelf("a@x"), "p": {"transport": "pipe"}}, "send": {"account": "s", "fallback": fallback}});
    assert!(account(&with(json!(["t"]))).takes_whole());
    assert!(!account(&with(json!(["t", "p"]))).takes_whole());
    assert!(!account(&json!({"enabled": false})).takes_whole());
}
