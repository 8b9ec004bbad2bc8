//! The mail server that the programs `examples/…/invoice` send their invoice to, and the judge of what it got.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a judge of tests")]

use crate::sandbox::{Mail, Options, Sandbox};
use serde_json::{Value, json};

/// The file that is enclosed.
pub const PDF: &[u8] = b"%PDF-1.4\n%%EOF\n";

/// The password, which the programs take from the variable `INVOICE_PASSWORD`.
pub const PASSWORD: &str = "Geheim-7";

/// An office with a mail server.
pub struct Office {
    sandbox: Sandbox,
}

impl Office {
    /// One that has sent nothing yet.
    pub fn open() -> Office {
        Office { sandbox: Sandbox::start(Options::default()).unwrap() }
    }

    /// The file of the authority to trust.
    pub fn authority(&self) -> &std::path::Path {
        &self.sandbox.ca_file
    }

    /// The settings of a program that sees that file as `authority`.
    pub fn settings(&self, authority: &str) -> Value {
        json!({
            "accounts": {"main": {
                "transport": "smtp",
                "server": {"host": "localhost", "port": self.sandbox.port},
                "tls": {"mode": "starttls", "ca_file": authority},
                "auth": {"user": "anna", "password": {"secret": "mail"}},
            }},
            "sender": {"address": "anna@example.com", "name": "Anna Müller"},
            "send": {"account": "main"},
        })
    }

    /// What the server has got.
    pub fn mails(&self) -> Vec<Mail> {
        self.sandbox.mails()
    }

    /// Fails where the server has not got the one invoice, or the program has not told what it must; `text` is what that printed.
    pub fn has_the_invoice(&self, text: &str) {
        tells_of_an_invoice("smtp", text);
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

/// Fails where a program has not told of its transport, and that a wrong password was refused.
pub fn tells_of_an_invoice(transport: &str, text: &str) {
    assert!(text.contains(transport), "transports: {text}");
    assert!(text.contains("error 5 "), "wrong password: {text}");
    assert!(text.contains("auth.refused"), "wrong password: {text}");
}
