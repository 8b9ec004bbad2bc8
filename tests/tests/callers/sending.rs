//! The examples send an invoice.

use crate::installation::{Installation, good, has, valgrind};
use postkontor_tests::office::{self, PASSWORD, PDF, tells_of_an_invoice};
use std::process::Command;

/// An installation with a mail server to talk to.
pub(crate) struct Office {
    pub(crate) installation: Installation,
    office: office::Office,
}

impl Office {
    pub(crate) fn new() -> Office {
        Office::with(Installation::new(&["smtp"]))
    }

    pub(crate) fn with(installation: Installation) -> Office {
        let office = office::Office::open();
        let settings = office.settings(office.authority().to_str().unwrap());
        std::fs::write(installation.folder.file("settings.json"), settings.to_string()).unwrap();
        std::fs::write(installation.folder.file("invoice.pdf"), PDF).unwrap();
        Office { installation, office }
    }

    /// Runs a program with the arguments of the examples, looks at what came of it, and gives what it printed.
    pub(crate) fn run_invoice(&self, command: &mut Command) -> String {
        let text = invoice(&self.installation, "smtp", command);
        self.office.has_the_invoice(&text);
        text
    }
}

/// Runs `examples/…/invoice` with the transport of its settings file, and gives what it printed.
pub(crate) fn invoice(installation: &Installation, transport: &str, command: &mut Command) -> String {
    command.args([installation.file("settings.json"), installation.file("invoice.pdf")]);
    let output = good(command.env("INVOICE_PASSWORD", PASSWORD));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    tells_of_an_invoice(transport, &text);
    text
}

#[test]
fn the_c_example_tests_and_sends_and_valgrind_finds_nothing() {
    if has(&["gcc", "valgrind"]) {
        let office = Office::new();
        let program = office.installation.gcc("examples/c/invoice.c", &["-pedantic", "-lpostkontor"]);
        office.run_invoice(&mut valgrind(&program));
    }
}

#[test]
fn the_pascal_example_tests_and_sends_and_valgrind_finds_nothing() {
    if has(&["fpc", "valgrind"]) {
        let office = Office::new();
        let program = office.installation.fpc("examples/delphi/invoice.dpr");
        office.run_invoice(&mut valgrind(&program));
    }
}

#[test]
fn the_csharp_example_tests_and_sends() {
    if has(&["mcs", "mono"]) {
        let office = Office::new();
        office.run_invoice(&mut office.installation.mcs("examples/dotnet/Invoice.cs"));
    }
}

#[test]
fn the_python_example_tests_and_sends() {
    if has(&["python3"]) {
        let office = Office::new();
        office.run_invoice(&mut office.installation.python("examples/python/invoice.py"));
    }
}
