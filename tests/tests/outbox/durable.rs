//! An acknowledgement comes after a sync, as strace sees it; and what a mail of a gigabyte takes.

use crate::rig::{Store, entries, host, mail, patience, put, sqlite, stores};
use postkontor_core::Cancel;
use postkontor_outbox::{Outbox, State};
use postkontor_tests::folder::Folder;
use postkontor_tests::guard::until;
use postkontor_tests::postgresql::Postgresql;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::skip;
use serde_json::json;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

/// The settings of an outbox on which this program, started once more, is to work.
const SETTINGS: &str = "POSTKONTOR_TEST_OUTBOX";

/// This program, which is to run one of its parts in a process of its own.
fn part(before: &[&str], name: &str, settings: &str) -> Command {
    let program = std::env::current_exe().unwrap().display().to_string();
    let words: Vec<&str> =
        before.iter().copied().chain([program.as_str(), "--exact", name, "--ignored", "--nocapture", "--test-threads=1"]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env(SETTINGS, settings);
    command
}

fn outbox() -> Outbox {
    let settings = std::env::var(SETTINGS).unwrap();
    Outbox::open(&host(), &settings, &patience()).unwrap()
}

#[test]
#[ignore = "a part of the others, in a process of its own"]
#[allow(clippy::print_stdout, reason = "what strace sees")]
fn puts_and_acknowledges() {
    let mut outbox = outbox();
    for number in 0..20 {
        put(&mut outbox, &mail("a@example.com")).unwrap();
        std::io::stdout().write_all(format!("ACK {number}\n").as_bytes()).unwrap();
    }
    let large = json!({"message": {"to": "a@example.com", "text": "x".repeat(700_000)}});
    put(&mut outbox, &large).unwrap();
    std::io::stdout().write_all(b"ACK large\n").unwrap();
}

fn succeeded(output: &Output) {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
}

#[test]
fn a_file_is_synced_before_each_acknowledgement() {
    if !Path::new("/usr/bin/strace").exists() {
        return skip::because("strace is not installed");
    }
    let store = sqlite();
    // The tables are made before.
    drop(store.open().unwrap());
    let log = store.folder.path().join("strace.log");
    let file = log.display().to_string();
    let strace = ["strace", "-f", "-y", "-s", "16", "-o", &file, "-e", "trace=fsync,fdatasync,write"];
    succeeded(&part(&strace, "durable::puts_and_acknowledges", &store.settings(9).to_string()).output().unwrap());
    let (mut synced, mut acknowledged) = (Vec::new(), 0);
    for line in std::fs::read_to_string(&log).unwrap().lines() {
        if (line.contains(" fdatasync(") || line.contains(" fsync(")) && line.ends_with("= 0") {
            let path = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap_or_default().0;
            synced.push(path.rsplit('/').next().unwrap_or_default().to_owned());
        } else if line.contains("\"ACK ") {
            assert!(synced.iter().any(|name| name == "outbox.db-wal"), "nothing was synced before {line}");
            if line.contains("ACK large") {
                let place = |wanted: &dyn Fn(&str) -> bool| synced.iter().position(|name| wanted(name)).unwrap();
                let content = place(&|name| !name.starts_with("outbox.db"));
                let folder = place(&|name| name == "outbox.db-content");
                let row = synced.iter().rposition(|name| name == "outbox.db-wal").unwrap();
                assert!(content < row && folder < row, "the file and its name are on the disk before its row: {synced:?}");
            }
            synced.clear();
            acknowledged += 1;
        }
    }
    assert_eq!(acknowledged, 21);
}

#[test]
fn a_server_syncs_before_each_acknowledgement() {
    if !Path::new("/usr/bin/strace").exists() || !Postgresql::is_installed() {
        return skip::because("strace or PostgreSQL is not installed");
    }
    let folder = Folder::new().unwrap();
    let server = Postgresql::start(folder.path()).unwrap();
    let store = Store { url: server.database("traced").unwrap() + "?sslmode=disable", folder, database: None };
    drop(store.open().unwrap());
    let pid = std::fs::read_to_string(server.data().join("postmaster.pid")).unwrap();
    let (traces, said) = (Folder::new().unwrap(), store.folder.path().join("strace.out"));
    let log = traces.path().join("log").display().to_string();
    // Each process has a file of its own; those that serve a connection begin after this.
    let command = ["strace", "-ff", "-y", "-s", "512", "-o", &log, "-e", "trace=fsync,fdatasync,sendto", "-p", pid.lines().next().unwrap()];
    let strace = Command::new(command[0]).args(&command[1..]).stderr(std::fs::File::create(&said).unwrap()).spawn();
    let mut strace = strace.unwrap();
    let attached = || std::fs::read_to_string(&said).is_ok_and(|said| said.contains("attached")).then_some(());
    let is_attached = until(Duration::from_secs(20), attached).is_some();
    let output = part(&["env"], "durable::puts_and_acknowledges", &store.settings(9).to_string()).output();
    strace.kill().unwrap();
    strace.wait().unwrap();
    assert!(is_attached, "{}", std::fs::read_to_string(&said).unwrap());
    succeeded(&output.unwrap());
    let mut commits = 0;
    for file in std::fs::read_dir(traces.path()).unwrap().flatten() {
        let (mut is_synced, text) = (false, std::fs::read_to_string(file.path()).unwrap());
        let is_ours = text.matches("INSERT 0 1").count() >= 20;
        for line in text.lines().filter(|_| is_ours) {
            if line.contains("sync(") && line.contains("pg_wal") && line.ends_with("= 0") {
                is_synced = true;
            } else if line.contains("COMMIT") {
                assert!(is_synced, "nothing was synced before {line}");
                is_synced = false;
                commits += 1;
            }
        }
    }
    assert!(commits >= 21, "{commits}");
}

/// What the attachment of a large mail has; set `POSTKONTOR_TEST_GIGABYTES` for more.
fn size() -> u64 {
    std::env::var("POSTKONTOR_TEST_GIGABYTES").ok().and_then(|number| number.parse::<u64>().ok()).map_or(100 << 20, |number| number << 30)
}

#[test]
#[ignore = "a part of the others, in a process of its own"]
#[allow(clippy::print_stderr, reason = "figures for the person at the terminal")]
fn puts_and_sends_a_large_mail() {
    let mut outbox = outbox();
    let most = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap()
    };
    let cancel = Cancel::new(Some(Duration::from_secs(400)));
    outbox.put(&mail("a@example.com").to_string(), &[], &cancel).unwrap();
    assert_eq!(outbox.work("", &cancel).unwrap().sent, 1);
    let before = most();
    let file = std::env::var("POSTKONTOR_TEST_FILE").unwrap();
    let large = json!({"message": {"to": "b@example.com", "text": "x", "attachments": [{"name": "a.bin", "file": file}]}, "key": "large"});
    outbox.put(&large.to_string(), &[], &cancel).unwrap();
    let put = most();
    assert_eq!(outbox.work("", &cancel).unwrap().sent, 1);
    let sent = most();
    assert!(put - before < 16 << 10 && sent - before < 16 << 10, "{before} kB, {put} kB, {sent} kB");
    eprintln!("memory: {before} kB before, {put} kB after it was put, {sent} kB after it was sent");
}

