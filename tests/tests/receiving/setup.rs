//! A user with a new mailbox at Dovecot, and the library with the plugins.

use crate::foreign::{self, Found};
use postkontor_core::{Account, Action, Callbacks, Cancel, Error, Host};
use postkontor_plugin::merge;

use postkontor_tests::dovecot::{BARE, Dovecot, USERS};
use postkontor_tests::exim::Exim;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A user at work.
pub(crate) struct Setup {
    pub(crate) exim: &'static Exim,
    pub(crate) user: String,
    pub(crate) host: Arc<Host>,
}

/// A message as the program got it.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) summary: Value,
    pub(crate) raw: Vec<u8>,
}

impl Got {
    pub(crate) fn subject(&self) -> &str {
        self.summary["subject"].as_str().unwrap()
    }

    pub(crate) fn id(&self) -> &str {
        self.summary["id"].as_str().unwrap()
    }
}

struct Quiet;

impl Callbacks for Quiet {}

/// The folder with the plugins that these tests are about.
pub(crate) fn plugins() -> &'static str {
    static PLUGINS: OnceLock<String> = OnceLock::new();
    PLUGINS.get_or_init(|| {
        // Kept until the process ends: the libraries in it stay loaded.
        let folder = Folder::new().unwrap().keep();
        Products::built().unwrap().plugins(&folder, &["pop3", "imap", "smtp"]).unwrap().display().to_string()
    })
}

impl Setup {
    /// A new user; nothing where Dovecot is not installed.
    pub(crate) fn new() -> Option<Setup> {
        let exim = Exim::shared()?;
        let config = json!({"language": "en", "plugins": [plugins()]});
        Some(Setup { exim, user: exim.dovecot().mailbox(), host: Host::open(&config.to_string(), Box::new(Quiet)).unwrap() })
    }

    /// A new user with these messages in the inbox.
    pub(crate) fn with(messages: &[Vec<u8>]) -> Option<Setup> {
        let setup = Setup::new()?;
        setup.dovecot().deliver(&setup.user, messages).unwrap();
        Some(setup)
    }

    pub(crate) fn dovecot(&self) -> &Dovecot {
        self.exim.dovecot()
    }

    /// The settings of a connection that needs nothing special: TLS from the first byte.
    pub(crate) fn settings(&self, transport: &str, more: Value) -> Value {
        let port = if transport == "pop3" { self.dovecot().pop3s } else { self.dovecot().imaps };
        let mut account = json!({"transport": transport, "server": {"host": "localhost", "port": port, "timeout_seconds": 30},
            "tls": {"mode": "implicit", "ca_file": self.exim.files().authority()}, "auth": {"user": self.user, "password": USERS[0].1}});
        merge(&mut account, more);
        json!({"accounts": {"main": account}, "sender": {"address": "anna@example.com"}})
    }

    /// The settings of a connection to a server without any extension, for [`Setup::account_with`].
    pub(crate) fn bare(&self, more: Value) -> Value {
        let mut settings = json!({"server": {"host": BARE, "port": self.dovecot().imap}, "tls": {"mode": "none"},
            "auth": {"allow_cleartext": true}});
        merge(&mut settings, more);
        settings
    }

    /// The messages of a folder as a foreign client finds them.
    pub(crate) fn found(&self, folder: &str) -> Vec<Found> {
        foreign::messages(self.exim, &self.user, folder)
    }

    pub(crate) fn account(&self, transport: &str) -> Account {
        self.account_with(transport, json!({}))
    }

    pub(crate) fn account_with(&self, transport: &str, more: Value) -> Account {
        self.open(&self.settings(transport, more))
    }

    pub(crate) fn open(&self, settings: &Value) -> Account {
        Account::open(&self.host, &settings.to_string(), None).unwrap_or_else(|error| panic!("{error:?}"))
    }
}

pub(crate) fn patience() -> Cancel {
    Cancel::new(Some(Duration::from_secs(300)))
}

/// Fetches, and gives each message the action that `judge` finds.
pub(crate) fn fetch(account: &mut Account, request: Value, mut judge: impl FnMut(&Got) -> Action) -> (Result<Value, Error>, Vec<Got>) {
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

/// Fetches and keeps everything; the subjects in order, and the state.
pub(crate) fn subjects(account: &mut Account, request: Value) -> (Vec<String>, Value) {
    let (result, got) = fetch(account, request, |_| Action::Keep);
    let result = result.unwrap_or_else(|error| panic!("{error:?}"));
    (got.iter().map(|got| got.subject().to_owned()).collect(), result["state"].clone())
}

pub(crate) fn ask(result: Result<impl serde::Serialize, Error>) -> Value {
    json!(result.unwrap_or_else(|error| panic!("{error:?}")))
}

/// The subjects of the messages in a folder, or in the inbox, at which a foreign client looks.
pub(crate) fn lies(setup: &Setup, folder: Option<&str>) -> Vec<String> {
    setup.found(folder.unwrap_or("INBOX")).into_iter().map(|message| message.subject).collect()
}

/// A short message with this subject.
pub(crate) fn letter(subject: &str) -> Vec<u8> {
    let head = format!("From: Berta <berta@example.com>\nTo: anna@example.com\nSubject: {subject}\nMessage-ID: <{subject}@example.com>\n");
    format!("{head}Date: Fri, 20 Nov 2026 10:00:00 +0100\n\ntext of {subject}\n.a dot\n").into_bytes()
}

pub(crate) fn letters(subjects: &[&str]) -> Vec<Vec<u8>> {
    subjects.iter().map(|subject| letter(subject)).collect()
}
