//! A day in the life of an ERP, as its log tells it: docs/diagnosis.md shows the run that this test makes.
//!
//! `POSTKONTOR_WRITE_DOCS=1 cargo test -p postkontor-tests --test day` writes the page.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod servers;

use postkontor_core::{Account, Cancel, Error, Host};
use postkontor_tests::engine::PATIENCE;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::strangers::root;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

const PASSWORD: &str = "Geheim 7";

/// The ERP, and the clock on its wall.
struct Day {
    folder: Folder,
    host: Arc<Host>,
    settings: Value,
    accounts: BTreeMap<String, Account>,
    /// Words that are another in each run, and those that stand in the page for them.
    words: Vec<(String, &'static str)>,
    page: String,
}

impl Day {
    fn begin() -> (Day, Sandbox) {
        let folder = Folder::new().unwrap();
        let plugins = Products::built().unwrap().plugins(folder.path(), &["smtp", "imap", "pop3", "sendmail"]).unwrap();
        let sandbox = Sandbox::start(Options { password: PASSWORD.to_owned(), ..Options::default() }).unwrap();
        let (imap, pop3, suspicious, closed) = (servers::imap(), servers::pop3(), servers::suspicious(), sandbox.closed.port);
        let command = folder.file("sendmail");
        fs::write(&command, "#!/bin/sh\ncat > /dev/null\nexit \"$(cat \"${0%/*}/exit\")\"\n").unwrap();
        executable(&command);
        fs::write(folder.file("exit"), "0").unwrap();
        let auth = json!({"method": "plain", "user": "anna", "password": PASSWORD});
        let account = |transport: &str, port: u16, tls: Value| json!({"transport": transport, "server": {"host": "localhost", "port": port}, "tls": tls, "auth": auth});
        let clear = || json!({"mode": "none"});
        let login = |mut account: Value, method: &str, user: &str| {
            account["auth"]["method"] = json!(method);
            account["auth"]["user"] = json!(user);
            account["auth"]["allow_cleartext"] = json!(true);
            account
        };
        let settings = json!({
            "accounts": {
                "invoices": account("smtp", sandbox.port, json!({"mode": "starttls", "ca_file": sandbox.ca_file})),
                "down": account("smtp", closed, json!({"mode": "starttls"})),
                "reserve": account("smtp", sandbox.tls_port, json!({"mode": "implicit", "verify": false})),
                "old": login(account("smtp", suspicious, clear()), "plain", "anna"),
                "inbox": login(account("imap", imap, clear()), "password", "anna"),
                "orders": login(account("pop3", pop3, clear()), "password", "anna"),
                "noon": login(account("pop3", pop3, clear()), "password", "noon"),
                "local": {"transport": "sendmail", "sendmail": {"command": command}},
            },
            "sender": {"address": "office@example.com", "charset": "windows-1252"},
            "send": {"account": "down", "fallback": ["reserve"]},
        });
        let config = json!({"plugins": [plugins], "log": {"file": folder.file("mail.log")}});
        let host = Host::open(&config.to_string(), Box::new(())).unwrap();
        let port = |port: u16| format!(":{port}");
        let words = vec![
            (port(sandbox.port), ":587"),
            (port(sandbox.tls_port), ":465"),
            (port(closed), ":2587"),
            (format!("port {closed}"), "port 2587"),
            (port(suspicious), ":25"),
            (port(imap), ":143"),
            (port(pop3), ":110"),
            (folder.path().display().to_string(), "/srv/erp"),
        ];
        (Day { folder, host, settings, accounts: BTreeMap::new(), words, page: String::new() }, sandbox)
    }

