//! The programs of `sending` and `receiving` with an account at Exchange: only the settings file is another one. exchangelib looks where the
//! mail went.

use crate::installation::{Installation, good, has, valgrind};
use crate::sending::invoice;
use base64::Engine;
use postkontor_tests::exchange::{CLIENT, Exchange, PASSWORD, SECRET, TENANT, environment, python};
use postkontor_tests::mailbox::{WORDS, looks_whole, message};
use postkontor_tests::office::PDF;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::process::{Command, Stdio};

/// A program's installation and its account at a double.
struct Setup {
    installation: Installation,
    exchange: &'static Exchange,
    user: String,
    transport: &'static str,
}

impl Setup {
    /// Nothing where the double cannot be had.
    fn new() -> Option<Setup> {
        Setup::by("exchange-ews")
    }

    fn by(transport: &'static str) -> Option<Setup> {
        let exchange = Exchange::shared().unwrap()?;
        let installation = Installation::new(&[transport]);
        Some(Setup { installation, exchange, user: exchange.user().unwrap(), transport })
    }

    fn account(&self, user: &str, password: Value) -> Value {
        if self.transport == "graph" {
            let oauth2 = json!({"grant": "client_credentials", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET,
                "authority": self.exchange.secure()});
            return json!({"transport": "graph", "exchange": {"url": format!("{}/v1.0", self.exchange.secure()), "mailbox": user},
                "tls": {"ca_file": self.exchange.authority()}, "auth": {"method": "oauth2", "user": user, "oauth2": oauth2}});
        }
        json!({"transport": "exchange-ews", "exchange": {"url": format!("{}/EWS/Exchange.asmx", self.exchange.secure())},
            "server": {"timeout_seconds": 120}, "tls": {"ca_file": self.exchange.authority()},
            "auth": {"method": "password", "user": user, "password": password}})
    }

    fn write(&self, settings: &Value) {
        std::fs::write(self.installation.folder.file("settings.json"), settings.to_string()).unwrap();
    }

    /// Whether the messages in a folder are read, by the words of their subjects.
    fn words(&self, folder: &str) -> Vec<(String, bool)> {
        let shown = self.exchange.control("POST", "/mailbox", &json!({"mailbox": self.user})).unwrap();
        let folders = shown["folders"].as_array().unwrap();
        let found = folders.iter().find(|found| found["distinguished"] == folder || found["path"] == folder);
        let messages = found.unwrap_or_else(|| panic!("{folder} in {shown}"))["messages"].as_array().unwrap();
        let word = |message: &Value| message["subject"].as_str().unwrap().trim_start_matches("Prüfung: ").to_owned();
        let mut words: Vec<_> = messages.iter().map(|message| (word(message), message["read"] == true)).collect();
        words.sort_unstable();
        words
    }

    /// What became of the draft: its copy is marked and labelled, and the folder that it lay in is gone.
    fn has_the_copied_draft(&self) {
        let shown = self.exchange.control("POST", "/mailbox", &json!({"mailbox": self.user})).unwrap();
        let folders = shown["folders"].as_array().unwrap();
        let drafts = folders.iter().find(|folder| folder["distinguished"] == "drafts").unwrap();
        let copy = &drafts["messages"][0];
        let seen = (&copy["draft"], &copy["flagged"], &copy["categories"], &copy["bcc"]);
        assert_eq!(seen, (&json!(true), &json!(true), &json!(["Bezahlt"]), &json!(["c@example.com"])), "{drafts:#}");
        assert!(!folders.iter().any(|folder| folder["path"].as_str().unwrap().starts_with("Prüfung")), "{shown:#}");
    }

