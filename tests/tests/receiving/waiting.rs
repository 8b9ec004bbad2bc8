//! Waiting for mail that is not there yet, and `postkontor watch`.

use crate::setup::{Setup, ask, letter, letters, plugins, subjects};
use postkontor_core::{Account, Cancel, Status};
use postkontor_tests::folder::{Folder, private};
use postkontor_tests::guard::until;
use postkontor_tests::scripted::Scripted;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longer than any wait that ends with a message.
const LONG: u64 = 120;

/// Waits while letters are delivered one after the other; what came.
fn wait(setup: &Setup, account: &mut Account, mut request: Value, deliveries: &[&str]) -> Vec<String> {
    let begun = Instant::now();
    let seconds = request["wait_seconds"].as_u64().unwrap_or(LONG);
    request["wait_seconds"] = json!(seconds);
    let came = std::thread::scope(|scope| {
        scope.spawn(|| {
            for subject in deliveries {
                std::thread::sleep(Duration::from_millis(700));
                setup.dovecot().deliver_more(&setup.user, &[letter(subject)]).unwrap();
            }
        });
        subjects(account, request).0
    });
    assert!(begun.elapsed() < Duration::from_secs(LONG / 2), "it waited to the end");
    came
}

#[test]
fn a_message_that_is_delivered_while_idling_arrives() {
    for more in [json!({}), json!({"imap": {"compress": true}}), json!({"tls": {"mode": "none"}, "auth": {"allow_cleartext": true}})] {
        let Some(setup) = Setup::with(&letters(&["old"])) else { return };
        let mut more = more;
        if more["tls"]["mode"] == "none" {
            more["server"] = json!({"port": setup.dovecot().imap});
        }
        let mut account = setup.account_with("imap", more.clone());
        let (_, state) = subjects(&mut account, json!({}));
        assert_eq!(wait(&setup, &mut account, json!({"state": state}), &["new"]), ["new"], "{more}");
    }
}

#[test]
fn mail_that_the_filter_does_not_want_does_not_end_the_wait() {
    let Some(setup) = Setup::with(&letters(&["old"])) else { return };
    let mut account = setup.account("imap");
    let (_, state) = subjects(&mut account, json!({}));
    let request = json!({"state": state, "filter": {"subject": "wanted"}});
    assert_eq!(wait(&setup, &mut account, request, &["other", "wanted"]), ["wanted"]);
}

#[test]
fn where_no_server_tells_of_it_a_message_arrives_by_asking() {
    let Some(setup) = Setup::with(&letters(&["old"])) else { return };
    let silent = json!({"imap": {"idle_seconds": 0}});
    for mut account in [setup.account("pop3"), setup.account_with("imap", silent), setup.account_with("imap", setup.bare(json!({})))] {
        let (_, state) = subjects(&mut account, json!({}));
        assert_eq!(wait(&setup, &mut account, json!({"state": state, "wait_seconds": 3}), &["new"]), ["new"]);
        assert_eq!(subjects(&mut account, json!({"state": state})).0, ["new"], "a state is good for more than one call");
    }
}

#[test]
fn a_wait_ends_by_its_deadline_or_when_it_is_cancelled() {
    for transport in ["imap", "pop3"] {
        let Some(setup) = Setup::with(&letters(&["old"])) else { return };
        let mut account = setup.account(transport);
        let (_, state) = subjects(&mut account, json!({}));
        let request = json!({"state": state, "wait_seconds": LONG}).to_string();
        let begun = Instant::now();
        let received = ask(account.receive(&request, None, &Cancel::new(Some(Duration::from_secs(3)))));
        assert_eq!(received, json!({"messages": [], "state": state, "more": false}), "{transport}");
        let cancel = Cancel::new(None);
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(700));
                cancel.fire();
            });
            account.receive(&request, None, &cancel).unwrap_err()
        });
        assert_eq!(error.status, Status::Cancelled, "{transport}: {error:?}");
        assert!(begun.elapsed() < Duration::from_secs(LONG / 2), "{transport}: it waited to the end");
        // The account is good for the next call.
        setup.dovecot().deliver_more(&setup.user, &letters(&["new"])).unwrap();
        assert_eq!(subjects(&mut account, json!({"state": state})).0, ["new"], "{transport}");
    }
}

/// A running `postkontor watch`.
struct Watch {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Watch {
    fn start(folder: &Folder, settings: &Value, more: &[&str]) -> Watch {
        std::fs::write(folder.file("settings.json"), settings.to_string()).unwrap();
        // The command warns where others may read the password.
        private(&folder.file("settings.json")).unwrap();
        let mut command = postkontor(["watch", "--json", "--plugins", plugins()]).unwrap();
        command.arg(folder.file("settings.json")).arg("--to").arg(folder.file("in")).arg("--state").arg(folder.file("state"));
        command.args(more);
        // So that the end of a terminal is not its own.
        let mut nohup = std::process::Command::new("nohup");
        nohup.arg(command.get_program()).args(command.get_args());
        let mut child = nohup.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Watch { child, out, err }
    }

    /// The subjects of the next round that brought something.
    fn round(&self) -> Vec<String> {
        let line = self.out.recv_timeout(Duration::from_secs(LONG)).unwrap();
        let round: Value = serde_json::from_str(&line).unwrap();
        round["messages"].as_array().unwrap().iter().map(|message| message["subject"].as_str().unwrap().to_owned()).collect()
    }

