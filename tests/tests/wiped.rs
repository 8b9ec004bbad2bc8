//! After an account is closed its password is nowhere in the memory of the process. A program of its own: no other test's memory is searched.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Callbacks, Cancel, Host, Secret};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{Body, Call, Error, Level, Mail, Opening, Reply, Sent, Stage, Status, Transport, schemars, serde};
use postkontor_tests::memory::{Needle, search};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// A transport that keeps a password and refuses with it.
struct Safe(Secret);

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    safe: Group,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Group {
    #[schemars(extend("x-postkontor" = {"secret": true}))]
    password: Secret,
}

impl Transport for Safe {
    const NAME: &'static str = "safe";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Safe, Error> {
        Ok(Safe(settings.safe.password))
    }

    fn send(&mut self, _mail: &Mail, _body: &mut Body, call: &Call) -> Result<Sent, Error> {
        call.log(Level::Trace, "S: a line to be masked");
        let length = self.0.reveal().len();
        Err(Error::new(Status::Auth, "auth.refused").stage(Stage::Login).server(Reply { text: format!("{length}"), ..Reply::default() }))
    }
}

static SAFE: Plugin = postkontor_plugin::abi::vtable::<Safe>();

/// A program that reads the log and knows one secret.
struct Program;

impl Callbacks for Program {
    fn secret_get(&self, name: &str) -> Option<Secret> {
        (name == "second").then(|| password(2))
    }
}

/// A byte of a password, as it never stands in the program's code.
fn letter(number: u8, at: usize) -> u8 {
    b'A' + (usize::from(number) * 7 + at * 11 + at * at * 5).rem_euclid(26) as u8
}

const LENGTH: usize = 24;

fn password(number: u8) -> Secret {
    let mut text = String::with_capacity(LENGTH);
    text.extend((0..LENGTH).map(|at| char::from(letter(number, at))));
    Secret::new(text)
}

/// Where a password, from its eighth letter on, stands in what the process may write to.
fn found(number: u8) -> Vec<String> {
    search(&[Needle::new("password", (8..LENGTH).map(|at| letter(number, at)))]).unwrap()
}

#[test]
fn a_password_is_gone_when_its_account_is_closed() {
    {
        let host = Host::open_with("{}", Box::new(Program), &[&SAFE]).unwrap();
        let mut settings = Zeroizing::new(String::with_capacity(4096));
        let first = password(1);
        write!(settings, r#"{{"company":{{"accounts":{{"a":{{"transport":"safe","safe":{{"password":"{}"}}}}"#, first.reveal()).unwrap();
        settings.push_str(r#","b":{"transport":"safe","safe":{"password":{"secret":"second"}}}},"sender":{"address":"a@example.com"}}}"#);
        let opened = ["a", "b"].map(|id| {
            let mut account = Account::open(&host, &settings, Some(id)).unwrap();
            account.send_document(r#"{"to":["b@example.com"],"text":"x"}"#, &[], &Cancel::default()).unwrap_err();
            account
        });
        assert!(host.check(&settings).ok);
        assert!(!found(1).is_empty() && !found(2).is_empty(), "the search finds what is there");
        drop(opened);
    }
    assert_eq!((found(1), found(2)), (Vec::new(), Vec::new()));
}
