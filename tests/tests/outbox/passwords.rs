//! A password that is wrong in the evening, when 3,000 mails wait, and right in the morning.

use crate::scene::{Scene, Store};
use serde_json::json;
use std::time::{Duration, Instant};

const MAILS: usize = 3000;

/// The pauses of this test, in seconds.
const PAUSE: u64 = 2;

#[test]
fn a_wrong_password_in_a_file_costs_one_login_for_each_pause_and_the_right_one_lets_all_go() {
    passwords(Store::Sqlite);
}

#[test]
fn a_wrong_password_at_a_server_costs_one_login_for_each_pause_and_the_right_one_lets_all_go() {
    passwords(Store::Postgresql);
}

fn passwords(store: Store) {
    let changes = json!({"accounts": {"main": {"auth": {"password": {"secret": "password"}}}},
        "outbox": {"retry": {"first_seconds": PAUSE, "factor": 1, "max_seconds": PAUSE}}});
    let Some(scene) = Scene::on(store, &changes) else { return };
    std::fs::write(scene.folder.file("password"), "of yesterday").unwrap();
    scene.program(&["put", "0", &MAILS.to_string(), "500"]).end();
    let started = Instant::now();
    let workers: Vec<_> = (0..2).map(|_| scene.program(&["work", "2", r#"{"until": "stopped"}"#])).collect();
    while scene.sandbox.connections() < 3 {
        std::thread::sleep(Duration::from_millis(50));
        assert!(started.elapsed() < Duration::from_secs(120), "{} attempts", scene.sandbox.connections());
    }
    // A pause is as long as the settings say at least, so that of four lanes only one has tried, each time.
    let most = 1 + started.elapsed().as_secs() / PAUSE;
    assert!(scene.sandbox.connections() as u64 <= most, "{} attempts in {:?}", scene.sandbox.connections(), started.elapsed());
    assert!(scene.sandbox.mails().is_empty() && scene.sandbox.logins().is_empty());
    let waiting = scene.entries();
    assert!(waiting.iter().all(|entry| entry["state"] == "queued" && entry["attempts"] == 0 || entry["state"] == "sending"));
    std::fs::write(scene.folder.file("password"), "Geheim-7").unwrap();
    scene.wait_until_none_is(&["queued", "sending"], Duration::from_secs(120));
    for worker in workers {
        worker.stop();
    }
    let taken = scene.taken();
    assert_eq!((taken.len(), taken.values().max()), (MAILS, Some(&1)));
    assert_eq!(scene.count("sent"), MAILS);
}
