//! An account at the double, through the library and the plugin `exchange-ews`.

use postkontor_core::{Account, Action, Callbacks, Cancel, Error, Host};
use postkontor_tests::exchange::{Exchange, PASSWORD};
use postkontor_tests::folder::Folder;
use postkontor_tests::merge_patch;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

struct Quiet;

impl Callbacks for Quiet {}

/// The folder with the plugin, as an installation has it.
pub(super) fn plugins() -> String {
    static PLUGINS: OnceLock<String> = OnceLock::new();
    let install = || {
        // Kept until the process ends: the libraries in it stay loaded.
        let folder = Folder::new().unwrap().keep();
        Products::built().unwrap().plugins(&folder, &["exchange-ews"]).unwrap().display().to_string()
    };
    PLUGINS.get_or_init(install).clone()
}

/// A host with the plugin, which speaks English.
pub(super) fn host() -> Arc<Host> {
    host_in("en")
}

/// One that speaks another language.
pub(super) fn host_in(language: &str) -> Arc<Host> {
    Host::open(&json!({"language": language, "plugins": [plugins()]}).to_string(), Box::new(Quiet)).unwrap()
}

/// A user with a mailbox at a double.
pub(super) struct User<'e> {
    pub(super) exchange: &'e Exchange,
    pub(super) address: String,
}

impl<'e> User<'e> {
    pub(super) fn new(exchange: &'e Exchange) -> User<'e> {
        User { exchange, address: exchange.user().unwrap() }
    }

    /// The settings of an account over TLS, with a merge patch for the account.
    pub(super) fn settings(&self, patch: &Value) -> Value {
        let mut account = json!({"transport": "exchange-ews", "exchange": {"url": format!("{}/EWS/Exchange.asmx", self.exchange.secure())},
            "tls": {"ca_file": self.exchange.authority()}, "server": {"timeout_seconds": 30},
            "auth": {"method": "password", "user": self.address, "password": PASSWORD}});
        merge_patch::apply(&mut account, patch.clone());
        json!({"accounts": {"main": account}, "sender": {"address": self.address, "name": "Konto Müller"}})
    }

    pub(super) fn account(&self, patch: &Value) -> Account {
        Account::open(&host(), &self.settings(patch).to_string(), None).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The messages in a folder of the mailbox, by its distinguished name, as the double knows them.
    pub(super) fn messages(&self, folder: &str) -> Vec<Value> {
        in_folder(self.exchange, &self.address, folder)
    }

    /// Puts received messages into the inbox.
    pub(super) fn deliver(&self, what: &Value) -> Vec<Value> {
        let mut asked = json!({"mailbox": self.address});
        merge_patch::apply(&mut asked, what.clone());
        self.exchange.control("POST", "/messages", &asked).unwrap()["messages"].as_array().unwrap().clone()
    }
}

/// The messages in a folder of a mailbox.
pub(super) fn in_folder(exchange: &Exchange, mailbox: &str, folder: &str) -> Vec<Value> {
    let shown = exchange.control("POST", "/mailbox", &json!({"mailbox": mailbox})).unwrap();
    let folders = shown["folders"].as_array().unwrap();
    let found = folders.iter().find(|found| found["distinguished"] == folder || found["path"] == folder);
    found.unwrap_or_else(|| panic!("{folder} in {shown}"))["messages"].as_array().unwrap().clone()
}

pub(super) fn patience() -> Cancel {
    Cancel::new(Some(Duration::from_secs(120)))
}

/// A small mail.
pub(super) fn mail(to: &str) -> Value {
    json!({"to": [to], "subject": "Rückfrage", "text": "Guten Tag,\r\n.mit Punkt\r\n"})
}

/// Sends a mail; its receipt.
pub(super) fn send(account: &mut Account, mail: &Value) -> Result<Value, Error> {
    account.send_document(&mail.to_string(), &[], &patience()).map(|receipt| json!(receipt))
}

/// A message as the program got it.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) summary: Value,
    pub(super) raw: Vec<u8>,
}

/// Fetches, and gives each message the action that `judge` finds.
pub(super) fn fetch(account: &mut Account, request: &Value, mut judge: impl FnMut(&Got) -> Action) -> (Result<Value, Error>, Vec<Got>) {
    let mut all = Vec::new();
    let mut take = |fetched: postkontor_core::Fetched<'_>| {
        let got = Got { summary: serde_json::from_str(fetched.summary).unwrap(), raw: fetched.message.bytes(None).unwrap().into_owned() };
        let action = judge(&got);
        all.push(got);
        action
    };
    let result = account.receive(&request.to_string(), Some(&mut take), &patience());
    (result.map(|json| json!(json)), all)
}

/// The subjects of messages.
pub(super) fn subjects(got: &[Got]) -> Vec<&str> {
    got.iter().map(|got| got.summary["subject"].as_str().unwrap()).collect()
}