    fn tell(&self, signal: &str) {
        let sent = std::process::Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Sends a signal and waits for the end; the rounds that were not read yet.
    fn end(mut self, signal: &str) -> (ExitStatus, Vec<String>) {
        self.tell(signal);
        let status = until(Duration::from_secs(LONG), || self.child.try_wait().unwrap()).unwrap();
        (status, self.out.iter().collect())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

/// How often each subject was saved. Nothing half may lie beside.
fn saved(folder: &Folder) -> BTreeMap<String, u32> {
    let mut saved = BTreeMap::new();
    for entry in std::fs::read_dir(folder.file("in")).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => {
                let summary: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                assert!(path.with_extension("eml").exists());
                *saved.entry(summary["subject"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            Some("part") => panic!("half a message: {}", path.display()),
            _ => (),
        }
    }
    saved
}

#[test]
fn watch_goes_on_where_it_was_killed() {
    for (transport, wait) in [("imap", "300"), ("pop3", "1")] {
        let Some(setup) = Setup::with(&letters(&["a"])) else { return };
        let (folder, settings) = (Folder::new().unwrap(), setup.settings(transport, json!({})));
        let deliver = |subject: &str| setup.dovecot().deliver_more(&setup.user, &letters(&[subject])).unwrap();
        let watch = Watch::start(&folder, &settings, &["--wait", wait]);
        assert_eq!(watch.round(), ["a"], "{transport}");
        deliver("b");
        assert_eq!(watch.round(), ["b"], "{transport}");
        watch.end("-KILL");
        deliver("c");
        let watch = Watch::start(&folder, &settings, &["--wait", wait]);
        assert_eq!(watch.round(), ["c"], "{transport}");
        watch.tell("-HUP");
        deliver("d");
        assert_eq!(watch.round(), ["d"], "{transport}");
        let (status, rest) = watch.end(if transport == "imap" { "-INT" } else { "-TERM" });
        assert_eq!((status.code(), rest.len()), (Some(0), 0), "{transport}");
        let once = ["a", "b", "c", "d"].map(|subject| (subject.to_owned(), 1));
        assert_eq!(saved(&folder), BTreeMap::from(once), "{transport}");
    }
}

#[test]
fn watch_that_is_stopped_while_it_fetches_has_nothing_half_and_nothing_twice() {
    let all: Vec<String> = (0..2000).map(|number| format!("m{number:05}")).collect();
    for (transport, then) in [("imap", "keep"), ("pop3", "keep"), ("imap", "delete")] {
        let Some(setup) = Setup::with(&letters(&all.iter().map(String::as_str).collect::<Vec<_>>())) else { return };
        let (folder, settings) = (Folder::new().unwrap(), setup.settings(transport, json!({})));
        let watch = Watch::start(&folder, &settings, &["--action", then]);
        let count = || std::fs::read_dir(folder.file("in")).map_or(0, Iterator::count);
        until(Duration::from_secs(LONG), || (count() > 300).then_some(())).unwrap();
        let (status, _) = watch.end("-INT");
        assert_eq!(status.code(), Some(0), "{transport} {then}");
        let before = saved(&folder).len();
        assert!((1..all.len()).contains(&before), "it was stopped after {before}");
        let watch = Watch::start(&folder, &settings, &["--action", then]);
        let mut rest = 0;
        while before + rest < all.len() {
            rest += watch.round().len();
        }
        assert_eq!(watch.end("-INT").0.code(), Some(0));
        let once: BTreeMap<String, u32> = all.iter().map(|subject| (subject.clone(), 1)).collect();
        assert_eq!(saved(&folder), once, "{transport} {then}");
    }
}

#[test]
fn watch_outlives_trouble_with_the_network() {
    for (mode, status) in [("implicit", "(6)"), ("none", "(7)")] {
        let Some(setup) = Setup::with(&letters(&["a"])) else { return };
        let port = if mode == "none" { setup.dovecot().imap } else { setup.dovecot().imaps };
        let is_up = Arc::new(AtomicBool::new(false));
        let open = Arc::clone(&is_up);
        // The way to the server, which is interrupted at first.
        let way = Scripted::start(move |client| {
            if !open.load(Ordering::SeqCst) {
                return Ok(());
            }
            let server = TcpStream::connect(("127.0.0.1", port))?;
            let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            std::io::copy(&mut &server, &mut &client).map(|_| ())
        });
        let more = json!({"server": {"port": way.unwrap().port}, "tls": {"mode": mode}, "auth": {"allow_cleartext": mode == "none"}});
        let (folder, settings) = (Folder::new().unwrap(), setup.settings("imap", more));
        let watch = Watch::start(&folder, &settings, &[]);
        let mut said = String::new();
        while !said.contains("Next attempt in") {
            said += &watch.err.recv_timeout(Duration::from_secs(LONG)).unwrap();
        }
        assert!(said.starts_with('✗') && said.contains(status), "{said}");
        is_up.store(true, Ordering::SeqCst);
        assert_eq!(watch.round(), ["a"]);
        assert_eq!(watch.end("-TERM").0.code(), Some(0));
    }
}

#[test]
fn watch_ends_with_the_status_of_what_does_not_pass() {
    let Some(setup) = Setup::new() else { return };
    let folder = Folder::new().unwrap();
    for (more, arguments, status) in [
        (json!({"auth": {"password": "falsch"}}), &[][..], 5),
        (json!({"server": {"timeout_seconds": "soon"}}), &[], 2),
        (json!({}), &["--filter", r#"{"since":"yesterday"}"#], 1),
        (json!({}), &["--folder", "Nirgends"], 14),
    ] {
        let mut watch = Watch::start(&folder, &setup.settings("imap", more), arguments);
        let line = watch.out.recv_timeout(Duration::from_secs(LONG)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["status"], status, "{line}");
        assert_eq!(watch.child.wait().unwrap().code(), Some(status), "{line}");
    }
}
