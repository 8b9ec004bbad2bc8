//! The version of a document, and what becomes of older ones.

use super::{Plugins, checked, problems};
use postkontor_core::settings::{Document, Migrated, VERSION};
use serde_json::{Value, json};

/// An account of which version 0 knows a field that has a successor.
fn outdated() -> Value {
    json!({"transport": "imap", "server": {"host": "mail.example.com"}, "auth": {"user": "u", "password": "hidden"}, "imap": {"sent_box": "Old"}})
}

#[test]
fn the_step_from_version_0_names_successors_in_every_layer() {
    let with = |version: u64, account: Value| json!({"version": version, "accounts": {"a": account}});
    let migrated = Migrated::of(&with(0, outdated()).to_string(), &Plugins).unwrap();
    assert_eq!((migrated.from, migrated.version), (0, VERSION));
    let mut expected = outdated();
    expected["imap"] = json!({"outbox": "Old"});
    assert_eq!(migrated.settings, with(VERSION, expected), "with its secrets");
    // What stands at the successor already stays, and the transport may stand in another layer.
    let layers = json!({"version": 0, "company": {}, "user": {"accounts": {"a": {"transport": "imap"}}},
        "workstation": {"accounts": {"a": {"imap": {"sent_box": "Old", "outbox": "New"}}}}});
    let migrated = Migrated::of(&layers.to_string(), &Plugins).unwrap();
    assert_eq!(migrated.settings["workstation"], json!({"accounts": {"a": {"imap": {"outbox": "New"}}}}));
}

#[test]
fn an_older_document_is_opened_as_it_stands_after_its_migration() {
    let text = json!({"version": 0, "accounts": {"a": outdated()}}).to_string();
    let document = Document::parse(&text, &Plugins).unwrap();
    assert_eq!(document.account("a").unwrap().settings["imap"], json!({"outbox": "Old"}));
    let answer = checked(&text);
    assert_eq!((&answer["version"], &answer["ok"], &answer["problems"]), (&json!(0), &json!(true), &json!([])));
    assert_eq!(answer["migrated"]["version"], VERSION);
    assert_eq!(answer["migrated"]["accounts"]["a"]["auth"], json!({"user": "u"}), "without its secrets");
    assert!(!answer.to_string().contains("hidden"));
}

#[test]
fn check_shows_of_an_account_without_a_known_transport_no_more_than_its_name() {
    let text = json!({"version": 0, "accounts": {"a": {"transport": "none", "token": "hidden"}}}).to_string();
    let answer = checked(&text);
    assert_eq!(answer["migrated"]["accounts"], json!({"a": {"transport": "none"}}));
}

#[test]
fn a_document_that_says_no_version_is_of_todays() {
    for given in [json!({}), json!({"version": null}), json!({"version": VERSION})] {
        let answer = checked(&given.to_string());
        assert_eq!((&answer["version"], answer.get("migrated"), &answer["ok"]), (&json!(VERSION), None, &json!(true)), "{given}");
    }
    let outdated = json!({"accounts": {"a": outdated()}});
    assert_eq!(problems(&outdated), [("/accounts/a/imap/sent_box".to_owned(), "settings.deprecated".to_owned())]);
}

#[test]
fn a_version_that_is_not_known_is_a_clear_error() {
    for (version, code) in
        [(json!(2), "settings.version_newer"), (json!(-1), "settings.out_of_range"), (json!("one"), "settings.wrong_type")]
    {
        let given = json!({"version": version, "enabled": false});
        assert_eq!(problems(&given), [("/version".to_owned(), code.to_owned())], "{version}");
        let error = Document::parse(&given.to_string(), &Plugins).unwrap_err();
        assert_eq!((error.at[0].pointer.as_str(), error.at[0].code.as_str()), ("/version", code));
        assert!(Migrated::of(&given.to_string(), &Plugins).is_err(), "{version}");
    }
    let answer = checked(r#"{"version": 2}"#);
    let sentence = "This document is of version 2, and this Postkontor knows versions up to 1. Install a newer one.";
    assert_eq!(answer["problems"][0]["message"], sentence);
}
