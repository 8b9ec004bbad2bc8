//! Many messages, well-formed and broken: not a byte is changed, and what is read in them is what Python's email reads.

use crate::saving::sha256;
use crate::setup::Setup;
use postkontor_core::{Action, Cancel};
use postkontor_tests::folder::Folder;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::Duration;

const COUNT: usize = 10_000;

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
    for member in ["subject", "message_id"] {
        if summary[member] != expected[member] {
            return differs(member, &summary[member], &expected[member]);
        }
    }
    let from = json!({"name": summary["from"][0]["name"].as_str().unwrap_or_default(), "address": summary["from"][0]["address"]});
    if from != expected["from"] {
        return differs("from", &from, &expected["from"]);
    }
    let to: Vec<&Value> = summary["to"].as_array().unwrap().iter().map(|person| &person["address"]).collect();
    if json!(to) != expected["to"] {
        return differs("to", &summary["to"], &expected["to"]);
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
        if ours["name"] != theirs["name"] || ours["type"] != theirs["type"] || ours["inline"] != theirs["inline"] || !same_bytes {
            return differs("part", ours, theirs);
        }
    }
    None
}

/// Where the bytes that came differ from those that lie in the mailbox.
fn altered(came: &[u8], lies: &[u8]) -> Option<String> {
    let at = came.iter().zip(lies).take_while(|(came, lies)| came == lies).count();
    let near = |bytes: &[u8]| bytes[at.saturating_sub(20)..bytes.len().min(at + 20)].escape_ascii().to_string();
    (came != lies).then(|| format!("raw bytes at {at}\n  ours   {}\n  theirs {}", near(came), near(lies)))
}

fn differences(setup: &Setup, transport: &str, stored: &[Vec<u8>], expected: &[Value]) -> Vec<String> {
    let (mut index, mut differences) = (0, Vec::new());
    let mut take = |fetched: postkontor_core::Fetched<'_>| {
        let mut wire = on_the_wire(&stored[index]);
        if transport == "pop3" && !wire.ends_with(b"\r\n") {
            // The dot that ends a message stands on a line of its own, so POP3 cannot express that the last line is open.
            wire.extend_from_slice(b"\r\n");
        }
        if transport == "imap" {
            // A literal of IMAP cannot have a NUL (RFC 3501, section 4.3.1); Dovecot says another byte in its place.
            wire.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = 0x80);
        }
        let summary: Value = serde_json::from_str(fetched.summary).unwrap();
        let parts = summary["parts"].as_array().unwrap().len();
        let hashes: Vec<String> = (0..parts).map(|part| sha256(&fetched.message.part(part).unwrap())).collect();
        let misread = || expected[index].is_object().then(|| difference(&summary, &hashes, &expected[index])).flatten();
        let found = altered(&fetched.message.bytes(None).unwrap(), &wire).or_else(misread);
        differences.extend(found.map(|found| format!("{transport} {index}: {found}")));
        index += 1;
        Action::Keep
    };
    let patience = Cancel::new(Some(Duration::from_secs(1200)));
    let mut account = setup.account(transport);
    let result = account.receive("{}", Some(&mut take), &patience).unwrap_or_else(|error| panic!("{transport}: {error:?}"));
    assert_eq!(index, stored.len(), "{transport}");
    let result: Value = json!(result);
    let again = account.receive(&json!({"state": result["state"]}).to_string(), None, &patience).unwrap();
    assert_eq!(json!(again)["messages"], json!([]), "{transport}");
    differences
}

#[test]
fn ten_thousand_messages_come_unchanged_and_are_read_as_python_reads_them() {
    let folder = Folder::new().unwrap();
    let Some(setup) = Setup::new() else { return };
    let (stored, expected) = messages(&folder);
    setup.dovecot().deliver(&setup.user, &stored).unwrap();
    let differences: Vec<String> = std::thread::scope(|scope| {
        let both = ["pop3", "imap"].map(|transport| {
            scope.spawn({
                let (setup, stored, expected) = (&setup, &stored, &expected);
                move || differences(setup, transport, stored, expected)
            })
        });
        both.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences[..differences.len().min(20)].join("\n"));
}
