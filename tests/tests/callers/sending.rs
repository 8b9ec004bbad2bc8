//! The examples send an invoice.

use crate::installation::{Installation, good, has, valgrind};
use postkontor_tests::sandbox::{Options, Sandbox};
use std::process::Command;

/// An installation with a mail server to talk to.
pub(crate) struct Office {
    pub(crate) installation: Installation,
    sandbox: Sandbox,
}

impl Office {
    pub(crate) fn new() -> Office {
        let installation = Installation::new(&["smtp"]);
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let settings = serde_json::json!({
            "accounts": {"main": {
                "transport": "smtp",
                "server": {"host": "localhost", "port": sandbox.port},
                "tls": {"mode": "starttls", "ca_file": sandbox.ca_file},
                "auth": {"user": "anna", "password": {"secret": "mail"}},
            }},
            "sender": {"address": "anna@example.com", "name": "Anna Müller"},
            "send": {"account": "main"},
        });
        std::fs::write(installation.folder.file("settings.json"), settings.to_string()).unwrap();
        std::fs::write(installation.folder.file("invoice.pdf"), PDF).unwrap();
        Office { installation, sandbox }
    }

    /// Runs a program with the arguments of the examples and looks at what came of it.
    fn run_invoice(&self, command: &mut Command) {
        let text = invoice(&self.installation, "smtp", command);
        let mails = self.sandbox.mails();
        assert_eq!(mails.len(), 1, "{text}");
        assert_eq!(mails[0].recipients, ["accounting@customer.example"]);
        assert_eq!(mails[0].user.as_deref(), Some("anna"));
        assert!(mails[0].secure);
        let mail = mails[0].text();
        assert!(mail.contains("Subject: Invoice 4711"), "{mail}");
        assert!(mail.contains("Invoice 4711.pdf"), "{mail}");
        assert!(mail.contains("JVBERi0xLjQK"), "{mail}");
    }
}

/// Runs `examples/…/invoice` with the transport of its settings file, and gives what it printed.
pub(crate) fn invoice(installation: &Installation, transport: &str, command: &mut Command) -> String {
    command.args([installation.file("settings.json"), installation.file("invoice.pdf")]);
    let output = good(command.env("INVOICE_PASSWORD", "Geheim-7"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains(transport), "transports: {text}");
    assert!(text.contains("error 5 "), "wrong password: {text}");
    assert!(text.contains("auth.refused"), "wrong password: {text}");
    text
}

pub(crate) const PDF: &[u8] = b"%PDF-1.4\n%%EOF\n";

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
