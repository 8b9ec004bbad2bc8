//! Programs that are killed while they put and while they work: nothing that was acknowledged is lost, and nothing goes out twice in silence.
//!
//! `POSTKONTOR_OUTBOX_KILLS=200` makes it 200 kills and 10,000 mails for each store and each policy.

use crate::scene::{Scene, Store};
use serde_json::json;
use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// So many mails for each kill.
const MAILS: usize = 50;

const LANES: usize = 2;

#[test]
fn a_file_holds_what_a_kill_leaves_in_doubt() {
    kills(Store::Sqlite, "hold");
}

#[test]
fn a_file_sends_again_what_a_kill_leaves_in_doubt_if_so_wanted() {
    kills(Store::Sqlite, "send_again");
}

#[test]
fn a_server_holds_what_a_kill_leaves_in_doubt() {
    kills(Store::Postgresql, "hold");
}

#[test]
fn a_server_sends_again_what_a_kill_leaves_in_doubt_if_so_wanted() {
    kills(Store::Postgresql, "send_again");
}

fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

fn kills(store: Store, policy: &str) {
    let kills: usize = std::env::var("POSTKONTOR_OUTBOX_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(8);
    let Some(scene) = Scene::on(store, &json!({"outbox": {"on_uncertain": policy}})) else { return };
    let (mails, mut acknowledged, mut killed) = (kills * MAILS, BTreeSet::new(), 0);
    let putting = |acknowledged: &BTreeSet<usize>| {
        let first = (0..mails).find(|number| !acknowledged.contains(number)).unwrap_or(mails);
        scene.program(&["put", &first.to_string(), &mails.to_string(), &(1 + random(40)).to_string()])
    };
    let working = || scene.program(&["work", &LANES.to_string(), r#"{"until": "stopped"}"#]);
    let (mut putter, mut worker) = (putting(&acknowledged), working());
    for kill in 0..kills {
        // Any moment of an attempt: most last a few milliseconds.
        std::thread::sleep(Duration::from_micros(random(150_000)));
        if kill % 2 == 0 || kill % 5 == 0 {
            worker.kill();
            killed += 1;
            worker = working();
        }
        if kill % 2 == 1 || kill % 5 == 0 {
            acknowledged.extend(numbers(&putter.kill()));
            putter = putting(&acknowledged);
        }
    }
    acknowledged.extend(numbers(&putter.end()));
    assert_eq!(acknowledged.len(), mails, "the last one puts all that is left");
    scene.wait_until_none_is(&["queued", "sending"], Duration::from_secs(300));
    worker.stop();
    judge(&scene, policy, mails, killed);
}

fn numbers(said: &[String]) -> Vec<usize> {
    said.iter().filter_map(|line| line.strip_prefix("put ")?.parse().ok()).collect()
}

/// What the mail server took is compared with what the outbox says.
fn judge(scene: &Scene, policy: &str, mails: usize, killed: usize) {
    let (taken, entries) = (scene.taken(), scene.entries());
    let keys: BTreeSet<usize> = entries.iter().filter_map(|entry| entry["key"].as_str()?.parse().ok()).collect();
    assert_eq!((keys.len(), entries.len()), (mails, mails), "each mail is one entry");
    let mut held = 0;
    for entry in &entries {
        let times = taken.get(entry["message_id"].as_str().unwrap()).copied().unwrap_or(0);
        match entry["state"].as_str().unwrap() {
            "sent" if policy == "hold" => assert_eq!(times, 1, "{entry:#}"),
            "sent" => assert!(times >= 1, "{entry:#}"),
            "held" => {
                held += 1;
                assert!(times <= 1, "{entry:#}");
            }
            _ => panic!("{entry:#}"),
        }
    }
    let copies: usize = taken.values().map(|times| times - 1).sum();
    let known: BTreeSet<&str> = entries.iter().filter_map(|entry| entry["message_id"].as_str()).collect();
    assert!(taken.keys().all(|id| known.contains(id.as_str())), "all that went out is known");
    match policy {
        "hold" => assert_eq!(copies, 0),
        _ => {
            assert_eq!(held, 0);
            assert!(copies <= killed * LANES, "{copies} copies after {killed} kills");
        }
    }
    println!("{policy}: {mails} mails, {killed} workers killed, {held} held, {copies} copies");
}
