//! Calls end in time: deadlines hold against servers that drip, and cancelling works everywhere.

use postkontor_core::{Account, Cancel, Status};
use postkontor_tests::engine;
use postkontor_tests::folder::Folder;
use postkontor_tests::relay::{Fault, Relay};
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// The deadline of the calls here, and what the issue grants them beyond it.
const DEADLINE: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_secs(1);

fn no_login() -> Value {
    json!({"method": "none"})
}

/// Sends with the deadline, and says how it ended and how long it took.
fn timed(settings: &Value) -> (Status, Duration) {
    let mut account = engine::open(settings).unwrap();
    let begin = Instant::now();
    let error = account.send_document(&engine::mail("b@example.com").to_string(), &[], &Cancel::new(Some(DEADLINE))).unwrap_err();
    (error.status, begin.elapsed())
}

/// After how many bytes to the client each answer of a whole session begins.
fn answers(sandbox: &Sandbox) -> Vec<usize> {
    let relay = Relay::start(sandbox.port, Fault::None).unwrap();
    engine::send(&engine::smtp(relay.port, json!({"mode": "none"}), no_login()), &engine::mail("b@example.com")).unwrap();
    let received = relay.received();
    // A reply after QUIT concerns no mail.
    let received = &received[..received.windows(4).position(|four| four == b"221 ").unwrap_or(received.len())];
    let starts = received.windows(2).enumerate().filter(|(_, pair)| *pair == b"\r\n").map(|(at, _)| at + 2);
    std::iter::once(0).chain(starts).filter(|at| *at < received.len()).collect()
}

#[test]
fn a_server_that_drips_one_byte_a_second_holds_no_call_beyond_its_deadline() {
    for without in [vec![], vec!["CHUNKING".to_owned()], vec!["CHUNKING".to_owned(), "PIPELINING".to_owned()]] {
        let sandbox = Sandbox::start(Options { without, ..Options::default() }).unwrap();
        let places = answers(&sandbox);
        assert!(places.len() > 5, "{places:?}");
        let cases: Vec<_> = places
            .into_iter()
            .map(|place| {
                let relay = Relay::start(sandbox.port, Fault::Drip(place)).unwrap();
                std::thread::spawn(move || {
                    // The whole relay, not only its port, lives as long as the call.
                    let relay = relay;
                    (place, timed(&engine::smtp(relay.port, json!({"mode": "none"}), no_login())))
                })
            })
            .collect();
        for case in cases {
            let (place, (status, mut took)) = case.join().unwrap();
            assert!([Status::Timeout, Status::Uncertain].contains(&status), "byte {place}: {status:?}");
            // All at once, the calls compete for the processors with the rest of the tests; one that was late is asked again alone.
            for _ in 0..2 {
                if took >= DEADLINE + GRACE {
                    let relay = Relay::start(sandbox.port, Fault::Drip(place)).unwrap();
                    took = timed(&engine::smtp(relay.port, json!({"mode": "none"}), no_login())).1;
                }
            }
            assert!(took < DEADLINE + GRACE, "byte {place}: {took:?}");
        }
    }
}

#[test]
fn a_handshake_that_drips_or_stalls_ends_at_the_deadline() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    for (mode, port) in [("implicit", sandbox.tls_port), ("starttls", sandbox.port)] {
        // The greeting and the capabilities in clear text come to less than 300 bytes.
        let places = if mode == "implicit" { [0, 100, 700] } else { [300, 600, 900] };
        for place in places {
            let relay = Relay::start(port, Fault::Drip(place)).unwrap();
            let (status, took) = timed(&engine::smtp(relay.port, json!({"mode": mode, "ca_file": sandbox.ca_file}), no_login()));
            assert_eq!(status, Status::Timeout, "{mode} {place}");
            assert!(took < DEADLINE + GRACE, "{mode} {place}: {took:?}");
        }
    }
}

#[test]
fn a_test_of_the_settings_ends_at_its_timeout_too() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut settings = engine::smtp(silent.local_addr().unwrap().port(), json!({"mode": "none"}), no_login());
    settings["accounts"]["main"]["server"]["timeout_seconds"] = json!(2);
    let begin = Instant::now();
    let report = engine::test(&settings, "en").unwrap();
    assert_eq!((report["ok"].as_bool(), engine::step(&report, "greeting")["status_number"].as_i64()), (Some(false), Some(8)), "{report:#}");
    assert!(begin.elapsed() < DEADLINE + GRACE + Duration::from_secs(1));
}

