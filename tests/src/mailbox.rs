//! The mailbox at a real Dovecot that the programs `tests/callers/mailbox` use in each language, and the judge of what they did with it, who
//! looks into Dovecot's own files.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a judge of tests")]

use crate::dovecot::{CRAMPED, Dovecot, USERS};
use crate::exim::Exim;
use crate::project::root;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Command;

/// What the messages are called, which is what the programs do with them.
pub const WORDS: [&str; 5] = ["keep", "seen", "delete", "stop", "after"];

/// Folders as Dovecot calls them on its disk.
const FILED: &str = ".Ablage.Gr&APYA3w-e";
const OUTBOX: &str = ".Ausg&AOQ-nge";

/// A mailbox with a message for each of [`WORDS`].
pub struct Mailbox {
    dovecot: &'static Dovecot,
    user: String,
    transport: &'static str,
}

impl Mailbox {
    /// One that a program uses by this transport; nothing where Dovecot is not installed.
    pub fn new(transport: &'static str) -> Option<Mailbox> {
        let dovecot = Exim::shared()?.dovecot();
        let user = dovecot.mailbox();
        dovecot.deliver(&user, &WORDS.map(|word| message(word).into_bytes())).unwrap();
        Some(Mailbox { dovecot, user, transport })
    }

    /// The settings of the programs: the account `inbox` with this mailbox, and `full` with one that has no room. `authority`: the file of the
    /// authority to trust, as the program sees it.
    pub fn settings(&self, authority: &str) -> Value {
        let account = |transport: &str, user: &str, outbox: &str| {
            let port = if transport == "imap" { self.dovecot.imap } else { self.dovecot.pop3 };
            // PLAIN: the thousands of hashes of SCRAM take valgrind a minute.
            let mut account = json!({"transport": transport, "server": {"host": "localhost", "port": port, "timeout_seconds": 120},
                "tls": {"mode": "starttls", "ca_file": authority}, "auth": {"method": "plain", "user": user, "password": USERS[0].1}});
            if transport == "imap" {
                account["imap"] = json!({"outbox": outbox, "create_folders": true});
            }
            account
        };
        json!({"accounts": {"inbox": account(self.transport, &self.user, "Ausgänge"), "full": account("imap", CRAMPED, "Klein")},
            "sender": {"address": "anna@example.com"}})
    }

    /// Puts one more message into it.
    pub fn deliver(&self, word: &str) {
        self.deliver_bytes(message(word).into_bytes());
    }

    /// Puts a message of these bytes into it.
    pub fn deliver_bytes(&self, message: Vec<u8>) {
        self.dovecot.deliver_more(&self.user, &[message]).unwrap();
    }

    /// The messages in a folder of the mailbox, as bytes, with whether they are marked as seen.
    pub fn lies(&self, folder: &str) -> Vec<(Vec<u8>, bool)> {
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

    /// Fails where a program did not do what it is to do: what it left in the folder `got` is not what was sent, or the mailbox is not as it is to
    /// be.
    pub fn was_used(&self, got: &Path) {
        looks_whole(got);
        if self.transport == "pop3" {
            assert_eq!(self.words("").iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["seen", "stop"]);
            return;
        }
        self.parts_are_those_of_imaplib(got);
        assert_eq!(self.words(""), [("seen", false), ("stop", true)]);
        assert_eq!(self.words(FILED), [("keep", true)]);
        self.has_the_copied_draft();
        let sent: Vec<String> = self.lies(OUTBOX).iter().map(|(bytes, _)| String::from_utf8_lossy(bytes).into_owned()).collect();
        assert!(matches!(&sent[..], [mail] if mail.contains("To: b@example.com") && mail.contains("Guten Tag")), "{sent:?}");
        let refused = self.dovecot.maildir(CRAMPED).join(".Klein");
        assert!(refused.join("cur").is_dir());
        assert!(["cur", "new"].iter().all(|state| std::fs::read_dir(refused.join(state)).unwrap().next().is_none()));
    }

    /// Fails where the parts that a program fetched alone are not what Python's imaplib gets, byte for byte.
    fn parts_are_those_of_imaplib(&self, got: &Path) {
        let port = self.dovecot.imap.to_string();
        let mut judge = Command::new("python3");
        judge.arg("-B").arg(root().join("tests/callers/imaplib_parts.py")).args([&port, &self.user, USERS[0].1, "\"Ablage/Gr&APYA3w-e\""]);
        good(judge.arg(got));
        for (ours, theirs) in [("part.raw", "judge.part"), ("begin.raw", "judge.begin")] {
            assert!(read(got, ours) == read(got, theirs), "{ours}");
        }
        assert!(read(got, "part.bytes") == attachment());
    }

    /// Has Python's imaplib look what became of the draft: its copy is marked and labelled, and the folder that it lay in is gone.
    fn has_the_copied_draft(&self) {
        let mut look = Command::new("python3");
        look.arg("-B").arg(root().join("tests/callers/look.py")).arg(self.dovecot.imaps.to_string());
        look.arg(Exim::shared().unwrap().files().authority()).args([&self.user, USERS[0].1, "Entw&APw-rfe"]);
        let found: Value = serde_json::from_slice(&good(&mut look)).unwrap();
        let messages = found["messages"].as_array().unwrap();
        assert!(matches!(&messages[..], [draft] if draft["flags"] == json!(["Bezahlt", "\\Draft", "\\Flagged"])), "{found:#}");
        let header = messages[0]["header"].as_str().unwrap();
        assert!(header.contains("Bcc: c@example.com") && header.contains("Subject: Entwurf von ") && !header.contains("\nTo:"), "{header}");
        assert!(!found["folders"].to_string().contains("Pr&APw-fung"), "{found:#}");
    }
}

/// What a judge prints.
fn good(judge: &mut Command) -> Vec<u8> {
    let output = judge.output().unwrap();
    assert!(output.status.success(), "{judge:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What a file holds that a program left in a folder.
fn read(got: &Path, name: &str) -> Vec<u8> {
    let file = got.join(name);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Fails where what the program was given is not what was sent, byte for byte.
pub fn looks_whole(got: &Path) {
    for word in WORDS {
        let raw = read(got, &format!("{word}.eml"));
        assert!(raw == message(word).replace('\n', "\r\n").into_bytes(), "{word}: {}", String::from_utf8_lossy(&raw));
        let summary: Value = serde_json::from_slice(&read(got, &format!("{word}.json"))).unwrap();
        assert_eq!(summary["subject"], format!("Prüfung: {word}"));
        let digest: String = Sha256::digest(&raw).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(summary["sha256"], digest);
    }
    assert!(read(got, "keep.raw") == read(got, "keep.eml"));
    for file in ["keep.part", "keep.saved"] {
        assert!(read(got, file) == attachment(), "{file}");
    }
}

/// The bytes of the attachment: more than one block, with everything in it that a string would not survive.
pub fn attachment() -> Vec<u8> {
    (0..100_000_u32).map(|number| (number.wrapping_mul(number) / 7).to_le_bytes()[0]).collect()
}

/// The message of a word, with the line ends of a file.
pub fn message(word: &str) -> String {
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
