//! Programs that use a mailbox at a real Dovecot through the bindings. What became of it is looked up in Dovecot's own files.

use crate::installation::{Installation, good, has, valgrind};
use postkontor_tests::dovecot::{CRAMPED, Dovecot, USERS};
use postkontor_tests::exim::Exim;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Command;

/// What the messages are called, which is what the programs do with them.
pub(crate) const WORDS: [&str; 5] = ["keep", "seen", "delete", "stop", "after"];

/// Folders as Dovecot calls them on its disk.
const FILED: &str = ".Ablage.Gr&APYA3w-e";
const OUTBOX: &str = ".Ausg&AOQ-nge";

/// A program's installation and its mailbox.
struct Setup {
    installation: Installation,
    dovecot: &'static Dovecot,
    user: String,
    transport: &'static str,
}

impl Setup {
    /// A mailbox with a message for each of [`WORDS`]; nothing where Dovecot is not installed.
    fn new(transport: &'static str) -> Option<Setup> {
        let exim = Exim::shared()?;
        let dovecot = exim.dovecot();
        let user = dovecot.mailbox();
        dovecot.deliver(&user, &WORDS.map(|word| message(word).into_bytes())).unwrap();
        let installation = Installation::new(&["imap", "pop3"]);
        let account = |transport: &str, user: &str, outbox: &str| {
            let port = if transport == "imap" { dovecot.imap } else { dovecot.pop3 };
            // PLAIN: the thousands of hashes of SCRAM take valgrind a minute.
            let mut account = json!({"transport": transport, "server": {"host": "localhost", "port": port, "timeout_seconds": 120},
                "tls": {"mode": "starttls", "ca_file": exim.files().authority()}, "auth": {"method": "plain", "user": user, "password": USERS[0].1}});
            if transport == "imap" {
                account["imap"] = json!({"outbox": outbox, "create_folders": true});
            }
            account
        };
        let settings = json!({"accounts": {"inbox": account(transport, &user, "Ausgänge"), "full": account("imap", CRAMPED, "Klein")},
            "sender": {"address": "anna@example.com"}});
        std::fs::write(installation.folder.file("settings.json"), settings.to_string()).unwrap();
        std::fs::create_dir(installation.folder.file("got")).unwrap();
        Some(Setup { installation, dovecot, user, transport })
    }

