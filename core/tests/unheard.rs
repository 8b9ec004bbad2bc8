//! The cost of a log without readers: no line is put together. Counted in memory asked for, with texts of a megabyte, so that each copy that
//! a line makes of one shows.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod counting;

use counting::counted;
use postkontor_core::{Account, Callbacks, Cancel, Host, Level};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{
    Answer, Body, Call, Error, Folder, ListRequest, Listing, Mail, Opening, Reply, Sent, Transport, Verdict, schemars, serde,
};

const SIZE: usize = 1 << 20;

/// A transport whose server has much to say.
struct Verbose;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {}

impl Transport for Verbose {
    const NAME: &'static str = "verbose";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send", "list"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Verbose, Error> {
        Ok(Verbose)
    }

    fn send(&mut self, mail: &Mail, _body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        let accepted = |address: &String| Answer { address: address.clone(), status: Verdict::Accepted, reply: Reply::default() };
        let reply = Reply { code: 250, enhanced: None, text: "x".repeat(SIZE) };
        Ok(Sent { recipients: mail.recipients.iter().map(accepted).collect(), reply: Some(reply), ..Sent::default() })
    }

    fn list(&mut self, _request: &ListRequest, _call: &Call) -> Result<Listing, Error> {
        Ok(Listing::Folders { folders: vec![Folder { name: "x".repeat(SIZE), ..Folder::default() }] })
    }
}

static VERBOSE: Plugin = postkontor_plugin::abi::vtable::<Verbose>();

/// A program that reads lines up to a level, and counts what they say.
struct Program(Option<Level>);

impl Callbacks for Program {
    fn log(&self, _level: i32, _text: &str) {}

    fn log_level(&self) -> Option<Level> {
        self.0
    }
}

/// How many megabytes a call asks for.
fn megabytes(level: Option<Level>, call: impl Fn(&mut Account)) -> usize {
    const SETTINGS: &str = r#"{"accounts":{"main":{"transport":"verbose"}},"sender":{"address":"anna@example.com"}}"#;
    let host = Host::open_with("{}", Box::new(Program(level)), &[&VERBOSE]).unwrap();
    let mut account = Account::open(&host, SETTINGS, None).unwrap();
    // The first call opens the session, and gathers texts.
    call(&mut account);
    counted(|| call(&mut account)).1 / SIZE
}

fn send(account: &mut Account) {
    account.send_document(r#"{"to":"bob@example.com","text":"x"}"#, &[], &Cancel::default()).unwrap();
}

fn list(account: &mut Account) {
    account.list("", &Cancel::default()).unwrap();
}

#[test]
fn a_line_that_is_not_read_is_not_put_together() {
    for (name, call, copies) in [("send", send as fn(&mut Account), 3), ("list", list, 1)] {
        let unheard = megabytes(None, call);
        // Whether it is read is asked at the level of the line.
        assert_eq!(megabytes(Some(Level::Warning), call), unheard, "{name}");
        let heard = megabytes(Some(Level::Information), call);
        println!("{name}: {unheard} unheard, {heard} heard");
        assert!(heard >= unheard + copies, "{name}: {unheard} MB, and {heard} where the line is read");
    }
}
