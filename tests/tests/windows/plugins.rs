//! Plugins that do not behave.

use crate::{Said, good};
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::strangers;
use postkontor_tests::windows::{Installation, Width, shown};
use serde_json::json;
use std::process::Command;

/// Runs `tests/callers/loaded.c` with a document of one account.
fn run(installation: &Installation, account: &serde_json::Value, calls: &[&str]) -> Said {
    let settings = json!({"accounts": {"main": account}, "sender": {"address": "anna@example.com"}});
    std::fs::write(installation.file("settings.json"), settings.to_string()).unwrap();
    let letter = json!({"to": ["b@example.com"], "subject": "x", "text": "x"});
    std::fs::write(installation.file("letter.json"), letter.to_string()).unwrap();
    let program = installation.c("tests/callers/loaded.c", &["-pedantic", "-lpsapi"]).unwrap();
    let mut command: Command = installation.command(&program);
    command.args(["settings.json", "letter.json"].map(|name| shown(&installation.file(name))));
    Said::read(&good(command.args(calls)))
}

#[test]
fn a_plugin_that_panics_costs_the_call_and_not_the_program() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let plugin = installation.folder().join("plugins").join("panics.dll");
        strangers::rust_for_windows(width, "tests/fixtures/plugins/panics", &plugin).unwrap();
        let account = json!({"transport": "panics", "panics": {"at": "send"}});
        let said = run(&installation, &account, &["transports", "send", "transports"]);
        let (status, error) = said.call("send");
        assert_eq!((status, error["code"].as_str()), (16, Some("plugin.panicked")), "{width:?}: {error:#}");
        let listed = said.of("transports").as_array().unwrap();
        assert!(listed.iter().all(|one| one.get("error").is_none()) && listed.iter().any(|one| one["name"] == "smtp"), "{said:?}");
        assert_eq!(said.call("close").0, 0);
    }
}

#[test]
fn a_plugin_of_the_other_width_is_listed_with_the_reason_and_the_others_work() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let plugin = installation.folder().join("plugins").join("panics.dll");
        strangers::rust_for_windows(width.other(), "tests/fixtures/plugins/panics", &plugin).unwrap();
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let account = json!({"transport": "smtp", "server": {"host": "localhost", "port": sandbox.port}, "tls": {"mode": "none"},
            "auth": {"method": "none"}});
        let said = run(&installation, &account, &["transports", "send"]);
        let listed = said.of("transports").as_array().unwrap();
        let failed: Vec<&str> = listed.iter().filter_map(|one| one["error"]["code"].as_str()).collect();
        assert_eq!(failed, ["plugin.other_machine"], "{width:?}: {listed:#?}");
        assert!(said.of("send")["message_id"].is_string());
    }
}
