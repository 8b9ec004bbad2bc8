//! Folders: their names and uses, filing into them, sending by them.

use crate::foreign;
use crate::setup::{Setup, ask, fetch, letters, lies, patience, subjects};
use postkontor_core::{Action, Input, Status};
use postkontor_tests::dovecot::CRAMPED;
use serde_json::{Value, json};

fn ids(setup: &Setup, folder: &str) -> Vec<String> {
    let (result, got) = fetch(&mut setup.account("imap"), json!({"folder": folder}), |_| Action::Keep);
    result.unwrap();
    got.iter().map(|got| got.id().to_owned()).collect()
}

#[test]
fn folders_are_listed_with_their_uses() {
    let Some(setup) = Setup::new() else { return };
    let listed = ask(setup.account("imap").list("{}", &patience()));
    let find = |name: &str| {
        listed["folders"].as_array().unwrap().iter().find(|folder| folder["name"] == name).unwrap_or_else(|| panic!("{listed}"))
    };
    assert_eq!(find("Gesendet")["uses"], json!(["sent"]));
    assert_eq!(find("Entwürfe")["uses"], json!(["drafts"]));
    assert_eq!(find("INBOX")["selectable"], true);
    assert_eq!(find("Gesendet")["delimiter"], "/");
}

#[test]
fn messages_are_marked_moved_and_deleted_by_id() {
    let Some(setup) = Setup::with(&letters(&["a", "b", "c", "d"])) else { return };
    let mut account = setup.account_with("imap", json!({"imap": {"create_folders": true}}));
    let all = ids(&setup, "INBOX");
    let mut apply = |request: Value| ask(account.apply(&request.to_string(), &patience()));
    let answer = apply(json!({"messages": [all[0], all[1]], "action": "seen"}));
    assert_eq!(answer, json!({"applied": [all[0], all[1]], "missing": []}));
    let seen = || setup.found("INBOX").into_iter().filter(|message| message.flags == ["\\Seen"]).map(|message| message.subject);
    assert!(seen().eq(["a", "b"]));
    apply(json!({"messages": [all[1]], "action": "unseen"}));
    assert!(seen().eq(["a"]));
    let (unseen, _) = subjects(&mut setup.account("imap"), json!({"filter": {"unseen": true}}));
    assert_eq!(unseen, ["b", "c", "d"]);
    apply(json!({"messages": [all[2]], "action": "delete"}));
    // The folder does not exist yet and has all that makes a name hard.
    let filed = "Ablage/Größe & \"Maß\" 日本";
    apply(json!({"messages": [all[1], all[3]], "action": "move", "folder": filed}));
    assert_eq!(lies(&setup, None), ["a"]);
    assert_eq!(lies(&setup, Some(filed)), ["b", "d"]);
    let answer = apply(json!({"messages": [all[3], all[0]], "action": "delete"}));
    assert_eq!(answer, json!({"applied": [all[0]], "missing": [all[3]]}));
    // What was moved has a new id, by which it is found where it lies now.
    let moved = ids(&setup, filed);
    apply(json!({"messages": [moved[0]], "action": "move", "folder": "<sent>"}));
    assert_eq!(lies(&setup, Some("Gesendet")), ["b"]);
    let listed = ask(account.list("{}", &patience())).to_string();
    assert!(listed.contains(&json!(filed).to_string()), "{listed}");
    let folders = foreign::folders(setup.exim, &setup.user);
    assert!(folders.contains(&foreign::on_wire(filed)), "{folders:?}");
}