    /// The messages in a folder of the mailbox, as bytes, with whether they are marked as seen.
    fn lies(&self, folder: &str) -> Vec<(Vec<u8>, bool)> {
        let maildir = self.dovecot.maildir(&self.user).join(folder);
        let files = ["cur", "new"].map(|state| std::fs::read_dir(maildir.join(state)).map(Vec::from_iter).unwrap_or_default());
        let files = files.into_iter().flatten().map(|file| file.unwrap().path());
        let is_seen = |file: &Path| file.to_str().unwrap().rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('S'));
        files.map(|file| (std::fs::read(&file).unwrap(), is_seen(&file))).collect()
    }

    /// The same by the words of the messages.
    fn words(&self, folder: &str) -> Vec<(&'static str, bool)> {
        let word = |bytes: &[u8]| *WORDS.iter().find(|word| message(word).as_bytes() == bytes).unwrap();
        let mut words: Vec<_> = self.lies(folder).iter().map(|(bytes, seen)| (word(bytes), *seen)).collect();
        words.sort_unstable();
        words
    }

    /// Fails where the parts that a program fetched alone are not what Python's imaplib gets, byte for byte.
    fn parts_are_those_of_imaplib(&self) {
        let port = self.dovecot.imap.to_string();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/callers/imaplib_parts.py");
        let mailbox = "\"Ablage/Gr&APYA3w-e\"";
        good(Command::new("python3").args(["-B", script, &port, &self.user, USERS[0].1, mailbox, &self.installation.file("got")]));
        for (ours, theirs) in [("part.raw", "judge.part"), ("begin.raw", "judge.begin")] {
            assert!(got(&self.installation, ours) == got(&self.installation, theirs), "{ours}");
        }
        assert!(got(&self.installation, "part.bytes") == attachment());
    }

    /// Has Python's imaplib look what became of the draft: its copy is marked and labelled, and the folder that it lay in is gone.
    fn has_the_copied_draft(&self) {
        let mut look = Command::new("python3");
        look.args(["tests/callers/look.py", &self.dovecot.imaps.to_string()]).arg(Exim::shared().unwrap().files().authority());
        look.args([&self.user, USERS[0].1, "Entw&APw-rfe"]).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let found: Value = serde_json::from_slice(&good(&mut look).stdout).unwrap();
        let messages = found["messages"].as_array().unwrap();
        assert!(matches!(&messages[..], [draft] if draft["flags"] == json!(["Bezahlt", "\\Draft", "\\Flagged"])), "{found:#}");
        let header = messages[0]["header"].as_str().unwrap();
        assert!(header.contains("Bcc: c@example.com") && header.contains("Subject: Entwurf von ") && !header.contains("\nTo:"), "{header}");
        assert!(!found["folders"].to_string().contains("Pr&APw-fung"), "{found:#}");
    }

    /// Runs `tests/callers/mailbox` in some language, and looks what came of it here and at the server.
    fn works(&self, program: &mut Command) {
        program.arg(self.installation.file("settings.json")).arg(self.installation.file("got")).arg(self.transport);
        assert_eq!(String::from_utf8_lossy(&good(program).stdout), "held\n");
        looks_whole(&self.installation);
        if self.transport == "pop3" {
            assert_eq!(self.words("").iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["seen", "stop"]);
            return;
        }
        self.parts_are_those_of_imaplib();
        assert_eq!(self.words(""), [("seen", false), ("stop", true)]);
        assert_eq!(self.words(FILED), [("keep", true)]);
        self.has_the_copied_draft();
        let sent: Vec<String> = self.lies(OUTBOX).iter().map(|(bytes, _)| String::from_utf8_lossy(bytes).into_owned()).collect();
        assert!(matches!(&sent[..], [mail] if mail.contains("To: b@example.com") && mail.contains("Guten Tag")), "{sent:?}");
        let refused = self.dovecot.maildir(CRAMPED).join(".Klein");
        assert!(refused.join("cur").is_dir());
        assert!(["cur", "new"].iter().all(|state| std::fs::read_dir(refused.join(state)).unwrap().next().is_none()));
    }
}

