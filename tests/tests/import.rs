//! `postkontor import` and `export` with the samples of `tests/import`: what comes out passes `check`, and comes back the same.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// Each source with its sample, and the pointers of what the sample lacks.
const SAMPLES: [(&str, &str, &[&str]); 7] = [
    ("pantheon", "pantheon.ini", &[]),
    ("officeplaner", "officeplaner.json", &[]),
    ("starface", "starface.ini", &[]),
    ("esoffice", "esoffice.ini", &[]),
    // The id of the application is Thunderbird's own.
    ("thunderbird", "thunderbird.js", &["/accounts/server3/auth/oauth2/client_id", "/accounts/smtp2/auth/oauth2/client_id"]),
    ("thunderbird", "autoconfig.xml", &["/accounts/imap/auth/user", "/accounts/imap/auth/password"]),
    ("outlook-prf", "outlook.prf", &[]),
];

struct Setup {
    folder: Folder,
    command: std::path::PathBuf,
}

impl Setup {
    fn new() -> Setup {
        let products = Products::built().unwrap();
        let folder = Folder::new().unwrap();
        products.plugins(folder.path(), &["smtp", "imap", "pop3", "sendmail", "exchange-ews", "graph"]).unwrap();
        Setup { folder, command: products.command() }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let plugins = self.folder.path().join("plugins");
        let store = self.folder.path().join("store");
        let mut command = Command::new(&self.command);
        command.args(arguments).arg("--plugins").arg(plugins).arg("--lang=de").arg("--json");
        command.env("HOME", self.folder.path()).env("XDG_CONFIG_HOME", store).env("POSTKONTOR_SECRETS", "file").output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {output:?}"))
    }

    fn written(&self, name: &str, text: &str) -> String {
        let file = self.folder.file(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }
}

fn sample(name: &str) -> String {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/import")).join(name).display().to_string()
}

#[test]
fn each_sample_passes_check_but_for_what_it_lacks_and_says_what_was_left_out() {
    let setup = Setup::new();
    for (source, name, lacks) in SAMPLES {
        let answer = setup.json(&["import", "--from", source, &sample(name)]);
        let problems = answer["check"]["problems"].as_array().unwrap().iter().filter(|problem| problem["severity"] == "error");
        let problems: Vec<&str> = problems.map(|problem| problem["pointer"].as_str().unwrap()).collect();
        assert_eq!(problems, lacks, "{name}: {:#}", answer["check"]["problems"]);
        for left_out in answer["left_out"].as_array().unwrap() {
            let message = left_out["message"].as_str().unwrap();
            assert!(message.ends_with('.') && !message.starts_with("import."), "{left_out}");
        }
        let said = answer.to_string();
        for password in ["Geheim-7", "Geheim=7", "app~Geheim", "Skrivnost-"] {
            assert!(!said.contains(password), "{name}: {said}");
        }
    }
}

#[test]
fn import_check_export_and_import_give_the_same_document() {
    let setup = Setup::new();
    for (source, name, _) in SAMPLES {
        let answer = setup.json(&["import", "--from", source, &sample(name)]);
        let document = &answer["settings"];
        // As it is, and as check has completed it.
        let file = setup.written("document.json", &document.to_string());
        assert_eq!(&setup.json(&["import", "--from", source, &file])["settings"], document, "{name}");
        let checked = setup.json(&["check", &file]);
        let file = setup.written("checked.json", &checked.to_string());
        assert_eq!(setup.json(&["import", "--from", source, &file])["settings"], checked["settings"], "{name}");
        if !name.ends_with(".ini") && source != "officeplaner" {
            continue;
        }
        let file = setup.written("document.json", &document.to_string());
        let dump = setup.run(&["export", "--to", source, &file]);
        let dump: Value = serde_json::from_slice(&dump.stdout).unwrap();
        let file = setup.written("dump.ini", dump.as_str().unwrap());
        let again = setup.json(&["import", "--from", source, &file]);
        assert_eq!(&again["settings"], document, "{name}: {dump}");
    }
}

#[test]
fn passwords_go_to_the_store_where_that_is_asked_for() {
    let setup = Setup::new();
    let answer = setup.json(&["import", "--from", "starface", &sample("starface.ini"), "--keep-secrets"]);
    assert_eq!(answer["secrets"], json!([{"name": "starface/external", "store": "file"}]), "{answer:#}");
    assert_eq!(answer["left_out"], json!([]));
    let listed = setup.json(&["secret", "list"]);
    assert!(listed.to_string().contains("starface/external"), "{listed}");
}

#[test]
fn an_unknown_source_is_answered_with_the_list() {
    let setup = Setup::new();
    let error = setup.json(&["import", "--from", "eudora", "x"]);
    assert_eq!((&error["code"], &error["status"]), (&json!("cli.source_unknown"), &json!(1)));
    assert!(error["message"].as_str().unwrap().contains("outlook-prf"), "{error}");
    assert_eq!(setup.json(&["export", "--to", "thunderbird", &sample("starface.ini")])["code"], "cli.export_unsuitable");
}