#[test]
fn folders_go_by_several_names() {
    let Some(setup) = Setup::with(&letters(&["a"])) else { return };
    for name in ["INBOX", "inbox", "Posteingang", "Prejeto"] {
        assert_eq!(subjects(&mut setup.account("imap"), json!({"folder": name})).0, ["a"], "{name}");
    }
    let mut account = setup.account_with("imap", json!({"imap": {"inbox": "Posteingang"}}));
    let (result, got) = fetch(&mut account, json!({}), |_| Action::Keep);
    result.unwrap();
    assert_eq!(got[0].summary["folder"], "INBOX", "an id is the same whichever name was used");
    assert_eq!(ids(&setup, "INBOX"), [got[0].id()]);
    assert!(subjects(&mut setup.account("imap"), json!({"folder": "<sent>"})).0.is_empty());
    let error = account.receive(r#"{"folder":"<archive>"}"#, None, &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::NotFound, "imap.special_use_missing"));
}

#[test]
fn a_missing_folder_is_named() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.account("imap");
    let error = account.receive(r#"{"folder":"Gibt es nicht"}"#, None, &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (Status::NotFound, "imap.folder_missing", "/folder"));
    assert!(error.message.contains("Gibt es nicht"), "{}", error.message);
    for name in ["", "a\r\nb LOGOUT", "\u{0}"] {
        let error = account.receive(&json!({"folder": name}).to_string(), None, &patience()).unwrap_err();
        assert_eq!(
            (error.status, error.code.as_str()),
            (Status::Argument, if name.is_empty() { "imap.folder_name_invalid" } else { "request.control_character" }),
            "{name:?}"
        );
        assert_eq!((error.at[0].of, error.at[0].pointer.as_str()), (Some(Input::Request), "/folder"));
    }
    let (filed, error) = (ids(&setup, "INBOX"), account.apply(r#"{"messages":["x"],"action":"delete"}"#, &patience()).unwrap_err());
    assert!(filed.is_empty());
    assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("imap.id_invalid", "/messages/0"));
    let error = account.apply(r#"{"messages":["1.1.INBOX"],"action":"eat"}"#, &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Argument, "request.member_invalid"));
}

#[test]
fn the_test_looks_for_the_folders() {
    let Some(setup) = Setup::new() else { return };
    let report = |imap: Value| -> Value { ask(setup.account_with("imap", json!({ "imap": imap })).test("{}", &patience())) };
    let good = report(json!({"inbox": "Posteingang", "outbox": "Entwürfe"}));
    assert_eq!(good["ok"], true, "{good:#}");
    let missing = report(json!({"outbox": "Postausgang"}));
    let step = missing["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail").unwrap();
    assert_eq!((&step["code"], &step["pointer"]), (&json!("imap.folder_missing"), &json!("/accounts/main/imap/outbox")));
    let created = report(json!({"outbox": "Postausgang", "create_folders": true}));
    assert_eq!(created["ok"], true);
    let step = created["steps"].as_array().unwrap().iter().find(|step| step["status"] == "warn").unwrap();
    assert_eq!(step["code"], "imap.folder_will_be_created");
    let pop3 = ask(setup.account("pop3").test("{}", &patience()));
    assert_eq!(pop3["ok"], true, "{pop3:#}");
}

#[test]
fn sending_by_imap_puts_the_message_into_the_outbox() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.account_with("imap", json!({"imap": {"outbox": "Ausgänge/Für morgen", "create_folders": true}}));
    // A small message goes at once, a large one after the server's consent.
    for (subject, lines) in [("small", 1), ("Große Anlage", 20_000)] {
        let message = json!({"to": ["b@example.com"], "subject": subject, "text": "Zeile\n".repeat(lines)});
        let receipt = ask(account.send_document(&message.to_string(), &[], &patience()));
        let saved = receipt["saved_to"].as_str().unwrap();
        assert!(saved.ends_with(".Ausgänge/Für morgen"), "{receipt}");
        let (_, got) =
            fetch(&mut setup.account("imap"), json!({"folder": "Ausgänge/Für morgen", "filter": {"subject": subject}}), |_| Action::Keep);
        assert_eq!((got.len(), got[0].subject()), (1, subject));
        assert_eq!((got[0].id(), got[0].summary["size"].as_u64()), (saved, receipt["size"].as_u64()));
        assert!(got[0].summary["flags"].to_string().contains("Seen"));
    }
}

#[test]
fn a_large_message_finds_its_outbox_created_too() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.account_with("imap", json!({"imap": {"outbox": "Postausgang", "create_folders": true}}));
    let message = json!({"to": ["b@example.com"], "subject": "large", "text": "Zeile\n".repeat(20_000)});
    account.send_document(&message.to_string(), &[], &patience()).unwrap();
    assert_eq!(lies(&setup, Some("Postausgang")), ["large"]);
}

#[test]
fn a_missing_outbox_is_named_and_the_session_goes_on() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.account_with("imap", json!({"imap": {"outbox": "Postausgang"}}));
    for lines in [1, 20_000] {
        let message = json!({"to": ["b@example.com"], "subject": "x", "text": "Zeile\n".repeat(lines)});
        let error = account.send_document(&message.to_string(), &[], &patience()).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::NotFound, "imap.folder_missing"), "{error:?}");
        assert_eq!(error.at[0].pointer, "/accounts/main/imap/outbox");
        assert_eq!(serde_json::to_value(error.delivery).unwrap(), "none");
    }
    assert!(subjects(&mut account, json!({})).0.is_empty());
}

#[test]
fn a_full_folder_is_a_refusal_with_the_servers_words() {
    let Some(mut setup) = Setup::new() else { return };
    CRAMPED.clone_into(&mut setup.user);
    let mut account = setup.account_with("imap", json!({"imap": {"outbox": "Klein", "create_folders": true}}));
    let message = json!({"to": ["b@example.com"], "subject": "x", "text": "Zeile\n".repeat(20_000)});
    let error = account.send_document(&message.to_string(), &[], &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Refused, "imap.append_refused"), "{error:?}");
    assert!(error.server.as_ref().unwrap().text.contains("OVERQUOTA"), "{error:?}");
    assert!(lies(&setup, Some("Klein")).is_empty());
}
