//! The command `postkontor bridge`, with the outbox behind it: what it accepted goes out, whatever becomes of the process.

use crate::clients::run;
use crate::setup::Client;
use postkontor_tests::folder::{Folder, private};
use postkontor_tests::guard::until;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// No mail takes longer here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox that mail goes out to, and the settings of a bridge before it.
struct Office {
    sandbox: Sandbox,
    folder: Folder,
    settings: PathBuf,
}

/// A bridge as a process of its own; it is killed with this.
struct Process {
    child: Child,
    smtp: SocketAddr,
}

impl Office {
    fn open() -> Office {
        let (sandbox, folder) = (Sandbox::start(Options::default()).unwrap(), Folder::new().unwrap());
        let account = json!({"transport": "smtp", "server": {"host": "localhost", "port": sandbox.port},
            "tls": {"mode": "starttls", "ca_file": sandbox.ca_file}, "auth": {"user": "anna", "password": "Geheim-7"}});
        let document = json!({"accounts": {"main": account}, "outbox": {"store": format!("sqlite:{}", folder.file("outbox.db").display())},
            "bridge": {"smtp": {"listen": "127.0.0.1:0", "anonymous": "main", "max_bytes": 2_000_000_000u64},
                "logins": [{"user": "scanner", "password": "Papier-7", "account": "main"}]}});
        let settings = folder.file("settings.json");
        std::fs::write(&settings, document.to_string()).unwrap();
        private(&settings).unwrap();
        Office { sandbox, folder, settings }
    }

    fn start(&self, more: &[&str]) -> Process {
        let mut command = postkontor(["bridge", "--json"]).unwrap();
        command.arg(&self.settings).args(more).env("TMPDIR", self.folder.path());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Ok(listens) = serde_json::from_str::<Value>(&line) else {
            let mut said = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
            panic!("{line} {said}");
        };
        // What it says from now on is let go, so that it never waits for a reader.
        let mut errors = child.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        Process { child, smtp: listens["smtp"].as_str().unwrap().parse().unwrap() }
    }

    /// Waits until so many mails have gone out, and looks whether there are more.
    fn has_sent(&self, count: usize) {
        let came = until(PATIENCE, || (self.sandbox.mails().len() >= count).then_some(()));
        assert!(came.is_some() && self.sandbox.mails().len() == count, "{} of {count}", self.sandbox.mails().len());
    }
}

