//! Programs in C: linked with the import library, and one that loads the library itself.

use crate::{Said, good, sends, uses};
use postkontor_tests::mailbox::Mailbox;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::transports;
use postkontor_tests::windows::{Installation, Width, shown};
use serde_json::{Value, json};

/// An account of the sandbox.
fn account(sandbox: &Sandbox, mode: &str, authority: &str) -> Value {
    let port = if mode == "implicit" { sandbox.tls_port } else { sandbox.port };
    json!({"transport": "smtp", "server": {"host": "localhost", "port": port}, "tls": {"mode": mode, "ca_file": authority},
        "auth": {"user": "anna", "password": "Geheim-7"}})
}

#[test]
fn a_program_that_loads_the_library_finds_all_plugins_tests_and_sends() {
    let shipped: Vec<String> = transports::shipped().unwrap().into_iter().map(|transport| transport.name).collect();
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &shipped).unwrap() else { return };
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let program = installation.c("tests/callers/loaded.c", &["-pedantic", "-lpsapi"]).unwrap();
        for mode in ["starttls", "implicit"] {
            let document = |authority: &str| json!({"accounts": {"Büro": account(&sandbox, mode, authority)}, "sender": {"address": "anna@example.com"}});
            installation.settings(&sandbox.ca_file, document).unwrap();
            let letter = json!({"to": ["b@example.com"], "subject": format!("Größe 日本 {mode}"), "text": "x"});
            std::fs::write(installation.file("letter.json"), letter.to_string()).unwrap();
            let mut command = installation.command(&program);
            command.args(["settings.json", "letter.json"].map(|name| shown(&installation.file(name))));
            // Started from elsewhere, as by a link on the desktop.
            let output = good(command.args(["transports", "test", "send"]).current_dir("/tmp"));
            let said = Said::read(&output);
            let listed: Vec<&str> = said.of("transports").as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
            assert_eq!(listed, shipped, "{said:?}");
            assert_eq!(said.of("test")["ok"], true, "{width:?} {mode}: {said:?}");
            assert!(said.of("send")["message_id"].is_string(), "{said:?}");
        }
        let mails = sandbox.take_mails();
        let subjects: Vec<bool> = mails.iter().map(|mail| mail.secure && mail.user.as_deref() == Some("anna")).collect();
        assert_eq!(subjects, [true, true]);
    }
}

#[test]
fn the_example_tests_and_sends() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let program = installation.linked("examples/c/invoice.c").unwrap();
        sends(&installation, &mut installation.command(&program));
    }
}

#[test]
fn a_linked_program_uses_a_mailbox() {
    for width in Width::ALL {
        for transport in ["imap", "pop3"] {
            let Some(installation) = Installation::new(width, &["imap", "pop3"]).unwrap() else { return };
            let Some(mailbox) = Mailbox::new(transport) else { return };
            let program = installation.linked("tests/callers/mailbox.c").unwrap();
            uses(&installation, &mailbox, transport, &mut installation.command(&program));
        }
    }
}