/// What a file that a program left holds.
fn got(installation: &Installation, name: &str) -> Vec<u8> {
    let file = installation.folder.file("got").join(name);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Fails where what the program was given is not what was sent, byte for byte.
pub(crate) fn looks_whole(installation: &Installation) {
    for word in WORDS {
        let raw = got(installation, &format!("{word}.eml"));
        assert!(raw == message(word).replace('\n', "\r\n").into_bytes(), "{word}: {}", String::from_utf8_lossy(&raw));
        let summary: Value = serde_json::from_slice(&got(installation, &format!("{word}.json"))).unwrap();
        assert_eq!(summary["subject"], format!("Prüfung: {word}"));
        let digest: String = Sha256::digest(&raw).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(summary["sha256"], digest);
    }
    assert!(got(installation, "keep.raw") == got(installation, "keep.eml"));
    for file in ["keep.part", "keep.saved"] {
        assert!(got(installation, file) == attachment(), "{file}");
    }
}

/// The bytes of the attachment: more than one block, with everything in it that a string would not survive.
fn attachment() -> Vec<u8> {
    (0..100_000_u32).map(|number| (number.wrapping_mul(number) / 7).to_le_bytes()[0]).collect()
}

pub(crate) fn message(word: &str) -> String {
    use base64::Engine;
    let subject = format!("=?utf-8?Q?Pr=C3=BCfung=3A?= {word}");
    let head = format!("From: Berta <b@example.com>\nTo: anna@example.com\nSubject: {subject}\nMessage-ID: <{word}@example.com>\n");
    if word != "keep" {
        return format!("{head}\nGuten Tag\n.ein Punkt\n");
    }
    let base64 = base64::engine::general_purpose::STANDARD.encode(attachment());
    let lines: Vec<&str> = base64.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let part = "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.bin\nContent-Transfer-Encoding: base64\n";
    let text = "Content-Type: text/plain; charset=utf-8\n\nGrüße\n";
    let kind = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n";
    format!("{head}{kind}\n--x\n{text}--x\n{part}\n{}\n--x--\n", lines.join("\n"))
}

#[test]
fn a_c_program_uses_a_mailbox_and_valgrind_finds_nothing() {
    for transport in ["imap", "pop3"] {
        if !has(&["gcc", "valgrind"]) {
            return;
        }
        let Some(setup) = Setup::new(transport) else { return };
        setup.works(&mut valgrind(&setup.installation.gcc("tests/callers/mailbox.c", &["-pedantic", "-lpostkontor"])));
    }
}

#[test]
fn a_pascal_program_uses_a_mailbox_and_valgrind_finds_nothing() {
    for transport in ["imap", "pop3"] {
        if !has(&["fpc", "valgrind"]) {
            return;
        }
        let Some(setup) = Setup::new(transport) else { return };
        let program = setup.installation.fpc("tests/callers/mailbox.dpr");
        setup.works(valgrind(&program).env("HEAPTRC", setup.installation.heap()));
        setup.installation.has_freed_all();
    }
}

#[test]
fn a_csharp_program_uses_a_mailbox() {
    for transport in ["imap", "pop3"] {
        if !has(&["mcs", "mono"]) {
            return;
        }
        let Some(setup) = Setup::new(transport) else { return };
        setup.works(&mut setup.installation.mcs("tests/callers/Mailbox.cs"));
    }
}

#[test]
fn a_python_program_uses_a_mailbox() {
    for transport in ["imap", "pop3"] {
        if !has(&["python3"]) {
            return;
        }
        let Some(setup) = Setup::new(transport) else { return };
        setup.works(&mut setup.installation.python("tests/callers/mailbox.py"));
    }
}

/// Runs `examples/…/receive`, which is to leave everything in a folder, and again when there is something new. `kept` tells whether
/// the messages stay at the server.
fn example(setup: &Setup, kept: bool, program: impl Fn() -> Command) {
    let settings: Value = serde_json::from_slice(&std::fs::read(setup.installation.folder.file("settings.json")).unwrap()).unwrap();
    let settings = json!({"accounts": {"main": settings["accounts"]["inbox"]}}).to_string();
    let fetched = || -> Vec<String> {
        let output = good(program().args([&settings, &setup.installation.file("got")]));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        WORDS.iter().chain(&["new"]).filter(|word| text.contains(&format!("Prüfung: {word}"))).map(|word| (*word).to_owned()).collect()
    };
    assert_eq!(fetched(), WORDS);
    setup.dovecot.deliver_more(&setup.user, &[message("new").into_bytes()]).unwrap();
    assert_eq!(fetched(), ["new"]);
    assert!(fetched().is_empty());
    for (number, word) in (1..).zip(WORDS.iter().chain(&["new"])) {
        assert!(got(&setup.installation, &format!("{number:04}.eml")) == message(word).replace('\n', "\r\n").into_bytes(), "{word}");
    }
    assert!(got(&setup.installation, "0001/Größe.bin") == attachment());
    let left = setup.lies("");
    assert_eq!(left.len(), if kept { 6 } else { 0 });
    assert!(left.iter().all(|(_, seen)| *seen));
}

#[test]
fn the_examples_fetch_what_is_new() {
    for language in ["c", "delphi", "dotnet", "python"] {
        let Some(setup) = Setup::new("imap") else { return };
        let installation = &setup.installation;
        let command = |program: &Path| Command::new(program);
        match language {
            "c" if has(&["gcc"]) => {
                let program = installation.gcc("examples/c/receive.c", &["-pedantic", "-lpostkontor"]);
                example(&setup, false, || command(&program));
            }
            "delphi" if has(&["fpc"]) => {
                let program = installation.fpc("examples/delphi/receive.dpr");
                example(&setup, true, || command(&program));
            }
            "dotnet" if has(&["mcs", "mono"]) => {
                installation.mcs("examples/dotnet/Receive.cs");
                example(&setup, true, || installation.mono());
            }
            "python" if has(&["python3"]) => example(&setup, true, || installation.python("examples/python/receive.py")),
            _ => (),
        }
    }
}
