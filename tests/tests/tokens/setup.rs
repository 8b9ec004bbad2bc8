//! A double of Entra ID, and mail servers that ask it about tokens.

use postkontor_core::{Account, Callbacks, Cancel, Error, Host, Secret};
use postkontor_plugin::merge;
use postkontor_tests::exchange::Exchange;
use postkontor_tests::exim::{Exim, Port};
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::skip;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// The servers of this process. One test at a time uses them: some end all tokens.
pub(crate) struct Servers {
    pub(crate) entra: Exchange,
    pub(crate) exim: Exim,
}

/// Secrets that a host has and keeps.
#[derive(Clone, Default)]
pub(crate) struct Keyring(pub(crate) Arc<Mutex<HashMap<String, String>>>);

impl Callbacks for Keyring {
    fn secret_get(&self, name: &str) -> Option<Secret> {
        self.0.lock().unwrap().get(name).map(Secret::new)
    }

    fn secret_put(&self, name: &str, value: &Secret) -> bool {
        self.0.lock().unwrap().insert(name.to_owned(), value.reveal().to_owned());
        true
    }
}

impl Keyring {
    pub(crate) fn host(&self) -> Arc<Host> {
        Host::open(&json!({"language": "en", "plugins": [plugins()]}).to_string(), Box::new(self.clone())).unwrap()
    }
}

/// The folder with the plugins that these tests are about.
pub(crate) fn plugins() -> &'static str {
    static PLUGINS: OnceLock<String> = OnceLock::new();
    PLUGINS.get_or_init(|| {
        // Kept until the process ends: the libraries in it stay loaded.
        let folder = Folder::new().unwrap().keep();
        Products::built().unwrap().plugins(&folder, &["pop3", "imap", "smtp", "exchange-ews", "graph"]).unwrap().display().to_string()
    })
}

/// The servers, for one test at a time; `None` where they cannot be had, which is noted.
pub(crate) fn servers() -> Option<(&'static Servers, MutexGuard<'static, ()>)> {
    static SERVERS: OnceLock<Option<Servers>> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let start = || {
        if !Exim::is_installed() {
            skip::because("Exim and Dovecot are not installed");
            return None;
        }
        let entra = Exchange::start().unwrap()?;
        let exim = Exim::start().unwrap();
        exim.dovecot().trust_tokens_of(&entra);
        Some(Servers { entra, exim })
    };
    let servers = SERVERS.get_or_init(start).as_ref()?;
    servers.entra.control("POST", "/tokens", &json!({"user": "anna@example.com", "device_interval": 1, "lifetime": 3600})).unwrap();
    Some((servers, turn))
}

impl Servers {
    /// An application of the double's with all roles, by its id; its secret is `geheim`.
    pub(crate) fn application(&self, id: &str, more: Value) -> String {
        let mut application = json!({"id": id, "secret": "geheim"});
        merge(&mut application, more);
        self.entra.control("POST", "/tokens/applications", &application).unwrap();
        id.to_owned()
    }

    /// The settings of an account whose token comes from the double.
    pub(crate) fn settings(&self, transport: &str, method: &str, oauth2: &Value) -> Value {
        let port = match transport {
            "smtp" => self.exim.port(Port::Implicit),
            "pop3" => self.exim.dovecot().pop3s,
            _ => self.exim.dovecot().imaps,
        };
        let mut from = json!({"provider": "microsoft", "tenant": "example.com", "authority": self.entra.secure()});
        merge(&mut from, oauth2.clone());
        let account = json!({"transport": transport, "server": {"host": "localhost", "port": port, "timeout_seconds": 30},
            "tls": {"mode": "implicit", "ca_file": self.exim.files().authority()},
            "auth": {"method": method, "user": "anna", "oauth2": from}});
        json!({"accounts": {"main": account}, "sender": {"address": "anna@example.com"}})
    }

    /// How often the double was asked for a token by this application.
    pub(crate) fn asked(&self, client: &str) -> usize {
        let log = self.entra.log().unwrap();
        let is_token =
            |entry: &&Value| entry["target"].as_str().is_some_and(|target| target.ends_with("/token")) && entry["user"] == client;
        log.iter().filter(is_token).count()
    }
}

pub(crate) fn patience() -> Cancel {
    Cancel::new(Some(Duration::from_secs(60)))
}

pub(crate) fn open(host: &Arc<Host>, settings: &Value) -> Account {
    Account::open(host, &settings.to_string(), None).unwrap_or_else(|error| panic!("{error:?}"))
}

/// The step of a report by its name.
pub(crate) fn step(account: &mut Account, name: &str) -> Value {
    let report = json!(account.test("", &patience()).unwrap_or_else(|error| panic!("{error:?}")));
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == name).cloned().unwrap_or_else(|| panic!("{report:#}"))
}

pub(crate) fn authorize(account: &mut Account, request: &Value) -> Result<Value, Error> {
    account.authorize(request.to_string().as_str(), &patience())?.read()
}

/// Opens a page as a browser does, by plain HTTP, and follows where it leads.
pub(crate) fn browse(url: &str) -> String {
    let mut url = url.to_owned();
    for _ in 0..5 {
        let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url}"));
        let (place, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let mut stream = TcpStream::connect(place).unwrap();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n").unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let answer = answer(&mut stream);
        match answer.lines().find_map(|line| line.strip_prefix("Location: ").or_else(|| line.strip_prefix("location: "))) {
            Some(next) => url = next.trim().to_owned(),
            None => return answer,
        }
    }
    panic!("{url} leads nowhere")
}

/// Head and body of an answer, whatever the server does with the connection then.
fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)));
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    bytes.append(&mut body);
    String::from_utf8(bytes).unwrap()
}
