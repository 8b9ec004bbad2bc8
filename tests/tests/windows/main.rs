//! The product on Windows, of both widths: programs in C, Pascal and C# under Wine, servers on this machine.
//!
//! `cargo xtask test --windows` brings what it needs, and runs it.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod attachments;
mod bindings;
mod c;
mod certificates;
mod command;
mod csharp;
mod exchange;
mod first_release;
mod pascal;
mod plugins;
mod process;
mod tls;
mod version;

use postkontor_tests::exim::Exim;
use postkontor_tests::mailbox::Mailbox;
use postkontor_tests::office::{Office, PASSWORD, PDF};
use postkontor_tests::windows::{Installation, shown};
use serde_json::Value;
use std::process::{Command, Output};

/// Runs a program, which is to end well.
pub(crate) fn good(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr));
    output
}

/// Runs `examples/…/invoice` in some language, and looks at what came of it.
pub(crate) fn sends(installation: &Installation, program: &mut Command) {
    let office = Office::open();
    installation.settings(office.authority(), |authority| office.settings(authority)).unwrap();
    std::fs::write(installation.file("invoice.pdf"), PDF).unwrap();
    program.args(["settings.json", "invoice.pdf"].map(|name| shown(&installation.file(name))));
    let output = good(program.env("INVOICE_PASSWORD", PASSWORD));
    office.has_the_invoice(&String::from_utf8_lossy(&output.stdout));
}

/// Runs `tests/callers/mailbox` in some language, and looks what came of it here and at the server.
pub(crate) fn uses(installation: &Installation, mailbox: &Mailbox, transport: &str, program: &mut Command) {
    let authority = Exim::shared().unwrap().files().authority();
    installation.settings(&authority, |authority| mailbox.settings(authority)).unwrap();
    std::fs::create_dir(installation.file("got")).unwrap();
    let output = good(program.args(["settings.json", "got"].map(|name| shown(&installation.file(name)))).arg(transport));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), "held");
    mailbox.was_used(&installation.file("got"));
}

/// What `tests/callers/loaded.c` printed: the name of each call, its status, its answer.
#[derive(Debug)]
pub(crate) struct Said(Vec<(String, i64, Value)>);

impl Said {
    pub(crate) fn read(output: &Output) -> Said {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let read = |line: &str| {
            let mut words = line.splitn(3, ' ');
            let mut next = || words.next().unwrap_or_else(|| panic!("{text}"));
            let (name, status) = (next().to_owned(), next().parse().unwrap());
            (name, status, serde_json::from_str(next()).unwrap())
        };
        Said(text.lines().map(read).collect())
    }

    /// The status and the answer of the first call of a name.
    pub(crate) fn call(&self, name: &str) -> (i64, &Value) {
        let found = self.0.iter().find(|(called, ..)| called == name);
        found.map(|(_, status, answer)| (*status, answer)).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// The answer of a call that ended well.
    pub(crate) fn of(&self, name: &str) -> &Value {
        let (status, answer) = self.call(name);
        assert_eq!(status, 0, "{name}: {answer:#}");
        answer
    }
}
