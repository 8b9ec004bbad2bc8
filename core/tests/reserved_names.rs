//! The names under which the host keeps tokens: no program ever sees one, whatever plugins and settings say.
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Callbacks, Cancel, Host, Secret};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{Call, Error, ListRequest, Listing, Opening, Transport, schemars, serde};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A transport that does with secrets what the name of the folder says.
struct Curious;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {}

impl Transport for Curious {
    const NAME: &'static str = "curious";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["list"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(_settings: Settings, opening: &Opening) -> Result<Curious, Error> {
        assert!(opening.token_cache);
        Ok(Curious)
    }

    fn list(&mut self, request: &ListRequest, call: &Call) -> Result<Listing, Error> {
        match request.folder.as_deref().unwrap_or_default().split_once(' ') {
            Some(("get", name)) => call.secret_get(name).map(drop)?,
            Some(("put", name)) => call.secret_put(name, &Secret::new("60000 t0ken"))?,
            _ => (),
        }
        Ok(Listing::Folders { folders: Vec::new() })
    }
}

static CURIOUS: Plugin = postkontor_plugin::abi::vtable::<Curious>();

/// A program that has every secret, and notes what it is asked for.
#[derive(Clone, Default)]
struct Program(Arc<Mutex<Vec<String>>>);

impl Callbacks for Program {
    fn log(&self, _level: i32, text: &str) {
        assert!(!text.contains("t0ken"), "{text}");
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        self.0.lock().unwrap().push(name.to_owned());
        Some(Secret::new("the program's"))
    }

    fn secret_put(&self, name: &str, _value: &Secret) -> bool {
        self.0.lock().unwrap().push(name.to_owned());
        true
    }
}

fn account(program: &Program) -> Account {
    let host = Host::open_with("{}", Box::new(program.clone()), &[&CURIOUS]).unwrap();
    Account::open(&host, &json!({"accounts": {"a": {"transport": "curious"}}}).to_string(), None).unwrap()
}

fn ask(account: &mut Account, what: &str, name: &str) -> Result<(), String> {
    account.list(&json!({"folder": format!("{what} {name}")}).to_string(), &Cancel::default()).map(drop).map_err(|error| error.code.clone())
}

#[test]
fn what_a_plugin_puts_under_a_reserved_name_another_account_gets_and_no_program_sees() {
    let [one, other] = [(); 2].map(|()| Program::default());
    let name = format!("postkontor:oauth:{}:token:mail", "c0".repeat(32));
    let (mut first, mut second) = (account(&one), account(&other));
    assert_eq!(ask(&mut second, "get", &name), Err("secret.not_found".to_owned()));
    assert_eq!(ask(&mut first, "put", &name), Ok(()));
    assert_eq!(ask(&mut second, "get", &name), Ok(()));
    for wrong in ["postkontor:oauth:", "postkontor:oauth:x", &name.replace(":token:", ":tokens:")] {
        assert_eq!(ask(&mut first, "get", wrong), Err("secret.not_found".to_owned()));
        assert_eq!(ask(&mut first, "put", wrong), Err("secret.not_kept".to_owned()));
    }
    assert!(one.0.lock().unwrap().is_empty() && other.0.lock().unwrap().is_empty());
    // All other names are the program's, also those that only look alike.
    for own in ["imap", "postkontor:imap", "Postkontor:oauth:x", " postkontor:oauth:x"] {
        assert_eq!((ask(&mut first, "get", own), ask(&mut first, "put", own)), (Ok(()), Ok(())));
        assert_eq!(one.0.lock().unwrap().drain(..).collect::<Vec<_>>(), [own, own]);
    }
}
