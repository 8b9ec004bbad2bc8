//! What an array of messages costs, counted in memory asked for, at two sizes; and that it is read alike however it is written.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod counting;

use counting::counted;
use postkontor_core::{Account, Cancel, Host, Receipts};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{Answer, Body, Call, Error, Mail, Opening, Reply, Sent, Transport, Verdict, schemars, serde};
use serde_json::{Value, json};

/// A transport that takes every mail and looks at none.
struct Taking;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {}

impl Transport for Taking {
    const NAME: &'static str = "taking";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Taking, Error> {
        Ok(Taking)
    }

    fn send(&mut self, mail: &Mail, _body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        let accepted = |address: &String| Answer { address: address.clone(), status: Verdict::Accepted, reply: Reply::default() };
        Ok(Sent { recipients: mail.recipients.iter().map(accepted).collect(), ..Sent::default() })
    }
}

static TAKING: Plugin = postkontor_plugin::abi::vtable::<Taking>();

fn account() -> Account {
    let host = Host::open_with("{}", Box::new(()), &[&TAKING]).unwrap();
    let settings = r#"{"accounts":{"main":{"transport":"taking"}},"sender":{"address":"anna@example.com"}}"#;
    let mut account = Account::open(&host, settings, None).unwrap();
    // The first call opens the session.
    send(&mut account, &json!([message(1)]).to_string()).unwrap();
    account
}

fn send(account: &mut Account, messages: &str) -> Result<Receipts, Error> {
    account.send_document(messages, &[], &Cancel::default())
}

/// A message of so many kilobytes of text, which has to be unescaped.
fn message(kilobytes: usize) -> Value {
    let line = format!("{}\r\n", "x".repeat(62));
    json!({"to": "bob@example.com", "subject": "A mail", "text": line.repeat(16 * kilobytes)})
}

#[test]
fn of_each_text_two_copies_are_asked_for_however_many_messages_there_are() {
    let mut account = account();
    let mut asked = |messages: usize, kilobytes: usize| {
        let array = json!(vec![message(kilobytes); messages]).to_string();
        counted(|| send(&mut account, &array).unwrap()).1
    };
    let [few, many] = [asked(25, 16), asked(100, 16)];
    assert!(many < 5 * few, "{few} bytes, and {many} for four times as many");
    // What 16 KB more cost: they are unescaped into one buffer and written into another, with some room.
    let more = (asked(25, 32) - few) / 25 / (16 * 1024);
    assert!(more <= 2, "{more} copies of each text");
}

/// What the quick way of reading does not take is read with more care: nothing but the time it takes may differ.
#[test]
fn an_array_is_read_alike_whatever_it_holds() {
    let mut account = account();
    let plain = r#"{"to":"bob@example.com","text":"x"}"#;
    let Receipts::Several { results } = send(&mut account, &format!("[{plain}, {plain}\n]")).unwrap() else { panic!("not several") };
    assert_eq!(results.len(), 2);
    for odd in [r#"{"to":"bob@example.com","text":"\ud83d\ude00"}"#, r#"{"to":"bob@example.com","text":"x","subject":"\u20ac"}"#] {
        let Receipts::Several { results } = send(&mut account, &format!("[{plain},{odd},{plain}]")).unwrap() else { panic!("not several") };
        assert_eq!(results.len(), 3, "{odd}");
    }
    for (wrong, code) in [
        (r#"{"to":"bob@example.com","text":-1.5}"#, "message.expected_text"),
        (r#"{"to":"bob@example.com","text":7}"#, "message.expected_text"),
        (r#"{"to":[[[[[[[["x"]]]]]]]]}"#, "message.expected_address"),
        (r#"{"to":[[[[[[[[[[[["x"]]]]]]]]]]]]}"#, "message.json_invalid"),
    ] {
        let error = send(&mut account, &format!("[{plain},{wrong},{plain}]")).unwrap_err();
        let results = &error.more["results"];
        assert_eq!((results.as_array().map(Vec::len), &results[1]["code"]), (Some(3), &json!(code)), "{wrong}");
        assert!(results[0]["code"].is_null() && results[2]["code"].is_null(), "{wrong}");
    }
    for broken in [
        "[",
        "[{]",
        r#"[{"to":"bob@example.com"},]"#,
        r#"[{"to":"b@x","text":"a
b"}]"#,
    ] {
        assert_eq!(send(&mut account, broken).unwrap_err().code, "message.unreadable", "{broken}");
    }
}