    /// Puts a message for each of [`WORDS`] into the inbox, makes the folders, and a mailbox without room.
    fn fill(&self) {
        for (number, word) in WORDS.iter().enumerate() {
            let mime = base64::engine::general_purpose::STANDARD.encode(message(word).replace('\n', "\r\n"));
            let put = json!({"mailbox": self.user, "mime_base64": mime, "received": 1_790_000_000 + number});
            self.exchange.control("POST", "/messages", &put).unwrap();
        }
        self.exchange.control("POST", "/folders", &json!({"mailbox": self.user, "paths": ["Ablage/Größe"]})).unwrap();
        self.exchange.control("POST", "/folder-names", &json!({"mailbox": self.user, "names": {"drafts": "Entwürfe"}})).unwrap();
        let full = self.exchange.user().unwrap();
        self.exchange.control("POST", "/mailboxes", &json!({"address": full, "quota": 10_000})).unwrap();
        let account = |user: &str| {
            let mut account = self.account(user, json!(PASSWORD));
            account["sender"] = json!({ "address": user });
            account
        };
        self.write(&json!({"accounts": {"inbox": account(&self.user), "full": account(&full)}}));
        std::fs::create_dir(self.installation.folder.file("got")).unwrap();
    }

    /// Runs `tests/callers/mailbox` in some language, and looks what came of it here and in the mailbox.
    fn works(&self, program: &mut Command) {
        program.arg(self.installation.file("settings.json")).arg(self.installation.file("got")).arg(self.transport);
        assert_eq!(String::from_utf8_lossy(&good(program).stdout), "held\n");
        looks_whole(&self.installation.folder.file("got"));
        let is = |words: &[(&str, bool)]| -> Vec<(String, bool)> { words.iter().map(|(word, read)| ((*word).to_owned(), *read)).collect() };
        assert_eq!(self.words("inbox"), is(&[("seen", false), ("stop", true)]));
        // By Graph an id stays good where the message moves to, so that the programs delete it from there.
        let (filed, deleted): (&[(&str, bool)], &[&str]) = match self.transport {
            "graph" => (&[], &["after", "delete", "keep"]),
            _ => (&[("keep", true)], &["after", "delete"]),
        };
        assert_eq!(self.words("Ablage/Größe"), is(filed));
        assert_eq!(self.words("deleteditems").iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>(), deleted);
        self.has_the_copied_draft();
        let sent = self.words("sentitems");
        assert!(matches!(&sent[..], [(subject, _)] if subject.starts_with("Über ")), "{sent:?}");
        let letters = self.exchange.deliveries().unwrap();
        let letters: Vec<&Value> = letters.iter().filter(|letter| letter["from"] == self.user.as_str()).collect();
        assert!(matches!(&letters[..], [letter] if letter["to"] == json!(["b@example.com"])), "{letters:?}");
    }

    /// Runs `examples/…/invoice` with a shared mailbox as its sender, and has exchangelib look.
    fn sends(&self, program: &mut Command) {
        let (shared, to) = (self.exchange.user().unwrap(), self.exchange.user().unwrap());
        for mailbox in [&shared, &to, &self.user] {
            let rights = json!({"mailbox": mailbox, "full_access": [self.user], "send_as": [self.user]});
            self.exchange.control("POST", "/rights", &rights).unwrap();
        }
        let mut account = self.account(&self.user, json!({"secret": "mail"}));
        account["exchange"]["mailbox"] = json!(shared);
        self.write(&json!({"accounts": {"main": account}, "sender": {"address": shared, "name": "Verkauf Süd", "bcc_to_sender": true}}));
        std::fs::write(self.installation.folder.file("invoice.pdf"), PDF).unwrap();
        invoice(&self.installation, "exchange-ews", program);
        let found = self.seen_by_exchangelib(&[&shared, &self.user]);
        let count = |mailbox: &str, folder: &str| found[mailbox][folder].as_array().unwrap().len();
        let empty = [count(&self.user, "sent"), count(&self.user, "inbox"), count(&shared, "drafts"), count(&shared, "outbox")];
        assert_eq!(empty, [0; 4], "{found:#}");
        let digest: String = Sha256::digest(PDF).iter().map(|byte| format!("{byte:02x}")).collect();
        let files = json!([{"name": "Invoice 4711.pdf", "sha256": digest}]);
        let ([sent], [copy]) = (&found[&shared]["sent"].as_array().unwrap()[..], &found[&shared]["inbox"].as_array().unwrap()[..]) else {
            panic!("{found:#}")
        };
        for message in [sent, copy] {
            assert_eq!((&message["from"], &message["files"]), (&json!(shared), &files), "{message:#}");
            assert_eq!((&message["subject"], &message["to"]), (&json!("Invoice 4711"), &json!(["accounting@customer.example"])));
            assert_eq!(message["draft"], false);
        }
        assert_eq!((&copy["bcc"], &copy["bcc_line"]), (&json!([]), &json!(false)), "the blind copy shows no BCC");
        let letters = self.exchange.deliveries().unwrap();
        let letter = letters.iter().find(|letter| letter["from"] == shared.as_str()).unwrap();
        assert_eq!(letter["to"], json!(["accounting@customer.example", shared]));
    }

