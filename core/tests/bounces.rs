//! Bounces, receipts and automatic answers of tests/corpus/bounces: each message with the members that its summary has.
#![allow(clippy::unwrap_used, reason = "this is a test")]

use postkontor_core::Opened;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn messages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/bounces");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|ending| ending == "eml")).collect();
    files.sort();
    files
}

#[test]
fn every_bounce_is_read_as_what_it_is() {
    let mut wrong = Vec::new();
    let messages = messages();
    for file in &messages {
        let expected: Value = serde_json::from_slice(&std::fs::read(file.with_extension("json")).unwrap()).unwrap();
        let summary: Value = serde_json::from_str(Opened::open(file).unwrap().summary()).unwrap();
        for member in ["auto", "report"] {
            if summary.get(member).unwrap_or(&Value::Null) != expected.get(member).unwrap_or(&Value::Null) {
                let found = summary.get(member).unwrap_or(&Value::Null);
                wrong.push(format!("{}: /{member} is\n  {found}\nand not\n  {}", file.display(), expected[member]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), messages.len(), wrong.join("\n"));
    assert!(messages.len() >= 60, "only {} messages are there", messages.len());
}

#[test]
fn a_bounce_that_is_cut_anywhere_is_never_told_as_success() {
    for file in messages() {
        let raw = std::fs::read(&file).unwrap();
        let summary = |raw: &[u8]| serde_json::from_str::<Value>(Opened::new(raw.to_vec()).summary()).unwrap();
        let whole = summary(&raw)["report"]["kind"].clone();
        if whole != "failure" {
            continue;
        }
        let kinds: BTreeSet<String> =
            (0..raw.len()).step_by(7).map(|end| summary(&raw[..end])["report"]["kind"].as_str().unwrap_or_default().to_owned()).collect();
        let wrong: Vec<&String> = kinds.iter().filter(|kind| !["", "failure", "unknown"].contains(&kind.as_str())).collect();
        // The good news of a report about two recipients comes first.
        let of_two = file.ends_with("dsn-two-recipients.eml");
        assert!(wrong.is_empty() || of_two, "{}: {wrong:?}", file.display());
    }
}
