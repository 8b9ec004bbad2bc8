//! The command `postkontor outbox`, as the people see it who run an outbox.

use crate::rig::{Store, stores};
use postkontor_tests::exim::Exim;
use postkontor_tests::guard::until;
use postkontor_tests::mailbox::Mailbox;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A server, a store, and the files that the command is given.
struct Office {
    sandbox: Sandbox,
    store: Store,
    plugins: PathBuf,
    settings: String,
}

/// What a run of the command left behind.
struct Run {
    status: i32,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {:?} {:?}", self.out, self.err))
    }
}

impl Office {
    fn new(store: Store) -> Office {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let plugins = Products::built().unwrap().plugins(store.folder.path(), &["smtp"]).unwrap();
        let mut office = Office { sandbox, store, plugins, settings: String::new() };
        office.settings = office.write("settings.json", &office.document(office.sandbox.port));
        office
    }

    fn document(&self, port: u16) -> Value {
        json!({"accounts": {"main": {"transport": "smtp", "server": {"host": "localhost", "port": port},
                "tls": {"mode": "starttls", "ca_file": self.sandbox.ca_file}, "auth": {"user": "anna", "password": "Geheim-7"}}},
            "sender": {"address": "anna@example.com"}, "send": {"account": "main"},
            "outbox": {"store": self.store.url, "retry": {"first_seconds": 1}}})
    }

    fn write(&self, name: &str, document: &Value) -> String {
        let file = self.store.folder.path().join(name);
        fs::write(&file, document.to_string()).unwrap();
        file.display().to_string()
    }

