//! Accounts are made and changed by the keyboard.

use crate::dialog::Dialog;
use crate::program::Program;
use postkontor_tests::folder::{Folder, private};
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What a settings file has, of which `postkontor check` has found no error.
fn checked(file: &Path) -> Value {
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
        dialog.enter("/server/host", "localhost");
        assert_eq!(dialog.field("/server/host")["problem"], "");
        dialog.enter("/server/port", "99999");
        assert_eq!(dialog.field("/server/port")["problem"], "Bitte eine Zahl von 1 bis 65535.");
        dialog.enter("/server/port", &sandbox.port.to_string());
        assert_eq!(dialog.field("/server/port")["problem"], "");
        dialog.choose("/tls/mode", "STARTTLS (zwingend)");
        dialog.enter("/auth/user", "anna");
        dialog.enter("/auth/password", "Geheim-7");
        assert_eq!(dialog.field("/auth/password")["shows"], "********", "a password is not shown");

        // Settings that few need are hidden at first.
        assert!(dialog.field("/tls/ca_file").is_null());
        dialog.press("Weitere Einstellungen");
        dialog.until("more settings", |state| state["fields"]["/tls/ca_file"].is_object());
        dialog.press("Testen");
        dialog.until("the report", |state| state["report"].as_str().unwrap().contains("fail"));
        dialog.enter("/tls/ca_file", sandbox.ca_file.to_str().unwrap());
        dialog.press("Testen");
        dialog.until("the report", |state| !state["report"].as_str().unwrap().contains("fail"));

        dialog.press("Speichern");
        assert!(dialog.end().success());
        let auth = json!({"user": "anna", "password": "Geheim-7"});
        let office = json!({
            "transport": "smtp",
            "server": {"host": "localhost", "port": sandbox.port},
            "tls": {"mode": "starttls", "ca_file": sandbox.ca_file},
            "auth": auth,
        });
        assert_eq!(checked(&file), json!({"accounts": {"office": office}}), "{program:?}");
    }
}
