//! Accounts are made and changed by the keyboard.

use crate::dialog::Dialog;
use crate::program::Program;
use postkontor_tests::exim::Exim;
use postkontor_tests::folder::{Folder, private};
use postkontor_tests::ports::Closed;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What a settings file has, of which `postkontor check` has found no error.
pub(crate) fn checked(file: &Path) -> Value {
    let mut check = Command::new(Products::built().unwrap().command());
    let done = check.args(["check", "--json", "--plugins"]).arg(crate::program::installation().join("plugins")).arg(file).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn a_new_smtp_account_is_filled_in_tested_and_saved_in_german() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    for program in Program::all() {
        let folder = Folder::new().unwrap();
        let file = folder.file("settings.json");
        std::fs::write(&file, "{}").unwrap();
        private(&file).unwrap();
        let mut dialog = Dialog::open(program, &file, "smtp", "de");
        assert_eq!(dialog.state["title"], "office: SMTP-Konto");
        assert_eq!(dialog.field("/server/host")["title"], "Servername");
        assert_eq!(dialog.field("/server/host")["problem"], "Bitte ausfüllen.");
        dialog.press("Speichern");
        dialog.until("what is missing", |state| state["focus"] == "/server/host");
        dialog.enter("/server/host", "localhost");
        assert_eq!(dialog.field("/server/host")["problem"], "");
        dialog.enter("/auth/user", "anna");
        dialog.enter("/auth/password", "Geheim-7");
        assert_eq!(dialog.field("/auth/password")["shows"], "********", "a password is not shown");
        dialog.choose("/tls/mode", "STARTTLS (zwingend)");
        dialog.enter("/server/port", "99999");
        assert_eq!(dialog.field("/server/port")["problem"], "Bitte eine Zahl von 1 bis 65535.");
        dialog.enter("/server/port", "465");
        let problem = dialog.field("/server/port")["problem"].as_str().unwrap();
        assert!(problem.starts_with("Auf Port 465 beginnt die Verschlüsselung mit dem ersten Byte"), "{problem}");
        assert_eq!(dialog.field("/server/port")["button"], "Korrigieren");
        if let Program::Lazarus = program {
            dialog.picture("dialog-lazarus.png");
        }
        dialog.press("/server/port#");
        dialog.until("the repair", |state| state["fields"]["/tls/mode"]["shows"] == "SSL/TLS von Anfang an");
        assert_eq!(dialog.field("/server/port")["problem"], "");
        assert_eq!(dialog.state["focus"], "/server/port", "the button is gone, and its field has the focus");
        dialog.enter("/server/port", &sandbox.tls_port.to_string());

        // Settings that few need are hidden at first.
        assert!(dialog.field("/tls/ca_file").is_null());
        dialog.show_more("Weitere Einstellungen");
        let report = dialog.test("Testen");
        assert!(report.contains("✗ "), "the authority is not known yet: {report}");
        dialog.enter("/tls/ca_file", sandbox.ca_file.to_str().unwrap());
        let report = dialog.test("Testen");
        assert!(report.lines().count() > 3 && report.lines().all(|line| line.starts_with("✓ ")), "{report}");

        dialog.press("Speichern");
        assert!(dialog.end().success());
        let auth = json!({"user": "anna", "password": "Geheim-7"});
        let office = json!({
            "transport": "smtp",
            "server": {"host": "localhost", "port": sandbox.tls_port},
            "tls": {"mode": "implicit", "ca_file": sandbox.ca_file},
            "auth": auth,
        });
        assert_eq!(checked(&file), json!({"accounts": {"office": office}}), "{program:?}");
    }
}

#[test]
fn an_imap_account_with_a_stored_password_and_a_wrong_port_is_mended_in_english() {
    let Some(exim) = Exim::shared() else { return };
    let (user, port) = (exim.dovecot().mailbox(), exim.dovecot().imaps);
    let closed = Closed::new().unwrap();
    for program in Program::all() {
        let folder = Folder::new().unwrap();
        let file = folder.file("settings.json");
        let password = json!({"secret": "MAIL_PASSWORD"});
        let mut office = json!({
            "transport": "imap",
            "server": {"host": "localhost", "port": closed.port},
            "tls": {"mode": "implicit", "ca_file": exim.files().authority()},
            "auth": {"user": user, "password": password},
        });
        let other = json!({"transport": "sendmail"});
        std::fs::write(&file, json!({"accounts": {"office": office, "other": other}}).to_string()).unwrap();
        let mut dialog = Dialog::open(program, &file, "imap", "en");
        assert_eq!(dialog.state["title"], "office: IMAP account");
        assert_eq!(dialog.field("/auth/password")["shows"], "MAIL_PASSWORD", "the name, which is no secret");
        let report = dialog.test("Test");
        assert!(report.contains("✗ "), "{report}");
        assert_eq!(dialog.state["focus"], "/server/port", "the step that failed leads to its field: {report}");
        dialog.enter("/server/port", &port.to_string());
        dialog.choose("/imap/via", "other");
        dialog.show_more("More settings");
        dialog.tick("/imap/create_folders");
        let report = dialog.test("Test");
        assert!(report.lines().count() > 3 && report.lines().all(|line| line.starts_with("✓ ")), "{report}");
        if let Program::WinForms = program {
            dialog.picture("dialog-winforms.png");
        }
        dialog.press("Save");
        assert!(dialog.end().success());
        office["server"]["port"] = json!(port);
        office["imap"] = json!({"via": "other", "create_folders": true});
        assert_eq!(checked(&file), json!({"accounts": {"office": office, "other": other}}), "{program:?}");
    }
}