    /// Lets something happen at a time of the day, and takes down what the log says of it.
    fn at<T>(&mut self, time: &str, account: Option<&str>, call: impl FnOnce(&mut Account) -> Result<T, Error>) {
        // As an ERP does, it keeps an account that it has opened.
        let name = account.unwrap_or_default();
        let mut opened = match self.accounts.remove(name) {
            Some(opened) => opened,
            None => Account::open(&self.host, &self.settings.to_string(), account).unwrap(),
        };
        drop(call(&mut opened));
        self.accounts.insert(name.to_owned(), opened);
        let file = self.folder.file("mail.log");
        let log = fs::read_to_string(&file).unwrap();
        fs::write(&file, "").unwrap();
        assert!(!log.is_empty(), "{time}: the log says nothing");
        let mut lines = String::new();
        for line in log.lines() {
            // The day of the page; each line has a time of its own.
            assert!(line.as_bytes()[10] == b'T' && line.as_bytes()[23] == b'Z', "{line}");
            let (level, rest) = line[24..].split_at(13);
            let (process, text) = rest.split_once(' ').unwrap();
            assert!(process.starts_with(&format!("{}.", std::process::id())), "{line}");
            lines += &format!("2026-11-30T{time}:00.000Z{level}4711.1 {}\n", without_durations(text));
        }
        self.page += &self.words.iter().fold(lines, |lines, (own, shown)| lines.replace(own, shown));
    }
}

/// How long something took is another in each run.
fn without_durations(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for at in 1..words.len() {
        let is_duration = words[at].starts_with('s') && words[at].len() <= 2 && words[at - 1].parse::<f64>().is_ok();
        if is_duration && words[at - 1].contains('.') {
            words[at - 1] = "0.042".to_owned();
        }
    }
    words.join(" ")
}

fn executable(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o700)).unwrap();
}

fn mail(id: &str, to: &[&str], subject: &str) -> String {
    json!({
        "to": to, "subject": subject, "text": "Guten Tag,\nanbei die Rechnung.\n",
        "message_id": format!("{id}@example.com"), "date": "2026-11-30T08:00:00+00:00",
    })
    .to_string()
}

#[test]
fn the_page_shows_a_day_as_it_was() {
    let (mut day, _sandbox) = Day::begin();
    let cancel = || Cancel::new(Some(PATIENCE));
    let exit = day.folder.file("exit");
    day.at("07:30", Some("invoices"), |account| account.test("", &cancel()));
    day.at("07:31", Some("old"), |account| account.test("", &cancel()));
    day.at("08:02", Some("inbox"), |account| account.receive(r#"{"action":"seen"}"#, None, &cancel()));
    day.at("08:05", Some("orders"), |account| account.receive("", None, &cancel()));
    day.at("08:40", Some("invoices"), |account| {
        account.send_document(&mail("rechnung-1001", &["kunde@example.net"], "Rechnung 1001"), &[], &cancel())
    });
    day.at("09:15", Some("invoices"), |account| {
        account.send_document(&mail("rechnung-1002", &["kunde@example.net", "refused@example.net"], "Rechnung 1002"), &[], &cancel())
    });
    day.at("10:00", None, |account| {
        account.send_document(&mail("mahnung-17", &["kunde@example.net"], "Mahnung 17 für Łódź"), &[], &cancel())
    });
    day.at("11:20", Some("old"), |account| account.send_document(&mail("angebot-3", &["kunde@example.net"], "Angebot 3"), &[], &cancel()));
    day.at("12:00", Some("noon"), |account| account.receive("", None, &cancel()));
    day.at("13:10", Some("inbox"), |account| account.receive(r#"{"folder":"Archiv"}"#, None, &cancel()));
    day.at("14:30", Some("inbox"), |account| account.list("", &cancel()));
    day.at("15:00", Some("local"), |account| account.send_document(&mail("bericht-30", &["chef@example.com"], "Bericht"), &[], &cancel()));
    fs::write(&exit, "67").unwrap();
    day.at("16:45", Some("local"), |account| {
        account.send_document(&mail("bericht-31", &["niemand@example.com"], "Bericht"), &[], &cancel())
    });
    day.at("17:00", Some("invoices"), |account| account.send_document(r#"{"to":["kunde"],"text":"x"}"#, &[], &cancel()));

    assert!(!day.page.contains(PASSWORD) && !day.page.contains("Geheim"), "{}", day.page);
    let path = root().join("docs/diagnosis.md");
    let document = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- day -->\n```\n", "```\n<!-- day -->");
    let (before, rest) = document.split_once(begin).unwrap();
    let (found, after) = rest.split_once(end).unwrap();
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        fs::write(&path, format!("{before}{begin}{}{end}{after}", day.page)).unwrap();
        return;
    }
    assert_eq!(found, day.page, "docs/diagnosis.md is stale; see the top of this test");
}
