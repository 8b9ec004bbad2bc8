//! A password is in no error, no report, no transcript, no log and no file, whatever the method, the transport, and the form in which a
//! server gives it back.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod echo;
mod forms;
#[cfg(target_os = "linux")]
mod memory;
mod random;
#[cfg(target_os = "linux")]
mod store;

use echo::Protocol;
use forms::leak;
use postkontor_core::{Account, Callbacks, Cancel, Error, Host};
use postkontor_tests::engine::PATIENCE;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// Quotes, backslash, blank, and what web pages and forms escape; the second with an umlaut, which other charsets write differently.
const SECRETS: [&str; 2] = [r#"Wo"rt\ro & <+ 7kBuch"#, r#"Zü"ri\ch & <+ 9qBuch"#];

/// A token has no blanks and no umlauts.
const TOKEN: &str = r#"Wo"rt\ro&<+7kBuch"#;

const METHODS: [&str; 9] = ["auto", "password", "plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "ntlm"];

/// A program that keeps its log.
#[derive(Default, Clone)]
struct Program(Arc<Mutex<String>>);

impl Callbacks for Program {
    fn log(&self, _level: i32, text: &str) {
        let mut log = self.0.lock().unwrap();
        log.push_str(text);
        log.push('\n');
    }
}

struct Rig {
    folder: Folder,
    program: Program,
    host: Arc<Host>,
    plugins: std::path::PathBuf,
}

impl Rig {
    fn new() -> Rig {
        let folder = Folder::new().unwrap();
        let plugins = Products::built().unwrap().plugins(folder.path(), &["smtp", "imap", "pop3"]).unwrap();
        let program = Program::default();
        let log = json!({"file": folder.file("mail.log"), "level": "trace"});
        let config = json!({"plugins": [plugins], "log": log, "protocol": true});
        let host = Host::open(&config.to_string(), Box::new(program.clone())).unwrap();
        Rig { folder, program, host, plugins }
    }

    /// Lets an account test, and send or fetch; the answer is all that was said about it.
    fn told(&self, settings: &Value) -> String {
        let cancel = Cancel::new(Some(PATIENCE));
        let mut told = Vec::new();
        let mut take = |result: Value| strings(&result, &mut told);
        match Account::open(&self.host, &settings.to_string(), Some("main")) {
            Ok(mut account) => {
                take(result(account.test("", &cancel)));
                if settings["accounts"]["main"]["transport"] == "smtp" {
                    take(result(account.send_document(r#"{"to":["b@example.com"],"subject":"x","text":"x"}"#, &[], &cancel)));
                } else {
                    take(result(account.receive("", None, &cancel)));
                    take(result(account.list("", &cancel)));
                }
            }
            Err(error) => take(json!(error)),
        }
        told.push(std::mem::take(&mut *self.program.0.lock().unwrap()));
        told.push(std::fs::read_to_string(self.folder.file("mail.log")).unwrap());
        std::fs::write(self.folder.file("mail.log"), "").unwrap();
        told.join("\n")
    }

    /// The same by the command: what it prints, and its trace.
    fn shown(&self, settings: &Value) -> String {
        let file = |name: &str| self.folder.file(name);
        std::fs::write(file("settings.json"), settings.to_string()).unwrap();
        std::fs::write(file("mail.json"), r#"{"to":["b@example.com"],"subject":"x","text":"x"}"#).unwrap();
        let mut shown = Vec::new();
        for verb in ["test", "send", "list"] {
            let mut command = Command::new(Products::built().unwrap().command());
            command
                .arg(verb)
                .arg(file("settings.json"))
                .args(["--account", "main", "--timeout", "60"])
                .arg("--trace")
                .arg(file("trace.txt"));
            command.arg("--plugins").arg(&self.plugins);
            if verb == "send" {
                command.arg("--message").arg(file("mail.json"));
            }
            let output = command.output().unwrap();
            shown.extend([output.stdout, output.stderr, std::fs::read(file("trace.txt")).unwrap()]);
        }
        String::from_utf8_lossy(&shown.join(&b"\n"[..])).into_owned()
    }
}

/// Every text of a document, as a program that reads JSON sees it.
fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, into)),
        Value::Object(members) => members.values().for_each(|value| strings(value, into)),
        _ => {}
    }
}

fn settings(transport: &str, port: u16, method: &str, secret: &str) -> Value {
    let mut auth = json!({"method": method, "user": "anna", "allow_cleartext": true});
    match method {
        "xoauth2" | "oauthbearer" => auth["oauth2"] = json!({"access_token": secret}),
        _ => auth["password"] = json!(secret),
    }
    let main = json!({"transport": transport, "server": {"host": "127.0.0.1", "port": port}, "tls": {"mode": "none"}, "auth": auth});
    json!({"accounts": {"main": main}, "sender": {"address": "a@example.com"}})
}

/// Every method against a server that refuses at once, and against one that refuses later.
fn nothing_leaks(protocol: Protocol, transport: &str, methods: &[&str]) {
    let rig = Rig::new();
    for (secret, methods) in [(SECRETS[0], methods), (SECRETS[1], methods), (TOKEN, &["xoauth2", "oauthbearer"])] {
        for late in [false, true] {
            let port = echo::start(protocol, secret, late);
            for method in methods {
                let told = rig.told(&settings(transport, port, method, secret));
                // The echo came, and stars stand in its place.
                let stars = told.matches("***").count();
                // A server that accepts every login without a proof of its own, or before the exchange has ended, gets no further word.
                let has_echo = !late || ["plain", "login", "cram-md5", "xoauth2", "oauthbearer"].contains(method);
                assert!(stars > if has_echo { 40 } else { 2 }, "{transport} {method} late {late}: only {stars}\n{told}");
                if let Some(leak) = leak(&told, secret) {
                    panic!("{transport} {method} late {late}: {leak}");
                }
            }
            let shown = rig.shown(&settings(transport, port, methods[0], secret));
            assert!(shown.contains("***"), "{shown}");
            assert_eq!(leak(&shown, secret), None, "{transport}, by the command");
        }
    }
}

#[test]
fn smtp_tells_no_password() {
    nothing_leaks(Protocol::Smtp, "smtp", &METHODS);
}

#[test]
fn imap_tells_no_password() {
    nothing_leaks(Protocol::Imap, "imap", &METHODS);
}

#[test]
fn pop3_tells_no_password() {
    nothing_leaks(Protocol::Pop3, "pop3", &[&METHODS[..], &["apop"]].concat());
}

#[test]
fn pop3_before_smtp_tells_no_password() {
    let rig = Rig::new();
    for secret in SECRETS {
        let (smtp, pop3) = (echo::start(Protocol::Smtp, secret, false), echo::start(Protocol::Pop3, secret, false));
        let mut settings = settings("smtp", smtp, "pop-before-smtp", secret);
        settings["accounts"]["main"]["smtp"] = json!({"pop3": {"host": "127.0.0.1", "port": pop3, "mode": "none"}});
        let told = rig.told(&settings);
        assert!(told.matches("***").count() > 40, "{told}");
        assert_eq!(leak(&told, secret), None);
    }
}

#[test]
fn a_proxy_tells_no_password() {
    let rig = Rig::new();
    for secret in SECRETS {
        let port = echo::start(Protocol::HttpProxy, secret, false);
        let encoded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for transport in ["smtp", "imap", "pop3"] {
            let mut settings = settings(transport, 25, "plain", "another one");
            settings["accounts"]["main"]["server"]["proxy"] = json!(format!("http://anna:{encoded}@127.0.0.1:{port}"));
            let told = rig.told(&settings);
            assert!(told.matches("***").count() > 40, "{told}");
            assert_eq!(leak(&told, secret), None, "{transport}");
        }
    }
}

/// The search finds what it is for.
#[test]
fn a_leak_would_be_found() {
    for secret in SECRETS {
        for form in forms::forms(secret) {
            let text = String::from_utf8(form.clone()).unwrap_or_else(|_| form.iter().map(|byte| char::from(*byte)).collect());
            assert!(leak(&format!("it is {text}."), secret).is_some(), "{text}");
        }
        assert_eq!(leak("a mail from anna", secret), None);
    }
}

/// A result or an error as the caller sees it.
fn result(result: Result<impl serde::Serialize, Error>) -> Value {
    result.map_or_else(|error| json!(error), |result| json!(result))
}