    fn arguments<'a>(&'a self, line: &'a str, more: &'a [&'a str]) -> Vec<&'a str> {
        let words = line.split(' ').map(|word| if word == "FILE" { self.settings.as_str() } else { word });
        let mut all: Vec<&str> = std::iter::once("outbox").chain(words).chain(more.iter().copied()).collect();
        all.extend(["--plugins", self.plugins.to_str().unwrap()]);
        all
    }

    fn run(&self, line: &str, more: &[&str]) -> Run {
        let output = postkontor(self.arguments(line, more)).unwrap().output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Puts an invoice with its file, which lies beside the message document.
    fn put(&self, key: &str) -> Value {
        fs::write(self.store.folder.path().join("4711.pdf"), b"%PDF-1.7").unwrap();
        let message =
            json!({"to": ["berta@example.com"], "subject": "Rechnung für März", "text": "x", "attachments": [{"file": "4711.pdf"}]});
        let message = self.write("message.json", &message);
        let run = self.run("put FILE --json", &["--message", &message, "--key", key]);
        assert_eq!(run.status, 0, "{} {}", run.out, run.err);
        run.json()["entries"][0].clone()
    }
}

#[test]
fn a_mail_is_put_once_shown_and_sent() {
    for store in stores() {
        let office = Office::new(store);
        let first = office.put("4711");
        assert_eq!((&first["state"], &first["found"]), (&json!("queued"), &json!(false)));
        assert_eq!(office.put("4711")["found"], true, "the same key and content is the same entry");
        let id = first["id"].as_str().unwrap();
        let listed = office.run("list FILE --lang de", &[]);
        assert!(listed.out.contains("wartet") && listed.out.contains("Rechnung für März") && listed.out.contains("berta@example.com"));
        let worked = office.run("work FILE --until empty --json", &[]);
        assert_eq!((worked.status, &worked.json()["sent"]), (0, &json!(1)), "{}", worked.err);
        let shown = office.run("show FILE --json", &[id]).json();
        let entry = &shown["entries"][0];
        assert_eq!((&entry["state"], &entry["recipients"][0]["status"]), (&json!("sent"), &json!("accepted")));
        let taken = office.sandbox.mails();
        assert_eq!(taken.len(), 1);
        assert_eq!(office.run("stats FILE --json", &[]).json()["stats"]["sent"], 1);
        let whole = office.run("show FILE --lang de", &[id]);
        assert!(whole.out.contains("gesendet") && whole.out.contains("angenommen"), "{}", whole.out);
    }
}

#[test]
fn a_mail_is_taken_back_and_what_is_not_there_is_named() {
    for store in stores() {
        let office = Office::new(store);
        let entry = office.put("4712");
        let id = entry["id"].as_str().unwrap();
        let cancelled = office.run("cancel FILE --key 4712 --json", &[]);
        assert_eq!(cancelled.json()["entries"][0]["state"], "cancelled");
        let again = office.run("resolve FILE --as sent --json", &[id]);
        assert_eq!((again.status, &again.json()["code"]), (1, &json!("outbox.not_held")), "{}", again.out);
        let unknown = office.run("show FILE 987654 --lang de", &[]);
        assert_eq!(unknown.status, 14);
        assert!(unknown.err.contains("987654"), "{}", unknown.err);
        assert_eq!(office.run("list FILE --state lost --json", &[]).json()["at"][0]["pointer"], "/states/0");
        assert_eq!(office.run("show FILE --json", &[]).status, 1, "nothing was named");
    }
}

#[test]
fn a_test_of_the_account_tests_the_store_and_says_what_waits_for_a_person() {
    for store in stores() {
        let office = Office::new(store);
        let plugins = office.plugins.to_str().unwrap();
        let report = || {
            let output = postkontor(["test", &office.settings, "--json", "--plugins", plugins]).unwrap().output().unwrap();
            (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
        };
        let step = |report: &Value, name: &str| {
            let steps = report["steps"].as_array().unwrap();
            steps.iter().find(|step| step["step"] == name).map(|step| step["status"].clone())
        };
        let (status, good) = report();
        assert_eq!((status, step(&good, "store"), step(&good, "queue")), (Some(0), Some(json!("ok")), Some(json!("ok"))), "{good}");
        office.put("4714");
        office.store.sql("UPDATE postkontor_outbox_entries SET state = 'held'");
        let (_, held) = report();
        assert_eq!(step(&held, "queue"), Some(json!("warn")), "{held}");
    }
}

#[test]
fn a_report_that_is_fetched_marks_the_mail_that_came_back() {
    let Some(mailbox) = Mailbox::new("pop3") else { return };
    for store in stores() {
        let office = Office::new(store);
        let entry = office.put("4715");
        assert_eq!(office.run("work FILE --until empty --json", &[]).json()["sent"], 1);
        let id = entry["message_id"].as_str().unwrap();
        let report = format!(
            "From: MAILER-DAEMON@example.com\r\nTo: anna@example.com\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\n\
            Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n\
            Final-Recipient: rfc822; berta@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n--b\r\n\
            Content-Type: message/rfc822\r\n\r\nMessage-ID: <{id}>\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
        );
        mailbox.deliver_bytes(report.into_bytes());
        let mut settings = mailbox.settings(Exim::shared().unwrap().files().authority().to_str().unwrap());
        settings["outbox"] = json!({"store": office.store.url});
        let settings = office.write("fetching.json", &settings);
        let plugins = Products::built().unwrap().plugins(office.store.folder.path(), &["smtp", "pop3"]).unwrap();
        let to = office.store.folder.path().join("got");
        let arguments =
            ["receive", &settings, "--account", "inbox", "--to", to.to_str().unwrap(), "--json", "--plugins", plugins.to_str().unwrap()];
        let output = postkontor(arguments).unwrap().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let shown = office.run("show FILE --key 4715 --json", &[]).json();
        let recipient = &shown["entries"][0]["recipients"][0];
        assert_eq!(
            (&shown["entries"][0]["state"], &recipient["status"], &recipient["enhanced"]),
            (&json!("bounced"), &json!("bounced"), &json!("5.1.1"))
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_service_says_when_it_is_ready_takes_new_settings_and_ends_by_a_signal() {
    use std::os::unix::net::UnixDatagram;
    for store in stores() {
        let office = Office::new(store);
        // Nothing listens there.
        fs::write(&office.settings, office.document(office.sandbox.closed.port).to_string()).unwrap();
        let path = office.store.folder.path().join("notify");
        let system = UnixDatagram::bind(&path).unwrap();
        system.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let arguments = office.arguments("work FILE --service --lanes 2 --json", &[]);
        let mut command = postkontor(arguments).unwrap();
        command.env("NOTIFY_SOCKET", &path).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut service = command.spawn().unwrap();
        let mut state = [0; 100];
        let said = |state: &mut [u8]| system.recv(state).map(|count| String::from_utf8_lossy(&state[..count]).into_owned());
        assert_eq!(said(&mut state).unwrap(), "READY=1");
        office.put("4713");
        fs::write(&office.settings, office.document(office.sandbox.port).to_string()).unwrap();
        let sent = until(Duration::from_secs(90), || (!office.sandbox.mails().is_empty()).then_some(()));
        let stopped = Command::new("kill").args(["-TERM", &service.id().to_string()]).status().unwrap();
        assert!(stopped.success() && sent.is_some());
        assert_eq!(said(&mut state).unwrap(), "STOPPING=1");
        let out = service.stdout.take().unwrap();
        let line = BufReader::new(out).lines().next().unwrap().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["sent"], 1, "{line}");
        assert!(service.wait().unwrap().success());
    }
}