#[test]
#[allow(clippy::print_stderr, reason = "figures for the person at the terminal")]
fn a_large_mail_takes_no_more_memory_than_a_small_one() {
    for store in stores() {
        let sandbox = Sandbox::start(Options { keep: 1000, ..Options::default() }).unwrap();
        let file = store.folder.path().join("a.bin");
        std::fs::File::create(&file).unwrap().set_len(size()).unwrap();
        let settings = store.settings(sandbox.port).to_string();
        let output = part(&["env"], "durable::puts_and_sends_a_large_mail", &settings).env("POSTKONTOR_TEST_FILE", &file).output().unwrap();
        succeeded(&output);
        eprint!("{}", String::from_utf8_lossy(&output.stderr).lines().filter(|line| line.starts_with("memory")).collect::<String>() + "\n");
        let mut outbox = Outbox::open(&host(), &settings, &patience()).unwrap();
        let entry = entries(&mut outbox, &json!({"key": "large"})).remove(0);
        assert_eq!((entry.state, sandbox.mails().len()), (State::Sent, 2));
        assert!(entry.size > size() / 3 * 4, "{}", entry.size);
        assert_eq!(store.sql("SELECT COUNT(*) FROM postkontor_outbox_blocks").trim(), "0");
        assert_eq!(std::fs::read_dir(store.folder.path().join("outbox.db-content")).map_or(0, Iterator::count), 0);
    }
}
