//! The caller's side: an account, and what it is asked to do.

use postkontor_imap::Imap;
use postkontor_plugin::serde::{Serialize, de::DeserializeOwned};
use postkontor_plugin::serde_json::{self, Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Filed, Filing, Mail, Opening, ReceiveRequest, Received, Sent, Transport};
use std::time::Duration;

pub(crate) fn account(port: u16, more: Value) -> Imap {
    let mut settings = json!({"server": {"host": "127.0.0.1", "port": port, "timeout_seconds": 20}, "tls": {"mode": "none"},
        "auth": {"user": "anna", "password": "Geheim-7", "method": "password", "allow_cleartext": true}});
    for (group, members) in more.as_object().unwrap() {
        for (name, value) in members.as_object().unwrap() {
            settings[group][name] = value.clone();
        }
    }
    Imap::open(serde_json::from_value(settings).unwrap(), &Opening { account: "test".to_owned(), ..Opening::default() }).unwrap()
}

/// Fetches within so many seconds.
pub(crate) fn fetch_within(seconds: u64, account: &mut Imap, state: Option<String>, host: &TestHost) -> Result<Received, Error> {
    receive(seconds, account, &ReceiveRequest { state, ..ReceiveRequest::default() }, host)
}

/// Fetches what is asked for within so many seconds.
pub(crate) fn receive(seconds: u64, account: &mut Imap, request: &ReceiveRequest, host: &TestHost) -> Result<Received, Error> {
    account.receive(request, &host.call_within(Duration::from_secs(seconds)))
}

pub(crate) fn fetch(account: &mut Imap, state: Option<String>, host: &TestHost) -> Result<Received, Error> {
    fetch_within(30, account, state, host)
}

/// Why a fetch failed, whether at once or halfway.
pub(crate) fn failure(result: Result<Received, Error>) -> Error {
    match result {
        Ok(received) => received.interrupted.expect("the fetch did not fail"),
        Err(error) => error,
    }
}

/// Puts a message into the outbox.
pub(crate) fn send(account: &mut Imap, message: &[u8]) -> Result<Sent, Error> {
    send_as(account, message, json!({}))
}

/// Puts a message of which more is known into the outbox.
pub(crate) fn send_as(account: &mut Imap, message: &[u8], more: Value) -> Result<Sent, Error> {
    let host = TestHost::new().with_message(message);
    let mut mail = json!({"stream": 1, "size": message.len(), "from": "a@example.com", "recipients": ["b@example.com"]});
    mail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mail: Mail = serde_json::from_value(mail).unwrap();
    let call = host.call();
    account.send(&mail, &mut call.body(1), &call)
}

/// Files a message, which is sent by this user over this server.
pub(crate) fn file(account: &mut Imap, message: &[u8], message_id: &str, sent_by: (&str, &str)) -> Result<Filed, Error> {
    let host = TestHost::new().with_message(message);
    let filing: Filing = serde_json::from_value(json!({"folder": "<sent>", "sent_by": {"host": sent_by.0, "user": sent_by.1},
        "messages": [{"stream": 1, "size": message.len(), "message_id": message_id}]}))
    .unwrap();
    account.file(&filing, &host.call())
}

/// A request as a test writes it down.
pub(crate) fn asked<R: DeserializeOwned>(request: Value) -> R {
    postkontor_plugin::serde_json::from_value(request).unwrap()
}

/// An answer as the caller sees it.
pub(crate) fn value(answer: impl Serialize) -> Value {
    postkontor_plugin::serde_json::to_value(answer).unwrap()
}
