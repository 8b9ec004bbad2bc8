//! What a process does around the library: it frees it, and lets floating-point exceptions trap.

use crate::good;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::windows::{Installation, Width, shown};
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;

fn program(installation: &Installation) -> PathBuf {
    installation.c("tests/callers/process.c", &["-pedantic"]).unwrap()
}

fn said(command: &mut Command) -> String {
    String::from_utf8_lossy(&good(command).stdout).trim_end().to_owned()
}

#[test]
fn the_library_survives_being_freed_again_and_again() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        assert_eq!(said(installation.command(&program(&installation)).args(["reload", "30"])), "held", "{width:?}");
    }
}

#[test]
fn floating_point_exceptions_trap_in_a_callback_and_not_in_the_library() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let account = |authority: &str| {
            json!({"transport": "smtp", "server": {"host": "localhost", "port": sandbox.port}, "tls": {"mode": "starttls", "ca_file": authority},
                "auth": {"user": "anna", "password": "Geheim-7"}})
        };
        let document = |authority: &str| json!({"accounts": {"main": account(authority)}, "sender": {"address": "anna@example.com"}});
        installation.settings(&sandbox.ca_file, document).unwrap();
        let letter = json!({"to": ["b@example.com"], "subject": "x", "text": "x"});
        std::fs::write(installation.file("letter.json"), letter.to_string()).unwrap();
        let files = ["settings.json", "letter.json"].map(|name| shown(&installation.file(name)));
        let mut command = installation.command(&program(&installation));
        assert_eq!(said(command.arg("traps").args(files)), "held in callbacks, too", "{width:?}");
        assert_eq!(sandbox.mails().len(), 1);
    }
}
