//! Many messages, well-formed and broken: not a byte is changed, and what is read in them is what Python's email reads.

use crate::desk::{Desk, patience};
use crate::saving::sha256;
use postkontor_core::Disposal;
use postkontor_tests::folder::Folder;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

const COUNT: usize = 2000;

/// The messages as files, and for the well-formed ones what Python reads in them.
fn messages(folder: &Folder) -> (Vec<Vec<u8>>, Vec<Value>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receiving/many.py");
    let output = Command::new("python3").arg(script).arg(folder.path()).arg(COUNT.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let raw = (0..COUNT).map(|number| fs::read(folder.file(&format!("{number:05}"))).unwrap()).collect();
    (raw, serde_json::from_slice(&fs::read(folder.file("expected.json")).unwrap()).unwrap())
}

/// As a mail server sends it: every line feed has its carriage return.
fn on_the_wire(stored: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(stored.len());
    for (index, byte) in stored.iter().enumerate() {
        if *byte == b'\n' && (index == 0 || stored[index - 1] != b'\r') {
            wire.push(b'\r');
        }
        wire.push(*byte);
    }
    wire
}

fn lines(text: &Value) -> String {
    text.as_str().unwrap_or_default().replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

/// What differs between our reading of a message and Python's.
fn difference(summary: &Value, hashes: &[String], expected: &Value) -> Option<String> {
    let differs = |what: &str, ours: &Value, theirs: &Value| Some(format!("{what}\n  ours   {ours}\n  theirs {theirs}"));
    if summary["subject"] != expected["subject"] {
        return differs("subject", &summary["subject"], &expected["subject"]);
    }
    if summary["from"][0]["name"] != expected["from"] {
        return differs("from", &summary["from"][0]["name"], &expected["from"]);
    }
    for member in ["text", "html"] {
        if lines(&summary[member]) != lines(&expected[member]) {
            return differs(member, &summary[member], &expected[member]);
        }
    }
    let (ours, theirs) = (summary["parts"].as_array().unwrap(), expected["parts"].as_array().unwrap());
    if ours.len() != theirs.len() {
        return differs("parts", &summary["parts"], &expected["parts"]);
    }
    for ((ours, hash), theirs) in ours.iter().zip(hashes).zip(theirs) {
        let same_bytes = theirs["sha256"].is_null() || theirs["sha256"] == *hash;
        if ours["name"] != theirs["name"] || ours["type"] != theirs["type"] || !same_bytes {
            return differs("part", ours, theirs);
        }
    }
    None
}

#[test]
fn two_thousand_messages_come_unchanged_and_are_read_as_python_reads_them() {
    let folder = Folder::new().unwrap();
    let Some(desk) = Desk::new() else { return };
    let (stored, expected) = messages(&folder);
    desk.dovecot().deliver(&desk.user, &stored).unwrap();
    for transport in ["pop3", "imap"] {
        let (mut index, mut differences) = (0, Vec::new());
        let mut take = |fetched: postkontor_core::Fetched<'_>| {
            let mut wire = on_the_wire(&stored[index]);
            if transport == "pop3" && !wire.ends_with(b"\r\n") {
                // The dot that ends a message stands on a line of its own, so POP3 cannot express that the last line is open.
                wire.extend_from_slice(b"\r\n");
            }
            if fetched.message.raw() != wire {
                differences.push(format!(
                    "{index}: raw bytes: {:?} {:?}",
                    String::from_utf8_lossy(fetched.message.raw()),
                    String::from_utf8_lossy(&wire)
                ));
            }
            let summary: Value = serde_json::from_str(fetched.summary).unwrap();
            let parts = summary["parts"].as_array().unwrap().len();
            let hashes: Vec<String> = (0..parts).map(|part| sha256(&fetched.message.part(part).unwrap())).collect();
            if let Some(difference) = expected[index].is_object().then(|| difference(&summary, &hashes, &expected[index])).flatten() {
                differences.push(format!("{index}: {difference}"));
            }
            index += 1;
            Disposal::Keep
        };
        let result =
            desk.account(transport).receive("{}", Some(&mut take), &patience()).unwrap_or_else(|error| panic!("{transport}: {error:?}"));
        let result: Value = serde_json::from_str(&result).unwrap();
        assert_eq!(result["messages"].as_array().unwrap().len(), COUNT, "{transport}");
        assert!(
            differences.is_empty(),
            "{transport}: {} differences\n{}",
            differences.len(),
            differences[..differences.len().min(10)].join("\n")
        );
        let again = desk.account(transport).receive(&json!({"state": result["state"]}).to_string(), None, &patience()).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&again).unwrap()["messages"], json!([]), "{transport}");
    }
}
