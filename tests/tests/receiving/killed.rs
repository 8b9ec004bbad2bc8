//! The process is killed at any moment while it fetches and deletes: nothing is lost.

use crate::desk::{Desk, letters, lies, plugins};
use postkontor_tests::folder::Folder;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MESSAGES: usize = 2000;
const KILLS: u32 = 20;

/// Subject and id of each message that was stored completely.
fn stored(folder: &std::path::Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let summaries = entries.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    summaries
        .map(|path| {
            let summary: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            // The summary is written last, so the message must be there, and whole.
            let raw = std::fs::read(path.with_extension("eml")).unwrap();
            assert_eq!(summary["sha256"], crate::saving::sha256(&raw));
            (summary["subject"].as_str().unwrap().to_owned(), summary["id"].as_str().unwrap().to_owned())
        })
        .collect()
}

/// How many files there are.
fn count(folder: &Folder) -> usize {
    std::fs::read_dir(folder.file("in")).unwrap().count()
}

fn receive(desk: &Desk, folder: &Folder, transport: &str) -> Command {
    std::fs::write(folder.file("settings.json"), desk.settings(transport, json!({})).to_string()).unwrap();
    let mut command = postkontor(["receive", "--json", "--then", "delete", "--timeout", "300", "--plugins", plugins()]).unwrap();
    command.arg(folder.file("settings.json")).arg("--to").arg(folder.file("in")).arg("--state").arg(folder.file("state"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn whoever_is_killed_while_fetching_loses_nothing() {
    let subjects: Vec<String> = (0..MESSAGES).map(|number| format!("m{number:05}")).collect();
    let letters = letters(&subjects.iter().map(String::as_str).collect::<Vec<_>>());
    for transport in ["pop3", "imap"] {
        let Some(desk) = Desk::with(&letters) else { return };
        let folder = Folder::new().unwrap();
        std::fs::create_dir(folder.file("in")).unwrap();
        // Seeded, so that a failure can be had again.
        let mut chance: u64 = 4711;
        let mut during = 0;
        for _ in 0..KILLS {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let before = count(&folder);
            let mut child = receive(&desk, &folder, transport).spawn().unwrap();
            // Counted from the first message of this run, so that most of the moments lie within the fetching.
            let patience = Instant::now() + Duration::from_secs(30);
            while Instant::now() < patience && child.try_wait().unwrap().is_none() && count(&folder) == before {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_micros((chance >> 33) % 400_000));
            during += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(during > KILLS / 4, "{transport}: only {during} kills came while it was fetching");
        assert!(receive(&desk, &folder, transport).status().unwrap().success());
        let mut by_id: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (subject, id) in stored(&folder.file("in")) {
            by_id.entry(id).or_default().insert(subject);
        }
        assert!(by_id.values().all(|subjects| subjects.len() == 1), "{transport}: an id stands for two messages");
        let found: BTreeSet<String> = by_id.into_values().flatten().collect();
        assert_eq!(found, subjects.iter().cloned().collect(), "{transport}: lost");
        assert!(lies(&desk, None).is_empty());
        let parts = std::fs::read_dir(folder.file("in"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "part"));
        assert_eq!(parts.count(), 0, "{transport}: something half is left behind");
    }
}
