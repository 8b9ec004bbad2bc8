//! What a transport does not say it heeds it is never asked for: a plugin that is older than its host would leave it out of account.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Cancel, Host, Status};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{CONDITIONS, Call, Incoming, Opening, ReceiveRequest, Received, Transport, schemars, serde};
use serde_json::json;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {}

/// A transport that hands one message over, whatever it is asked for.
struct Older;

impl Transport for Older {
    const NAME: &'static str = "older";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["receive"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Older, postkontor_plugin::Error> {
        Ok(Older)
    }

    fn receive(&mut self, _request: &ReceiveRequest, call: &Call) -> Result<Received, postkontor_plugin::Error> {
        hand_over(call)
    }
}

/// The same, which says that it knows conditions.
struct Newer;

impl Transport for Newer {
    const NAME: &'static str = "newer";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["receive"];
    const HEEDS: &'static [&'static str] = &[CONDITIONS];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Newer, postkontor_plugin::Error> {
        Ok(Newer)
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, postkontor_plugin::Error> {
        assert!(!request.filter.or.is_empty(), "the filter has crossed the vtable");
        hand_over(call)
    }
}

fn hand_over(call: &Call) -> Result<Received, postkontor_plugin::Error> {
    call.announce(&Incoming { id: "1".to_owned(), ..Incoming::default() })?;
    call.message(b"Subject: a\r\n\r\nb\r\n")?;
    call.action()?;
    Ok(Received::default())
}

static OLDER: Plugin = postkontor_plugin::abi::vtable::<Older>();
static NEWER: Plugin = postkontor_plugin::abi::vtable::<Newer>();

fn account(transport: &str) -> Account {
    let host = Host::open_with(r#"{"language":"en"}"#, Box::new(()), &[&OLDER, &NEWER]).unwrap();
    let settings = json!({"accounts": {"main": {"transport": transport}}, "sender": {"address": "a@example.com"}});
    Account::open(&host, &settings.to_string(), None).unwrap()
}

#[test]
fn a_plugin_that_does_not_know_a_condition_is_not_asked_to_ignore_it() {
    for (request, pointer, member) in [
        (r#"{"filter":{"from":"a","before":"2026-11-20"},"action":"delete"}"#, "/filter/before", "filter.before"),
        (r#"{"filter":{"not":{"from":"a"}}}"#, "/filter/not", "filter.not"),
        (r#"{"summary":"structure"}"#, "/summary", "summary"),
        (r#"{"message":"1","section":"2"}"#, "/message", "message"),
    ] {
        let error = account("older").receive(request, None, &Cancel::default()).unwrap_err();
        assert_eq!(
            (error.status, error.code.as_str(), error.at[0].pointer.as_str()),
            (Status::Unsupported, "receive.member_unsupported", pointer)
        );
        assert_eq!(error.message, format!("The transport older does not know “{member}” in a request to fetch."));
    }
    // What every plugin has known from the beginning it is asked for.
    let known = r#"{"filter":{"unseen":true,"since":"2026-11-20","from":"a","subject":"b","min_size":1,"max_size":2}}"#;
    assert_eq!(account("older").receive(known, None, &Cancel::default()).unwrap().messages.len(), 1);
}

#[test]
fn a_plugin_that_says_what_it_knows_gets_that_and_no_more() {
    let newer = |request: &str| account("newer").receive(request, None, &Cancel::default());
    assert_eq!(newer(r#"{"filter":{"or":[{"from":"a"},{"body":"b"}]}}"#).unwrap().messages.len(), 1);
    assert_eq!(newer(r#"{"summary":"structure"}"#).unwrap_err().code, "receive.member_unsupported");
}
