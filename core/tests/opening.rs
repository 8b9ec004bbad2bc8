//! What opening and checking accounts costs, counted in memory asked for, at two sizes of the settings document.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod counting;

use counting::counted;
use postkontor_core::{Account, Callbacks, Host};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::settings::{Auth, Server};
use postkontor_plugin::{Body, Call, Error, Mail, Opening, Sent, Status, Transport, schemars, serde};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A transport with the usual groups, which is never called.
struct Still;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "the host reads it")]
struct Settings {
    server: Server,
    #[serde(default)]
    auth: Auth,
}

impl Transport for Still {
    const NAME: &'static str = "still";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Still, Error> {
        Ok(Still)
    }

    fn send(&mut self, _mail: &Mail, _body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        Err(Error::new(Status::Unsupported, "transport.operation_unsupported"))
    }
}

static STILL: Plugin = postkontor_plugin::abi::vtable::<Still>();

/// Another plugin under the same name, with other words for one of the host's codes.
struct Impostor;

impl Transport for Impostor {
    const NAME: &'static str = Still::NAME;
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[("en", r#"{"codes": {"host.closed": "An impostor's words."}}"#)];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Impostor, Error> {
        Ok(Impostor)
    }
}

static IMPOSTOR: Plugin = postkontor_plugin::abi::vtable::<Impostor>();

#[test]
fn a_plugin_whose_name_is_taken_has_no_say_in_the_texts() {
    let said = |plugins: &[&'static Plugin]| {
        let host = Host::open_with("{}", Box::new(Program), plugins).unwrap();
        assert_eq!(host.transports().len(), plugins.len());
        host.localised(Error::new(Status::Internal, "host.closed")).message.clone()
    };
    assert_eq!(said(&[&IMPOSTOR]), "An impostor's words.");
    assert_eq!(said(&[&STILL, &IMPOSTOR]), said(&[&STILL]));
}

struct Program;

impl Callbacks for Program {}

/// A host that has described its transports already.
fn host() -> Arc<Host> {
    let host = Host::open_with("{}", Box::new(Program), &[&STILL]).unwrap();
    drop(Account::open(&host, &document(1, &credentials), Some("a0")).unwrap());
    assert!(host.check(&document(1, &credentials)).ok);
    host
}

fn credentials(_: usize) -> Value {
    json!({"method": "plain", "user": "anna@example.com", "password": "hush"})
}

/// Accounts `a0`, `a1` and so on, with what `auth` gives each.
fn document(accounts: usize, auth: &dyn Fn(usize) -> Value) -> String {
    let account = |index: usize| {
        let settings = json!({"transport": "still", "server": {"host": format!("mail{index}.example.com")}, "auth": auth(index)});
        (format!("a{index}"), settings)
    };
    json!({"accounts": (0..accounts).map(account).collect::<Map<_, _>>(), "sender": {"address": "anna@example.com"}}).to_string()
}

/// Four times as much asks for about four times as many bytes; what grows with the square asks for sixteen times as many.
fn grows_in_proportion(name: &str, small: usize, large: usize) {
    assert!(large < 6 * small, "{name}: {small} bytes, and {large} for four times as much");
}

#[test]
fn the_next_handle_of_a_document_costs_the_same_whatever_its_size() {
    let host = host();
    let [small, large] = [200, 800].map(|accounts| {
        let document = document(accounts, &credentials);
        let (first, asked, _) = counted(|| Account::open(&host, &document, Some("a0")).unwrap());
        let (next, asked_next, kept) = counted(|| Account::open(&host, &document, Some("a0")).unwrap());
        assert!(asked_next < 50_000 && kept < 50_000, "{accounts} accounts: {asked_next} bytes asked for, {kept} kept");
        drop((first, next));
        (asked, asked_next)
    });
    assert_eq!(small.1, large.1);
    grows_in_proportion("the first handle", small.0, large.0);
}

#[test]
fn a_document_is_kept_by_its_handles_only() {
    let host = host();
    let document = document(200, &credentials);
    let open = |id| Account::open(&host, &document, Some(id)).unwrap();
    // The first handle of a host may fill its list of documents.
    drop(open("a1"));
    let ((), _, kept) = counted(|| drop([open("a1"), open("a2")]));
    assert!(kept.abs() < 1000, "{kept} bytes kept");
}

#[test]
fn chains_and_unknown_names_cost_in_proportion() {
    let host = host();
    let chain = |accounts: usize| {
        document(accounts, &|index| match index + 1 == accounts {
            true => credentials(index),
            false => json!({"method": "account", "account": format!("a{}", index + 1)}),
        })
    };
    let unknown = |accounts| document(accounts, &|index| json!({"method": "account", "account": format!("other{index}")}));
    let opening = |document: &str| counted(|| Account::open(&host, document, Some("a0")).map(drop)).1;
    grows_in_proportion("a chain", opening(&chain(200)), opening(&chain(800)));
    grows_in_proportion("unknown names", opening(&unknown(200)), opening(&unknown(800)));
    let checking = |document: &str| counted(|| host.check(document)).1;
    grows_in_proportion("a chain checked", checking(&chain(200)), checking(&chain(800)));
    grows_in_proportion("unknown names checked", checking(&unknown(200)), checking(&unknown(800)));
    grows_in_proportion("ten accounts checked", checking(&document(10, &credentials)), checking(&document(40, &credentials)));
}
