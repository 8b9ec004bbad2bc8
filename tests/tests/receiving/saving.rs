//! Saving into a folder of this machine.

use crate::setup::{Setup, letters, lies, patience, plugins};
use postkontor_core::Status;
use postkontor_tests::folder::Folder;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const TRANSPORTS: [&str; 2] = ["pop3", "imap"];

/// A message with parts whose names are meant to do harm.
fn parcel() -> Vec<u8> {
    let mut text =
        "From: b@example.com\nSubject: parcel\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nsee below\n"
            .to_owned();
    for name in ["../../escape.txt", "Rechnung.pdf", "rechnung.PDF", "CON", "a:b|c?.txt", "Größe.txt"] {
        text.push_str(&format!(
            "--x\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"{name}\"\n\ncontent of {name}\n"
        ));
    }
    text.push_str("--x--\n");
    text.into_bytes()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn messages_are_saved_with_parts_and_summaries() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&[letters(&["a"]).remove(0), parcel()]) else { return };
        let folder = Folder::new().unwrap();
        let target = folder.file("Eingang/heute");
        let request = json!({"save_to": target, "action": "delete"});
        let result: Value = json!(setup.account(transport).receive(&request.to_string(), None, &patience()).unwrap());
        assert_eq!(names(&target), ["0001.eml", "0001.json", "0002", "0002.eml", "0002.json"], "{transport}");
        let parts = names(&target.join("0002"));
        assert_eq!(parts, ["Größe.txt", "Rechnung.pdf", "_.._escape.txt", "_CON", "a_b_c_.txt", "rechnung (2).PDF"], "{transport}");
        assert_eq!(fs::read_to_string(target.join("0002/_.._escape.txt")).unwrap(), "content of ../../escape.txt");
        let raw = fs::read(target.join("0002.eml")).unwrap();
        assert_eq!(String::from_utf8(raw.clone()).unwrap(), String::from_utf8(parcel()).unwrap().replace('\n', "\r\n"));
        let summary: Value = serde_json::from_slice(&fs::read(target.join("0002.json")).unwrap()).unwrap();
        assert_eq!((&summary["file"], &summary["id"]), (&json!("0002.eml"), &result["messages"][1]["id"]));
        assert_eq!(summary["sha256"], sha256(&raw));
        assert_eq!(summary["parts"][1]["file"], "0002/Rechnung.pdf");
        assert_eq!(result["messages"][1]["action"], "delete");
        assert!(lies(&setup, None).is_empty());
        // The next fetch goes on counting.
        setup.dovecot().deliver_more(&setup.user, &letters(&["b"])).unwrap();
        setup.account(transport).receive(&request.to_string(), None, &patience()).unwrap();
        assert!(target.join("0003.eml").exists(), "{transport}");
    }
}

#[test]
fn what_cannot_be_saved_stays_on_the_server() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&letters(&["a"])) else { return };
        let folder = Folder::new().unwrap();
        let blocked = folder.file("file");
        fs::write(&blocked, "in the way").unwrap();
        let error =
            setup.account(transport).receive(&json!({"save_to": blocked, "action": "delete"}).to_string(), None, &patience()).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Local, "receive.not_saved"), "{transport}: {error:?}");
        assert_eq!(lies(&setup, None), ["a"]);
    }
}

#[test]
fn what_was_fetched_is_told_where_only_the_state_cannot_be_kept() {
    let Some(setup) = Setup::with(&letters(&["a"])) else { return };
    let folder = Folder::new().unwrap();
    fs::write(folder.file("settings.json"), setup.settings("imap", json!({})).to_string()).unwrap();
    let mut command = postkontor(["receive", "--json", "--plugins", plugins(), "--action", "delete"]).unwrap();
    command.arg(folder.file("settings.json")).arg("--to").arg(folder.file("in")).arg("--state").arg(folder.file("missing/state"));
    let output = command.output().unwrap();
    let error: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &error["code"]), (Some(19), &json!("cli.file_unwritable")), "{error:#}");
    assert_eq!((&error["messages"][0]["file"], &error["messages"][0]["subject"]), (&json!("0001.eml"), &json!("a")));
    assert!(error["state"].is_string() && folder.file("in/0001.json").exists() && lies(&setup, None).is_empty());
}

#[test]
fn two_who_fill_one_folder_overwrite_nothing() {
    let subjects: Vec<String> = (0..60).map(|number| format!("m{number}")).collect();
    let letters = letters(&subjects.iter().map(String::as_str).collect::<Vec<_>>());
    let Some(first) = Setup::with(&letters) else { return };
    let second = Setup::with(&letters).unwrap();
    let folder = Folder::new().unwrap();
    let target = folder.file("both");
    let request = json!({"save_to": target, "action": "delete"}).to_string();
    std::thread::scope(|scope| {
        for (setup, transport) in [(&first, "pop3"), (&second, "imap")] {
            let request = &request;
            scope.spawn(move || setup.account(transport).receive(request, None, &patience()).unwrap());
        }
    });
    let mut found: Vec<String> = names(&target).into_iter().filter(|name| name.ends_with(".json")).collect();
    assert_eq!(found.len(), 120);
    found = found.iter().map(|name| fs::read_to_string(target.join(name)).unwrap()).collect();
    let mut found: Vec<String> =
        found.iter().map(|summary| serde_json::from_str::<Value>(summary).unwrap()["subject"].as_str().unwrap().to_owned()).collect();
    found.sort();
    let mut expected = [subjects.clone(), subjects].concat();
    expected.sort();
    assert_eq!(found, expected);
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
