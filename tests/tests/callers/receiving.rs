//! Programs that use a mailbox at a real Dovecot through the bindings.

use crate::installation::{Installation, good, has, valgrind};
use postkontor_tests::exim::Exim;
use postkontor_tests::mailbox::{Mailbox, WORDS, attachment, message};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// A program's installation and its mailbox.
pub(crate) struct Setup {
    pub(crate) installation: Installation,
    mailbox: Mailbox,
    transport: &'static str,
}

impl Setup {
    fn new(transport: &'static str) -> Option<Setup> {
        Setup::with(transport, Installation::new(&["imap", "pop3"]))
    }

    /// Nothing where Dovecot is not installed.
    pub(crate) fn with(transport: &'static str, installation: Installation) -> Option<Setup> {
        let mailbox = Mailbox::new(transport)?;
        let authority = Exim::shared()?.files().authority();
        let settings = mailbox.settings(authority.to_str().unwrap());
        std::fs::write(installation.folder.file("settings.json"), settings.to_string()).unwrap();
        std::fs::create_dir(installation.folder.file("got")).unwrap();
        Some(Setup { installation, mailbox, transport })
    }

    /// Runs `tests/callers/mailbox` in some language, and looks what came of it here and at the server.
    pub(crate) fn works(&self, program: &mut Command) {
        program.arg(self.installation.file("settings.json")).arg(self.installation.file("got")).arg(self.transport);
        assert_eq!(String::from_utf8_lossy(&good(program).stdout), "held\n");
        self.mailbox.was_used(&self.installation.folder.file("got"));
    }
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
    setup.mailbox.deliver("new");
    assert_eq!(fetched(), ["new"]);
    assert!(fetched().is_empty());
    let got = setup.installation.folder.file("got");
    for (number, word) in (1..).zip(WORDS.iter().chain(&["new"])) {
        assert!(std::fs::read(got.join(format!("{number:04}.eml"))).unwrap() == message(word).replace('\n', "\r\n").into_bytes(), "{word}");
    }
    assert!(std::fs::read(got.join("0001/Größe.bin")).unwrap() == attachment());
    let left = setup.mailbox.lies("");
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