    fn seen_by_exchangelib(&self, mailboxes: &[&str]) -> Value {
        let mut judge = python(environment().unwrap());
        judge.args(["-m", "judges.invoice"]).args([self.exchange.clear(), self.exchange.secure(), self.exchange.control_url()]);
        judge.arg(self.exchange.authority()).arg(&self.user).args(mailboxes).stdin(Stdio::null());
        serde_json::from_slice(&good(&mut judge).stdout).unwrap()
    }
}

#[test]
fn a_c_program_sends_and_receives_at_exchange_and_valgrind_finds_nothing() {
    if !has(&["gcc", "valgrind"]) {
        return;
    }
    let Some(setup) = Setup::new() else { return };
    setup.fill();
    setup.works(&mut valgrind(&setup.installation.gcc("tests/callers/mailbox.c", &["-pedantic", "-lpostkontor"])));
    let Some(setup) = Setup::new() else { return };
    setup.sends(&mut valgrind(&setup.installation.gcc("examples/c/invoice.c", &["-pedantic", "-lpostkontor"])));
}

#[test]
fn a_pascal_program_sends_and_receives_at_exchange_and_valgrind_finds_nothing() {
    if !has(&["fpc", "valgrind"]) {
        return;
    }
    let Some(setup) = Setup::new() else { return };
    setup.fill();
    let program = setup.installation.fpc("tests/callers/mailbox.dpr");
    setup.works(valgrind(&program).env("HEAPTRC", setup.installation.heap()));
    setup.installation.has_freed_all();
    let Some(setup) = Setup::new() else { return };
    setup.sends(&mut valgrind(&setup.installation.fpc("examples/delphi/invoice.dpr")));
}

#[test]
fn a_csharp_program_sends_and_receives_at_exchange() {
    if !has(&["mcs", "mono"]) {
        return;
    }
    let Some(setup) = Setup::new() else { return };
    setup.fill();
    setup.works(&mut setup.installation.mcs("tests/callers/Mailbox.cs"));
    let Some(setup) = Setup::new() else { return };
    setup.sends(&mut setup.installation.mcs("examples/dotnet/Invoice.cs"));
}

#[test]
fn a_python_program_sends_and_receives_at_exchange() {
    if !has(&["python3"]) {
        return;
    }
    let Some(setup) = Setup::new() else { return };
    setup.fill();
    setup.works(&mut setup.installation.python("tests/callers/mailbox.py"));
    let Some(setup) = Setup::new() else { return };
    setup.sends(&mut setup.installation.python("examples/python/invoice.py"));
}

#[test]
fn a_python_program_uses_a_mailbox_by_graph() {
    if !has(&["python3"]) {
        return;
    }
    let Some(setup) = Setup::by("graph") else { return };
    setup.fill();
    setup.works(&mut setup.installation.python("tests/callers/mailbox.py"));
}