impl Process {
    fn hand_over(&self, subject: &str) {
        let mut client = Client::greeted(self.smtp);
        client.play(&[("MAIL FROM:<anna@example.com>", "250"), ("RCPT TO:<berta@example.com>", "250"), ("DATA", "354")]);
        client.play(&[(&format!("Subject: {subject}\r\n\r\ntext\r\n."), "250 2.0.0 Ok: queued as ")]);
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap().success());
    }

    fn end(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// The most memory that the process had, in bytes.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn what_is_handed_over_goes_out_and_a_signal_ends_the_bridge_soon() {
    let office = Office::open();
    let mut process = office.start(&[]);
    let port = process.smtp.port().to_string();
    let arguments = ["--server", "127.0.0.1", "--port", &port, "--from", "scan@example.com", "--to", "berta@example.com", "--body", "page"];
    let login = ["--auth", "CRAM-MD5", "--auth-user", "scanner", "--auth-password", "Papier-7"];
    let by_swaks = run("swaks", &[&arguments[..], &login[..]].concat(), "").is_some();
    process.hand_over("one");
    office.has_sent(1 + usize::from(by_swaks));
    let mails = office.sandbox.mails();
    let text = String::from_utf8_lossy(&mails.last().unwrap().data).into_owned();
    assert!(text.contains("Received: from unknown ([127.0.0.1])") && text.contains("\r\nSubject: one\r\n"), "{text}");
    let idle = Client::greeted(process.smtp);
    let begun = Instant::now();
    process.signal("TERM");
    assert!(idle.rest().starts_with("421 4.3.2"));
    assert!(process.end().success());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let left: Vec<_> = std::fs::read_dir(office.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("postkontor-bridge-")), "{left:?}");
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_goes_out_once() {
    let office = Office::open();
    let mut sent = 0;
    for round in 0..3 {
        let process = office.start(&["--no-work"]);
        for number in 0..10 {
            process.hand_over(&format!("{round}-{number}"));
            sent += 1;
        }
        // In the middle of another mail, of which no more was acknowledged than its envelope.
        let mut client = Client::greeted(process.smtp);
        client.play(&[("MAIL FROM:<a@b.c>", "250"), ("RCPT TO:<d@e.f>", "250"), ("DATA", "354")]);
        client.send(b"Subject: half\r\n");
        process.signal("KILL");
        drop(process);
    }
    assert_eq!(office.sandbox.mails().len(), 0, "none is sent here");
    let _process = office.start(&[]);
    office.has_sent(sent);
    let texts: Vec<String> = office.sandbox.mails().iter().map(|mail| String::from_utf8_lossy(&mail.data).into_owned()).collect();
    let once = |subject: &str| texts.iter().filter(|text| text.contains(&format!("\r\nSubject: {subject}\r\n"))).count() == 1;
    assert!((0..3).all(|round| (0..10).all(|number| once(&format!("{round}-{number}")))));
    let left = std::fs::read_dir(office.folder.path()).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let left: Vec<String> = left.filter(|name| name.starts_with("postkontor-bridge-")).collect();
    assert_eq!(left.len(), 1, "what the killed ones left is cleared away: {left:?}");
}

#[test]
fn ten_thousand_connections_and_a_gigabyte_take_no_memory() {
    let office = Office::open();
    let process = office.start(&["--no-work"]);
    process.hand_over("before");
    let before = process.peak();
    let program = "import socket, sys, resource\n\
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)\n\
        count, port = int(sys.argv[1]), int(sys.argv[2])\n\
        held, greeted, refused = [], 0, 0\n\
        for number in range(count):\n\
        \x20   client = socket.create_connection(('127.0.0.1', port), 20)\n\
        \x20   client.settimeout(20)\n\
        \x20   held.append(client)\n\
        for client in held:\n\
        \x20   line = client.recv(200)\n\
        \x20   greeted += line.startswith(b'220')\n\
        \x20   refused += line.startswith(b'421 4.7.0')\n\
        print(greeted, refused)\n\
        last = held[0]\n\
        try:\n\
        \x20   for block in range(16384): last.sendall(b'A' * 65536)\n\
        except OSError: print('closed after', block)\n";
    let Some(said) = run("python3", &["-c", program, "10000", &process.smtp.port().to_string()], "") else { return };
    assert!(said.starts_with("100 9900\nclosed after "), "{said}");
    let free = until(PATIENCE, || Client::connected(process.smtp).reply().starts_with("220").then_some(()));
    assert!(free.is_some());
    process.hand_over("after");
    let grown = process.peak().saturating_sub(before);
    assert!(grown < 64 << 20, "{} MB more than for one mail", grown >> 20);
}

#[test]
fn a_large_mail_passes_through_files_alone() {
    let office = Office::open();
    let process = office.start(&["--no-work"]);
    process.hand_over("before");
    let before = process.peak();
    let mut client = Client::greeted(process.smtp);
    client.play(&[("MAIL FROM:<a@b.c>", "250"), ("RCPT TO:<d@e.f>", "250"), ("DATA", "354")]);
    client.send(b"Subject: large\r\n\r\n");
    let block = format!("{}\r\n", "y".repeat(76)).repeat(1000);
    (0..2600).for_each(|_| client.send(block.as_bytes()));
    client.play(&[(".", "250 2.0.0 Ok: queued as 2")]);
    let grown = process.peak().saturating_sub(before);
    assert!(grown < 32 << 20, "{} MB more for a mail of 200 MB", grown >> 20);
}
