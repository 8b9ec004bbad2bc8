//! A store, a mail server that keeps what it takes, and programs that use the outbox.

use postkontor_core::{Cancel, Config, Host};
use postkontor_outbox::Outbox;
use postkontor_tests::folder::Folder;
use postkontor_tests::postgresql::Postgresql;
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The transport that mails go out by.
static SMTP: postkontor_plugin::abi::raw::Plugin = postkontor_plugin::abi::vtable::<postkontor_smtp::Smtp>();

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgresql,
}

/// A store, a mail server and the settings that lead to both.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) settings: Value,
    pub(crate) server: Option<Postgresql>,
    pub(crate) folder: Folder,
}

impl Scene {
    /// Nothing where this machine lacks the store.
    pub(crate) fn on(store: Store, changes: &Value) -> Option<Scene> {
        let folder = Folder::new().unwrap();
        let sandbox = Sandbox::start(Options { keep: 4096, ..Options::default() }).unwrap();
        let (server, url) = match store {
            Store::Sqlite => (None, format!("sqlite:{}", folder.file("outbox.db").display())),
            Store::Postgresql if !Postgresql::is_installed() => {
                postkontor_tests::skip::because("PostgreSQL is not installed");
                return None;
            }
            Store::Postgresql => {
                let data = folder.file("server");
                std::fs::create_dir(&data).unwrap();
                let server = Postgresql::start(&data).unwrap();
                let url = server.database("scene").unwrap();
                (Some(server), url)
            }
        };
        let mut settings = json!({
            "accounts": {"main": {"transport": "smtp", "server": {"host": "127.0.0.1", "port": sandbox.port}, "tls": {"mode": "none"},
                "auth": {"method": "plain", "user": "anna", "password": "Geheim-7", "allow_cleartext": true}}},
            "sender": {"address": "office@example.com"},
            "outbox": {"store": url, "retry": {"first_seconds": 1, "factor": 1, "max_seconds": 1}},
        });
        merge(&mut settings, changes);
        let scene = Scene { sandbox, settings, server, folder };
        scene.write_settings();
        Some(scene)
    }

    pub(crate) fn settings_file(&self) -> PathBuf {
        self.folder.file("settings.json")
    }

    /// Writes the settings for programs that start from now on.
    pub(crate) fn write_settings(&self) {
        std::fs::write(self.settings_file(), self.settings.to_string()).unwrap();
    }

    /// An outbox of this process.
    pub(crate) fn outbox(&self) -> Outbox {
        let host = Host::open_with(&Config::default(), Box::new(()), &[&SMTP]).unwrap();
        Outbox::open(&host, &self.settings.to_string(), &Cancel::default()).unwrap()
    }

    /// Starts a program that puts or works.
    pub(crate) fn program(&self, words: &[&str]) -> Program {
        Program::start(Command::new(env!("CARGO_BIN_EXE_postkontor-outbox-worker")).arg(self.settings_file()).args(words))
    }

    /// How often the mail server took each Message-ID.
    pub(crate) fn taken(&self) -> HashMap<String, usize> {
        let mut taken = HashMap::new();
        for mail in self.sandbox.mails() {
            *taken.entry(message_id(&mail.data)).or_default() += 1;
        }
        taken
    }

    /// All entries, oldest first.
    pub(crate) fn entries(&self) -> Vec<Value> {
        let (mut outbox, mut entries, mut after) = (self.outbox(), Vec::new(), Value::Null);
        loop {
            let mut request = json!({"order": "oldest", "limit": 1000});
            if !after.is_null() {
                request["after"] = after;
            }
            let mut page = json!(outbox.query(&request.to_string(), &Cancel::default()).unwrap());
            entries.append(page["entries"].as_array_mut().unwrap());
            after = page["next"].take();
            if after.is_null() {
                return entries;
            }
        }
    }

    /// How many entries are in a state.
    pub(crate) fn count(&self, state: &str) -> usize {
        self.entries().iter().filter(|entry| entry["state"] == state).count()
    }

    /// Waits until no entry is in one of these states, and fails after `patience`.
    pub(crate) fn wait_until_none_is(&self, states: &[&str], patience: Duration) {
        let started = Instant::now();
        loop {
            let entries = self.entries();
            let left: Vec<&Value> = entries.iter().filter(|entry| states.iter().any(|state| entry["state"] == *state)).collect();
            if left.is_empty() {
                return;
            }
            assert!(started.elapsed() < patience, "{} are left, the first: {:#}", left.len(), left[0]);
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            changes.iter().for_each(|(name, value)| merge(into.entry(name).or_insert(Value::Null), value));
        }
        (into, changes) => *into = changes.clone(),
    }
}

/// The Message-ID of a mail.
pub(crate) fn message_id(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    let line = text.lines().find_map(|line| line.strip_prefix("Message-ID: <")).unwrap();
    line.trim_end_matches('>').to_owned()
}

/// A program that uses the outbox.
pub(crate) struct Program {
    pub(crate) child: Child,
    said: Receiver<String>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Starts it and waits until its outbox is open.
    pub(crate) fn start(command: &mut Command) -> Program {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (say, said) = channel();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&heard);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                keep.lock().unwrap().push(line.clone());
                // Who waits for lines may be gone.
                let _ = say.send(line);
            }
        });
        let program = Program { child, said, heard };
        program.wait_for("begun");
        program
    }

    /// Waits for a line that begins so.
    pub(crate) fn wait_for(&self, begin: &str) -> String {
        loop {
            let line = self.said.recv_timeout(Duration::from_secs(120)).unwrap_or_else(|_| panic!("no {begin}: {:?}", self.heard()));
            if line.starts_with(begin) {
                return line;
            }
            assert!(!line.starts_with("failed"), "{line}");
        }
    }

    /// All that it has said so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Kills it at once (SIGKILL), and waits until all it said was heard.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.end()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        self.end()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.child.wait().unwrap();
        while self.said.recv().is_ok() {}
        self.heard()
    }
}
