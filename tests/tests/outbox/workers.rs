//! Four workers on one database: one is killed, one loses the database, one loses the mail server, and one has a clock that is two hours fast.

use crate::network::{self, Namespace};
use crate::scene::{self, Program, Scene, Store};
use postkontor_core::Cancel;
use postkontor_outbox::Outbox;
use postkontor_tests::skip;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::{Duration, Instant};

const QUEUES: [&str; 3] = ["invoices", "reminders", ""];

/// How long the lines are cut: longer than a lease.
const CUT: Duration = Duration::from_secs(42);

const WORK: [&str; 3] = ["work", "1", r#"{"until": "stopped"}"#];

#[test]
fn four_workers_that_lose_what_they_need_send_nothing_twice_and_keep_the_order() {
    let Some(mut scene) = Scene::on(Store::Postgresql, &json!({"accounts": {"main": {"server": {"timeout_seconds": 5}}}})) else { return };
    if !std::path::Path::new("/usr/bin/faketime").exists() {
        return skip::because("faketime is not installed");
    }
    let database = scene.server.as_ref().unwrap().port;
    let namespaces = (1..=2).map(|number| Namespace::new(number, database, scene.sandbox.port)).collect::<Result<Vec<_>, _>>();
    let (without_database, without_mail) = match namespaces.as_deref() {
        Ok([first, second]) => (first, second),
        Ok(_) => unreachable!(),
        Err(error) => return skip::because(&format!("no network namespaces: {error}")),
    };
    let near = network::forward(Ipv4Addr::LOCALHOST, scene.sandbox.port, network::DELAY).unwrap();
    let own = settings(&scene, "own", (Ipv4Addr::LOCALHOST, database), (Ipv4Addr::LOCALHOST, near));
    let worker = env!("CARGO_BIN_EXE_postkontor-outbox-worker");
    let killed = Program::start(Command::new(worker).arg(&own).args(WORK));
    let fast = Program::start(
        Command::new("faketime").args(["-m", "-f", "+2h", worker]).arg(&own).args(WORK).env("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    );
    let within = |namespace: &Namespace, name: &str| {
        let settings = settings(&scene, name, namespace.database, namespace.mail);
        Program::start(namespace.command(worker).arg(settings).args(WORK))
    };
    let others = [within(without_database, "database"), within(without_mail, "mail")];
    let mut puts = Puts { outbox: scene.outbox(), number: 0 };
    puts.for_a_while(&scene, Duration::from_secs(3));
    without_database.cut("d");
    without_mail.cut("m");
    killed.kill();
    puts.for_a_while(&scene, CUT);
    without_database.mend("d");
    without_mail.mend("m");
    puts.for_a_while(&scene, Duration::from_secs(5));
    let held = settle(&scene, &mut puts.outbox);
    [fast].into_iter().chain(others).for_each(|program| drop(program.stop()));
    judge(&scene, puts.number, &held);
    drop(puts);
    // What came over a line that was cut is still a session to the server, which else waits for its end.
    let server = scene.server.as_mut().unwrap();
    let data = server.data();
    server.stop_immediately(&data).unwrap();
}

/// The settings of a worker that finds database and mail server there.
fn settings(scene: &Scene, name: &str, database: (Ipv4Addr, u16), mail: (Ipv4Addr, u16)) -> std::path::PathBuf {
    let mut settings = scene.settings.clone();
    let url = settings["outbox"]["store"].as_str().unwrap();
    let (login, rest) = url.split_once('@').unwrap();
    let path = rest.split_once('/').unwrap().1;
    settings["outbox"]["store"] = json!(format!("{login}@{}:{}/{path}?sslmode=disable", database.0, database.1));
    settings["accounts"]["main"]["server"]["host"] = json!(mail.0.to_string());
    settings["accounts"]["main"]["server"]["port"] = json!(mail.1);
    let file = scene.folder.file(&format!("{name}.json"));
    std::fs::write(&file, settings.to_string()).unwrap();
    file
}

/// Mails that are put one after the other, in turn into each queue.
struct Puts {
    outbox: Outbox,
    number: usize,
}

impl Puts {
    /// Puts mails, and looks whether leases that have ended are taken over in time: lanes look every five seconds.
    fn for_a_while(&mut self, scene: &Scene, time: Duration) {
        let started = Instant::now();
        while started.elapsed() < time {
            let mail = |number: usize| {
                let message = json!({"to": [format!("{number}@example.com")], "subject": number.to_string(), "text": "Guten Tag.\n"});
                json!({"message": message, "queue": QUEUES[number % 3], "key": number.to_string()})
            };
            let mails: Vec<Value> = (self.number..self.number + 6).map(mail).collect();
            self.outbox.put(&Value::from(mails).to_string(), &[], &Cancel::default()).unwrap();
            self.number += 6;
            let late = "SELECT COUNT(*) FROM postkontor_outbox_entries WHERE state = 'sending' \
                AND lease_until < EXTRACT(EPOCH FROM clock_timestamp()) * 1000 - 15000";
            let found = scene.server.as_ref().unwrap().psql("scene", late).unwrap();
            // An entry that came back without a verdict has no lease any more, and is settled at once.
            assert_eq!(found.trim(), "0", "a lease was not taken over in time");
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// Waits until everything has ended. What is held is resolved as a person would who looks into the server's log; the Message-IDs of those.
///
/// What is not there yet counts as failed and is not sent again: bytes that were on a line when it was cut may come through long after, and that
/// is why a person has to decide.
fn settle(scene: &Scene, outbox: &mut Outbox) -> HashSet<String> {
    let (started, mut held) = (Instant::now(), HashSet::new());
    loop {
        let entries = scene.entries();
        let in_state = |state: &str| entries.iter().filter(|entry| entry["state"] == state).collect::<Vec<_>>();
        let taken = scene.taken();
        for entry in in_state("held") {
            let message_id = entry["message_id"].as_str().unwrap();
            let word = if taken.contains_key(message_id) { "sent" } else { "failed" };
            let request = json!({"action": "resolve", "ids": [entry["id"]], "as": word});
            outbox.act(&request.to_string(), &Cancel::default()).unwrap();
            held.insert(message_id.to_owned());
        }
        let left = in_state("queued").len() + in_state("sending").len() + in_state("held").len();
        if left == 0 {
            return held;
        }
        let patience = Duration::from_secs(180);
        assert!(started.elapsed() < patience, "{left} are left: {:#}", entries.iter().find(|entry| entry["state"] != "sent").unwrap());
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn judge(scene: &Scene, put: usize, held: &HashSet<String>) {
    let (taken, entries) = (scene.taken(), scene.entries());
    assert_eq!(entries.len(), put);
    for entry in &entries {
        let message_id = entry["message_id"].as_str().unwrap();
        let times = taken.get(message_id).copied().unwrap_or(0);
        if held.contains(message_id) {
            assert!(times <= 1, "{entry:#}");
        } else {
            assert_eq!((times, &entry["state"]), (1, &json!("sent")), "{entry:#}");
        }
    }
    let mut last: HashMap<&str, usize> = HashMap::new();
    for mail in scene.sandbox.mails().iter().filter(|mail| !held.contains(&scene::message_id(&mail.data))) {
        let number: usize = mail.recipients[0].split('@').next().unwrap().parse().unwrap();
        let queue = QUEUES[number % 3];
        if let Some(before) = last.insert(queue, number).filter(|_| !queue.is_empty()) {
            assert!(before < number, "{number} came after {before} in {queue}");
        }
    }
    println!("{put} mails by four workers, {} of them held", held.len());
}
