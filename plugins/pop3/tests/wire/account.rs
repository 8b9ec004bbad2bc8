//! The caller's side: an account, and what it is asked to do.

use postkontor_plugin::serde_json::{self, Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Opening, ReceiveRequest, Received, Transport};
use postkontor_pop3::Pop3;
use std::time::Duration;

pub(crate) fn account(port: u16, more: Value) -> Pop3 {
    let mut settings = json!({"server": {"host": "127.0.0.1", "port": port, "timeout_seconds": 20}, "tls": {"mode": "none"},
        "auth": {"user": "anna", "password": "Geheim-7", "method": "password", "allow_cleartext": true}});
    for (group, members) in more.as_object().unwrap() {
        for (name, value) in members.as_object().unwrap() {
            settings[group][name] = value.clone();
        }
    }
    Pop3::open(serde_json::from_value(settings).unwrap(), &Opening { account: "test".to_owned(), ..Opening::default() }).unwrap()
}

/// Fetches within so many seconds.
pub(crate) fn fetch_within(seconds: u64, account: &mut Pop3, state: Option<String>, host: &TestHost) -> Result<Received, Error> {
    let call = host.call_within(Duration::from_secs(seconds));
    account.receive(&ReceiveRequest { state, ..ReceiveRequest::default() }, &call)
}

pub(crate) fn fetch(account: &mut Pop3, state: Option<String>, host: &TestHost) -> Result<Received, Error> {
    fetch_within(30, account, state, host)
}

/// Why a fetch failed, whether at once or halfway.
pub(crate) fn failure(result: Result<Received, Error>) -> Error {
    match result {
        Ok(received) => received.interrupted.expect("the fetch did not fail"),
        Err(error) => error,
    }
}
