//! The process is killed at any moment while it fetches and deletes: nothing is lost.

use crate::setup::{Setup, letters, lies, plugins};
use postkontor_tests::folder::Folder;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MESSAGES: usize = 2000;
const KILLS: u32 = 200;

/// What a process was doing when it was killed.
#[derive(Debug, Default)]
struct Moments {
    connecting: u32,
    fetching: u32,
    deleting: u32,
    /// It was done before.
    late: u32,
}

/// Subject and id of each message that was stored completely.
fn stored(folder: &Path) -> Vec<(String, String)> {
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

/// The numbers of the files with this extension.
fn numbers(folder: &Path, extension: &str) -> BTreeSet<u64> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(extension)?.parse().ok()).collect()
}

/// One process that fetches so many messages.
fn receive(setup: &Setup, folder: &Folder, transport: &str, max: usize) -> Command {
    std::fs::write(folder.file("settings.json"), setup.settings(transport, json!({})).to_string()).unwrap();
    let mut command = postkontor(["receive", "--json", "--action", "delete", "--timeout", "300", "--plugins", plugins()]).unwrap();
    command.arg(folder.file("settings.json")).arg("--to").arg(folder.file("in")).arg("--state").arg(folder.file("state"));
    command.arg("--max").arg(max.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The files that are not messages yet.
fn drafts(inbox: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(inbox).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".postkontor-")).collect()
}

/// Waits until `happened`, or until the process has ended.
fn wait(child: &mut Child, mut happened: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience && child.try_wait().unwrap().is_none() && !happened() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts processes that fetch some messages each and kills them, each at another moment: counted from its start, from the first
/// message that it stores, or from the last.
fn kill(setup: &Setup, folder: &Folder, transport: &str) -> Moments {
    let inbox = folder.file("in");
    let mut moments = Moments::default();
    // Seeded, so that a failure can be had again.
    let mut seed: u64 = 4711;
    let mut chance = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    // How many microseconds a message takes: the moments are to be spread over all that a process does.
    let mut pace = 0;
    for number in 0..=KILLS {
        let wanted = 5 + chance(30);
        let next = numbers(&inbox, ".eml").last().copied().unwrap_or(0) + 1;
        // What a process that was killed before has left there is not what this one has begun.
        let left = drafts(&inbox);
        let exists = |number: u64, extension: &str| inbox.join(format!("{number:04}.{extension}")).exists();
        let begun = || exists(next, "eml") || drafts(&inbox).difference(&left).next().is_some();
        let mut child = receive(setup, folder, transport, wanted as usize).spawn().unwrap();
        if number == 0 {
            wait(&mut child, begun);
            let started = Instant::now();
            assert!(child.wait().unwrap().success());
            pace = started.elapsed().as_micros() as u64 / wanted;
            continue;
        }
        let span = match chance(6) {
            0 => pace * wanted,
            1 => {
                wait(&mut child, || exists(next + wanted - 1, "json"));
                pace * 3
            }
            _ => {
                wait(&mut child, begun);
                pace * wanted
            }
        };
        let moment = Instant::now() + Duration::from_micros(chance(span));
        wait(&mut child, || Instant::now() >= moment);
        let is_done = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        let complete = numbers(&inbox, ".json").range(next..).count() as u64;
        match () {
            () if is_done => {
                // Only the first is slow: what the system has read once it need not read again.
                pace = pace * 9 / 10;
                moments.late += 1;
            }
            () if complete == wanted => moments.deleting += 1,
            () if complete > 0 || begun() => moments.fetching += 1,
            () => moments.connecting += 1,
        }
    }
    moments
}

fn killed(transport: &str) {
    let subjects: Vec<String> = (0..MESSAGES).map(|number| format!("m{number:05}")).collect();
    let letters = letters(&subjects.iter().map(String::as_str).collect::<Vec<_>>());
    let Some(setup) = Setup::with(&letters) else { return };
    let folder = Folder::new().unwrap();
    std::fs::create_dir(folder.file("in")).unwrap();
    let moments = kill(&setup, &folder, transport);
    println!("{transport}: {moments:?}");
    assert!(moments.fetching + moments.deleting > KILLS / 2 && moments.deleting > 0, "{transport}: {moments:?}");
    assert!(receive(&setup, &folder, transport, MESSAGES).status().unwrap().success());
    let mut by_id: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let stored = stored(&folder.file("in"));
    assert!(stored.len() > MESSAGES, "{transport}: nothing was fetched twice, so the processes were not killed while they were fetching");
    for (subject, id) in stored {
        by_id.entry(id).or_default().insert(subject);
    }
    assert!(by_id.values().all(|subjects| subjects.len() == 1), "{transport}: an id stands for two messages");
    assert_eq!(by_id.len(), MESSAGES, "{transport}: a message has two ids");
    let found: BTreeSet<String> = by_id.into_values().flatten().collect();
    assert_eq!(found, subjects.iter().cloned().collect(), "{transport}: lost");
    assert!(lies(&setup, None).is_empty());
    assert_eq!(drafts(&folder.file("in")), BTreeSet::new(), "{transport}: something half is left behind");
}

#[test]
fn a_program_killed_at_two_hundred_moments_of_fetching_by_pop3_loses_nothing() {
    killed("pop3");
}

#[test]
fn a_program_killed_at_two_hundred_moments_of_fetching_by_imap_loses_nothing() {
    killed("imap");
}