/// Fires from another thread when `ready` says so, and returns how long the call still took. The least of some attempts counts: the machine may be busy,
/// the library may not.
fn cancelled(mut attempt: impl FnMut() -> (Account, Value, Box<dyn Fn() -> bool + Send>)) -> Duration {
    let took = (0..5).map(|_| {
        let (mut account, mail, ready) = attempt();
        let cancel = Cancel::new(Some(Duration::from_secs(30)));
        let fire = cancel.clone();
        let firing = std::thread::spawn(move || {
            postkontor_tests::guard::until(Duration::from_secs(20), || ready().then_some(())).expect("never got there");
            // Lets the call reach its wait, so that it is the wait that is interrupted.
            std::thread::sleep(Duration::from_millis(50));
            let begin = Instant::now();
            fire.fire();
            (begin, ready)
        });
        let error = account.send_document(&mail.to_string(), &[], &cancel).unwrap_err();
        let end = Instant::now();
        // What `ready` holds, the server for example, must outlive the call.
        let (begin, _ready) = firing.join().unwrap();
        assert!([Status::Cancelled, Status::Uncertain].contains(&error.status), "{error:?}");
        end.duration_since(begin)
    });
    took.min().unwrap()
}

/// What the issue grants from firing to return.
const REACTION: Duration = Duration::from_millis(200);

/// A listener whose queue is full: connecting to it neither works nor fails.
struct Full {
    port: u16,
    _listener: socket2::Socket,
    _waiting: Vec<socket2::Socket>,
}

impl Full {
    fn new() -> Full {
        let socket = || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let listener = socket();
        listener.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        loop {
            let client = socket();
            let connected = client.connect_timeout(&address, Duration::from_millis(300));
            waiting.push(client);
            if connected.is_err() {
                break;
            }
        }
        Full { port: address.as_socket().unwrap().port(), _listener: listener, _waiting: waiting }
    }
}

#[test]
fn cancelling_works_while_connecting() {
    let full = Full::new();
    let settings = engine::smtp(full.port, json!({"mode": "none"}), no_login());
    let mut settings_v4 = settings;
    settings_v4["accounts"]["main"]["server"]["host"] = json!("127.0.0.1");
    let took = cancelled(|| (engine::open(&settings_v4).unwrap(), engine::mail("b@example.com"), Box::new(|| true)));
    assert!(took < REACTION, "{took:?}");
}

#[test]
fn cancelling_works_in_the_handshake() {
    for greeted in [false, true] {
        let server = postkontor_tests::scripted::Scripted::start(move |stream| {
            if greeted {
                postkontor_tests::scripted::play(
                    &stream,
                    &["S: 220 x ESMTP", "C: EHLO", "S: 250-x\r\n250 STARTTLS", "C: STARTTLS", "S: 220 go"],
                )?;
            }
            wait_for_end(&stream)
        })
        .unwrap();
        let server = std::sync::Arc::new(server);
        let mode = if greeted { "starttls" } else { "implicit" };
        let settings = engine::smtp(server.port, json!({"mode": mode}), no_login());
        let took = cancelled(|| {
            let (server, before) = (server.clone(), server.connections());
            (engine::open(&settings).unwrap(), engine::mail("b@example.com"), Box::new(move || server.connections() > before))
        });
        assert!(took < REACTION, "{mode}: {took:?}");
    }
}

/// Reads and forgets until the client goes.
fn wait_for_end(stream: &TcpStream) -> std::io::Result<()> {
    std::io::copy(&mut &*stream, &mut std::io::sink()).map(drop)
}

#[test]
fn cancelling_works_in_the_middle_of_the_content() {
    for without in [vec![], vec!["CHUNKING".to_owned()]] {
        let sandbox = Sandbox::start(Options { without, ..Options::default() }).unwrap();
        let folder = Folder::new().unwrap();
        // A hole in the file system, larger than all buffers on the way.
        std::fs::File::create(folder.file("big.bin")).unwrap().set_len(64 << 20).unwrap();
        let mut mail = engine::mail("b@example.com");
        mail["attachments"] = json!([{"file": folder.file("big.bin")}]);
        let took = cancelled(|| {
            // Neither the server nor anybody between reads on after a megabyte, so the client's writes back up.
            let relay = std::sync::Arc::new(Relay::start(sandbox.port, Fault::Stall(1 << 20)).unwrap());
            let settings = engine::smtp(relay.port, json!({"mode": "none"}), no_login());
            (engine::open(&settings).unwrap(), mail.clone(), Box::new(move || relay.sent().len() >= 1 << 20))
        });
        assert!(took < REACTION, "{took:?}");
    }
}

#[test]
fn cancelling_works_while_waiting_for_the_verdict_which_is_then_uncertain() {
    let server = postkontor_tests::scripted::Scripted::start(|stream| {
        let dialogue = ["S: 220 x ESMTP", "C: EHLO", "S: 250 x", "C: MAIL", "S: 250 x", "C: RCPT", "S: 250 x", "C: DATA", "S: 354 x"];
        postkontor_tests::scripted::play(&stream, &dialogue)?;
        wait_for_end(&stream)
    })
    .unwrap();
    let server = std::sync::Arc::new(server);
    let settings = engine::smtp(server.port, json!({"mode": "none"}), no_login());
    let took = cancelled(|| {
        let (server, before) = (server.clone(), server.connections());
        (engine::open(&settings).unwrap(), engine::mail("b@example.com"), Box::new(move || server.connections() > before))
    });
    assert!(took < REACTION, "{took:?}");
}
