//! The examples hand a mail over to the outbox, send it, and ask what became of it; and a program in C does with an outbox what it must not.

use crate::installation::{Installation, good, has, valgrind};
use postkontor_tests::office::{self, Office};
use serde_json::json;
use std::process::Command;

/// An installation with a server, and settings whose store is a secret of the program's.
struct Setup {
    installation: Installation,
    office: Office,
}

impl Setup {
    fn new() -> Setup {
        let (installation, office) = (Installation::new(&["smtp"]), Office::open());
        let mut settings = office.settings(office.authority().to_str().unwrap());
        settings["outbox"] = json!({"store": {"secret": "store"}});
        std::fs::write(installation.folder.file("settings.json"), settings.to_string()).unwrap();
        Setup { installation, office }
    }

    fn ready(&self, mut program: Command, arguments: &[&str]) -> Command {
        program.arg(self.installation.file("settings.json")).args(arguments);
        program.env("mail", office::PASSWORD).env("store", format!("sqlite:{}", self.installation.file("outbox.db")));
        program
    }

    /// Has a program put, work and ask, each time as a process of its own.
    fn works(&self, program: impl Fn() -> Command) {
        let run = |arguments: &[&str]| String::from_utf8(good(&mut self.ready(program(), arguments)).stdout).unwrap();
        let is_said = |said: &str, alternatives: [&str; 2]| assert!(alternatives.iter().any(|text| said.contains(text)), "{said}");
        is_said(&run(&["put", "berta@example.com", "4711"]), ["put: ", "\"found\":false"]);
        is_said(&run(&["put", "berta@example.com", "4711"]), ["known already: ", "\"found\":true"]);
        is_said(&run(&["ask", "4711"]), ["queued\n", "\"state\":\"queued\""]);
        assert_eq!(self.office.mails().len(), 0, "putting sends nothing");
        is_said(&run(&["work"]), ["sent: 1, failed: 0, held: 0, later: 0", "\"sent\":1"]);
        let mails = self.office.mails();
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text().contains("\r\nSubject: Invoice 4711\r\n"));
        let said = run(&["ask", "4711"]);
        is_said(&said, ["sent\n", "\"state\":\"sent\""]);
        is_said(&said, ["berta@example.com accepted", "\"status\":\"accepted\""]);
        is_said(&run(&["work"]), ["sent: 0", "\"sent\":0"]);
        // Another mail under the same key.
        let refused = self.ready(program(), &["put", "carl@example.com", "4711"]).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("outbox.key_taken"), "{said}");
        assert_eq!(self.office.mails().len(), 1);
    }
}

#[test]
fn the_example_in_c_hands_over_sends_and_asks_and_valgrind_finds_nothing() {
    if has(&["gcc", "valgrind"]) {
        let setup = Setup::new();
        let program = setup.installation.gcc("examples/c/outbox.c", &["-pedantic", "-lpostkontor"]);
        setup.works(|| valgrind(&program));
    }
}

#[test]
fn the_example_in_pascal_hands_over_sends_and_asks() {
    if has(&["fpc"]) {
        let setup = Setup::new();
        let program = setup.installation.fpc("examples/delphi/outbox.dpr");
        setup.works(|| {
            let mut command = Command::new(&program);
            command.env("HEAPTRC", setup.installation.heap());
            command
        });
        setup.installation.has_freed_all();
    }
}

#[test]
fn the_example_in_csharp_hands_over_sends_and_asks() {
    if has(&["mcs", "mono"]) {
        let setup = Setup::new();
        setup.installation.mcs("examples/dotnet/Outbox.cs");
        setup.works(|| setup.installation.mono());
    }
}

#[test]
fn the_example_in_python_hands_over_sends_and_asks() {
    if has(&["python3"]) {
        let setup = Setup::new();
        setup.works(|| setup.installation.python("examples/python/outbox.py"));
    }
}

#[test]
fn a_c_program_closes_stops_and_shares_outboxes_and_valgrind_finds_nothing() {
    if has(&["gcc", "valgrind"]) {
        let setup = Setup::new();
        let program = setup.installation.gcc("tests/callers/outbox.c", &["-pedantic", "-pthread", "-lpostkontor"]);
        let output = good(&mut setup.ready(valgrind(&program), &[]));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "held\n");
        assert_eq!(setup.office.mails().len(), 20, "each mail went out once");
    }
}
