//! A user with a new mailbox, and the library with the plugin.

use postkontor_core::{Account, Action, Callbacks, Cancel, Error, Fetched, Host};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_tests::exchange::Exchange;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// A user at work. The double is one of its own where faults and options are set.
pub(super) struct Setup {
    pub(super) exchange: &'static Exchange,
    pub(super) user: String,
    pub(super) host: Arc<Host>,
    pub(super) log: Arc<Mutex<Vec<String>>>,
}

struct Program(Arc<Mutex<Vec<String>>>);

impl Callbacks for Program {
    fn log(&self, _level: i32, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

/// The folder with the plugin, as an installation has it.
pub(super) fn plugins() -> &'static str {
    static PLUGINS: OnceLock<String> = OnceLock::new();
    PLUGINS.get_or_init(|| {
        // Kept until the process ends: the library in it stays loaded.
        let folder = Folder::new().unwrap().keep();
        Products::built().unwrap().plugins(&folder, &["graph"]).unwrap().display().to_string()
    })
}

pub(super) fn patience() -> Cancel {
    Cancel::new(Some(Duration::from_secs(240)))
}

impl Setup {
    /// A new user at the double that all tests share; nothing where there is none.
    pub(super) fn new() -> Option<Setup> {
        Setup::at(Exchange::shared().unwrap()?)
    }

    /// A new user at a double of its own, for tests that break it.
    pub(super) fn alone() -> Option<Setup> {
        Setup::at(Box::leak(Box::new(Exchange::start().unwrap()?)))
    }

    fn at(exchange: &'static Exchange) -> Option<Setup> {
        let log = Arc::new(Mutex::new(Vec::new()));
        let config = json!({"language": "en", "log": {"level": "debug"}, "plugins": [plugins()]});
        let host = Host::open(&config.to_string(), Box::new(Program(Arc::clone(&log)))).unwrap();
        Some(Setup { exchange, user: exchange.user().unwrap(), host, log })
    }

    /// A token of the application with these roles.
    pub(super) fn token(&self, roles: &[&str]) -> String {
        let asked = json!({"audience": "https://graph.microsoft.com", "scopes": roles});
        self.exchange.control("POST", "/tokens/give", &asked).unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    /// The settings of an account that may send, read and change.
    pub(super) fn settings(&self) -> Value {
        let token = self.token(&["Mail.Send", "Mail.ReadWrite"]);
        json!({"accounts": {"main": {"transport": "graph",
            "exchange": {"url": format!("{}/v1.0", self.exchange.clear()), "mailbox": self.user},
            "auth": {"method": "oauth2", "user": self.user, "oauth2": {"access_token": token}, "allow_cleartext": true}}},
            "sender": {"address": self.user}})
    }

    pub(super) fn account(&self) -> Account {
        self.open(&self.settings())
    }

    pub(super) fn open(&self, settings: &Value) -> Account {
        Account::open(&self.host, &settings.to_string(), None).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The messages of a folder by its distinguished name or its path.
    pub(super) fn messages(&self, folder: &str) -> Vec<Value> {
        let shown = self.exchange.control("POST", "/mailbox", &json!({"mailbox": self.user})).unwrap();
        let folders = shown["folders"].as_array().unwrap();
        let found = folders.iter().find(|shown| shown["distinguished"] == folder || shown["path"] == folder);
        found.unwrap_or_else(|| panic!("no {folder} in {shown}"))["messages"].as_array().unwrap().clone()
    }

    /// Puts a message into a folder.
    pub(super) fn put(&self, folder: &str, mime: &str) {
        self.control("/messages", json!({"mailbox": self.user, "folder": folder, "mime": mime}));
    }

    pub(super) fn control(&self, path: &str, body: Value) -> Value {
        self.exchange.control("POST", path, &body).unwrap()
    }

    pub(super) fn fault(&self, operation: &str, times: u64, action: Value) {
        let action = json!({"match": {"operation": operation}, "times": times, "action": action});
        self.exchange.fault(&action).unwrap();
    }

    /// What was delivered to an address.
    pub(super) fn delivered(&self, address: &str) -> Vec<Value> {
        let all = self.exchange.deliveries().unwrap();
        all.into_iter().filter(|delivery| delivery["to"].as_array().unwrap().iter().any(|to| to == address)).collect()
    }

    /// The bytes of what was delivered.
    pub(super) fn bytes(&self, delivery: &Value) -> Vec<u8> {
        self.exchange.control_bytes("GET", &format!("/deliveries/{}", delivery["number"]), &Value::Null).unwrap()
    }
}

/// Sends a message document.
pub(super) fn send(account: &mut Account, document: &Value) -> Result<Value, Error> {
    account.send_document(&document.to_string(), &[], &patience()).map(|receipt| json!(receipt))
}

/// A message as the program got it.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) summary: Value,
    pub(super) raw: Vec<u8>,
}

impl Got {
    pub(super) fn subject(&self) -> &str {
        self.summary["subject"].as_str().unwrap_or_default()
    }
}

/// Fetches, and gives each message the action that `judge` finds.
pub(super) fn fetch(account: &mut Account, request: &Value, mut judge: impl FnMut(&Got) -> Action) -> (Result<Value, Error>, Vec<Got>) {
    let mut all = Vec::new();
    let mut take = |fetched: Fetched<'_>| {
        let got = Got {
            summary: postkontor_plugin::serde_json::from_str(fetched.summary).unwrap(),
            raw: fetched.message.bytes(None).unwrap().into_owned(),
        };
        let action = judge(&got);
        all.push(got);
        action
    };
    let result = account.receive(&request.to_string(), Some(&mut take), &patience());
    (result.map(|received| json!(received)), all)
}

/// The subjects of what was fetched, sorted.
pub(super) fn subjects(got: &[Got]) -> Vec<&str> {
    let mut subjects: Vec<&str> = got.iter().map(Got::subject).collect();
    subjects.sort_unstable();
    subjects
}

/// What stands in an attachment of this size.
pub(super) fn content(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index % 251) as u8).collect()
}

/// A delivered message, read by core.
pub(super) struct Read {
    pub(super) head: String,
    pub(super) html: String,
    /// Name, size, and whether the content is what it was.
    pub(super) attachments: Vec<(String, usize, bool)>,
}

pub(super) fn opened(raw: &[u8]) -> Read {
    let message = mail_parser::MessageParser::default().parse(raw).unwrap();
    let attachments = message.attachments().map(|part| {
        let bytes = part.contents();
        (mail_parser::MimeHeaders::attachment_name(part).unwrap_or_default().to_owned(), bytes.len(), bytes == content(bytes.len()))
    });
    let attachments = attachments.collect();
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(raw.len());
    let html = message.body_html(0).map(|html| html.into_owned()).unwrap_or_default();
    Read { head: String::from_utf8_lossy(&raw[..end]).into_owned(), html, attachments }
}
