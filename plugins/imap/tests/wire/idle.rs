//! Waiting for new messages: IDLE, and what may go wrong with it.

use crate::account::{account, failure};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Call, Error, Filter, ReceiveRequest, Received, Status, Transport};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A server whose inbox changes by what it says: `* 2 EXISTS` puts messages into it, `* 1 EXPUNGE` takes one out.
struct World {
    port: u16,
    /// What it was asked, without tags.
    asked: Arc<Mutex<Vec<String>>>,
}

struct Inbox {
    uids: Vec<u32>,
    next: u32,
    /// What a search with a filter finds.
    matching: Vec<u32>,
    /// Answers that differ from those of a decent server, each given once: the command and the words, in which TAG is its tag. A line
    /// `CLOSE` ends the connection, one `FLOOD` begins endless chatter.
    odd: Vec<(&'static str, &'static str)>,
    idle: String,
}

impl World {
    fn with(messages: u32, matching: &[u32], odd: &[(&'static str, &'static str)]) -> World {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        let uids = (1..=messages).collect();
        let mut inbox = Inbox { uids, next: messages + 1, matching: matching.to_vec(), odd: odd.to_vec(), idle: String::new() };
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                stream.set_nodelay(true).unwrap();
                let mut commands = BufReader::new(stream.try_clone().unwrap());
                let mut going = stream.write_all(b"* OK ready\r\n").is_ok();
                let mut line = String::new();
                while going && commands.read_line(&mut line).is_ok_and(|read| read > 0) {
                    let (tag, command) = line.trim_end().split_once(' ').unwrap_or(("", line.trim_end()));
                    noted.lock().unwrap().push(command.to_owned());
                    going = inbox.answer(tag, command, &mut stream).is_ok();
                    line.clear();
                }
            }
        });
        World { port, asked }
    }

    fn new(odd: &[(&'static str, &'static str)]) -> World {
        World::with(0, &[], odd)
    }

    /// How often it was asked this.
    fn heard(&self, command: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == command).count()
    }
}

impl Inbox {
    fn answer(&mut self, tag: &str, command: &str, stream: &mut TcpStream) -> std::io::Result<()> {
        if command == "IDLE" {
            self.idle = tag.to_owned();
        }
        let tag = if command == "DONE" { self.idle.clone() } else { tag.to_owned() };
        let odd = self.odd.iter().position(|(of, _)| command.starts_with(of)).map(|at| self.odd.remove(at).1.to_owned());
        for line in odd.unwrap_or_else(|| self.decent(command)).replace("TAG", &tag).split_inclusive("\r\n") {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["*", number, "EXISTS"] => {
                    while self.uids.len() < number.parse().unwrap() {
                        self.uids.push(self.next);
                        self.next += 1;
                    }
                }
                ["*", number, "EXPUNGE"] => drop(self.uids.remove(number.parse::<usize>().unwrap() - 1)),
                ["CLOSE"] => return Err(std::io::ErrorKind::ConnectionAborted.into()),
                ["FLOOD"] => {
                    let mut stream = stream.try_clone()?;
                    std::thread::spawn(move || while stream.write_all(b"* OK still here\r\n").is_ok() {});
                    continue;
                }
                _ => (),
            }
            stream.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    fn decent(&self, command: &str) -> String {
        let list = |uids: &[u32]| uids.iter().map(|uid| format!(" {uid}")).collect::<String>();
        let fetched = |item: &dyn Fn(u32) -> String| {
            let asked = |uid: &u32| {
                command.split(' ').nth(2).unwrap().split(',').any(|range| {
                    let (start, end) = range.split_once(':').unwrap_or((range, range));
                    (start.parse::<u32>().unwrap()..=end.parse().unwrap()).contains(uid)
                })
            };
            let line = |(index, uid): (usize, &u32)| format!("* {} FETCH (UID {uid} {})\r\n", index + 1, item(*uid));
            self.uids.iter().enumerate().filter(|(_, uid)| asked(uid)).map(line).collect::<String>()
        };
        let untagged = match command {
            "CAPABILITY" => "* CAPABILITY IMAP4rev1 UIDPLUS IDLE\r\n".to_owned(),
            "IDLE" => return "+ idling\r\n".to_owned(),
            "UID SEARCH ALL" => format!("* SEARCH{}\r\n", list(&self.uids)),
            _ if command.starts_with("SELECT") => format!("* {} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n", self.uids.len()),
            _ if command.starts_with("UID SEARCH") => format!("* SEARCH{}\r\n", list(&self.matching)),
            _ if command.contains("BODY") => fetched(&|uid| format!("BODY[] {{{}}}\r\n{uid}", uid.to_string().len())),
            _ if command.starts_with("UID FETCH") => fetched(&|uid| format!("FLAGS () RFC822.SIZE {}", uid.to_string().len())),
            _ => String::new(),
        };
        format!("{untagged}TAG OK done\r\n")
    }
}

fn request(seconds: u64) -> ReceiveRequest {
    ReceiveRequest { wait_seconds: seconds, ..ReceiveRequest::default() }
}

/// Waits; what came, and how it ended.
fn wait(world: &World, more: Value, request: &ReceiveRequest) -> (Vec<String>, Result<Received, Error>) {
    let host = TestHost::new();
    let call = host.call_within(Duration::from_secs(60));
    let received = account(world.port, more).receive(request, &call);
    (host.texts(), received)
}

/// A wait that ends as soon as something came, long before its time is over.
fn promptly(world: &World, more: Value, request: &ReceiveRequest) -> (Vec<String>, Received) {
    let begun = Instant::now();
    let (texts, received) = wait(world, more, request);
    let received = received.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(received.interrupted.is_none(), "{received:?}");
    assert!(begun.elapsed() < Duration::from_secs(40), "it waited to the end");
    (texts, received)
}

fn got(world: &World, more: Value) -> Vec<String> {
    promptly(world, more, &request(50)).0
}

/// Why a wait failed.
fn error(world: &World, more: Value) -> Error {
    let (texts, received) = wait(world, more, &request(50));
    assert!(texts.is_empty());
    failure(received)
}

#[test]
fn a_message_that_comes_at_any_moment_ends_the_wait() {
    for odd in [
        [("IDLE", "+ idling\r\n* 1 EXISTS\r\n* 1 RECENT\r\n")],
        // Between the search and IDLE.
        [("UID SEARCH ALL", "* SEARCH\r\n* 1 EXISTS\r\nTAG OK done\r\n")],
        [("IDLE", "* 1 EXISTS\r\n+ idling\r\n")],
        // Behind our DONE.
        [("DONE", "* 1 EXISTS\r\nTAG OK done\r\n")],
        // Among other untagged responses.
        [("IDLE", "+\r\n* OK still here\r\n* 9 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nxyz)\r\n* 1 EXISTS\r\n")],
    ] {
        let world = World::new(&odd);
        assert_eq!(got(&world, json!({"imap": {"idle_seconds": 1}})), ["1"], "{odd:?}");
    }
}

#[test]
fn messages_that_went_do_not_hide_the_one_that_came() {
    let world = World::with(2, &[], &[("IDLE", "+ idling\r\n* 2 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXISTS\r\n")]);
    let (texts, received) = wait(&world, json!({}), &request(0));
    assert_eq!(texts, ["1", "2"]);
    let state = Some(received.unwrap().state);
    let (texts, received) = promptly(&world, json!({}), &ReceiveRequest { state, ..request(50) });
    assert_eq!(texts, ["3"]);
    assert_eq!(world.heard("IDLE"), 1);
    // The next wait finds nothing new with this state.
    let (texts, _) = wait(&world, json!({}), &ReceiveRequest { state: Some(received.state), ..request(1) });
    assert!(texts.is_empty(), "{texts:?}");
}

#[test]
fn what_the_filter_does_not_want_does_not_end_the_wait() {
    let world = World::with(
        0,
        &[],
        &[
            ("UID SEARCH FROM", "* SEARCH\r\nTAG OK done\r\n"),
            ("IDLE", "+ idling\r\n* 1 EXISTS\r\n"),
            ("UID SEARCH FROM", "* SEARCH\r\nTAG OK done\r\n"),
            ("IDLE", "+ idling\r\n* 2 EXISTS\r\n"),
            ("UID SEARCH FROM", "* SEARCH 2\r\nTAG OK done\r\n"),
        ],
    );
    let filter = Filter { from: Some("berta".to_owned()), ..Filter::default() };
    let (texts, _) = promptly(&world, json!({}), &ReceiveRequest { filter, ..request(50) });
    assert_eq!(texts, ["2"]);
    assert_eq!(world.heard("IDLE"), 2);
}

#[test]
fn a_wait_without_news_ends_in_time_with_the_state() {
    let world = World::with(1, &[], &[]);
    let (_, received) = wait(&world, json!({}), &request(0));
    assert_eq!(world.heard("IDLE"), 0, "the request did not wait");
    let state = received.unwrap().state;
    let (texts, received) = wait(&world, json!({}), &ReceiveRequest { state: Some(state.clone()), ..request(1) });
    assert_eq!((texts.len(), received.unwrap().state), (0, state));
    assert_eq!(world.heard("DONE"), 1);
}

#[test]
fn idle_is_sent_anew_before_the_connection_counts_as_dead() {
    let world = World::new(&[]);
    let (_, received) = wait(&world, json!({"imap": {"idle_seconds": 1}}), &request(3));
    received.unwrap();
    assert!(world.heard("IDLE") > 1);
    assert_eq!(world.heard("IDLE"), world.heard("DONE"));
}

#[test]
fn where_there_is_no_idle_the_host_has_to_ask() {
    let (refused, ended) = (("IDLE", "TAG BAD what\r\n"), ("IDLE", "+ idling\r\nTAG OK enough\r\n"));
    let none = ("CAPABILITY", "* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n");
    for (odd, more, idles) in [
        (vec![none, none], json!({}), 0),
        (vec![], json!({"imap": {"idle_seconds": 0}}), 0),
        (vec![refused], json!({}), 1),
        (vec![ended], json!({}), 1),
    ] {
        let world = World::new(&odd);
        assert!(got(&world, more).is_empty());
        assert_eq!(world.heard("IDLE"), idles, "{odd:?}");
    }
    // What the server tells while it is asked something is heard all the same.
    let world = World::new(&[("UID SEARCH ALL", "* SEARCH\r\n* 1 EXISTS\r\nTAG OK done\r\n")]);
    assert_eq!(got(&world, json!({"imap": {"idle_seconds": 0}})), ["1"]);
}

#[test]
fn done_that_comes_too_late_does_no_harm() {
    let world = World::new(&[("DONE", "TAG OK done\r\nDONE BAD what\r\n"), ("DONE", "* 1 EXISTS\r\nTAG OK done\r\n")]);
    assert_eq!(got(&world, json!({"imap": {"idle_seconds": 1}})), ["1"]);
}

#[test]
fn a_connection_that_ends_while_idling_is_a_clean_error() {
    let farewell = error(&World::new(&[("IDLE", "+ idling\r\n* BYE closing for the night\r\n")]), json!({}));
    assert_eq!((farewell.status, farewell.code.as_str()), (Status::Later, "imap.closing"));
    for odd in [("IDLE", "+ idling\r\nCLOSE\r\n"), ("IDLE", "CLOSE\r\n"), ("DONE", "CLOSE\r\n"), ("IDLE", "+ idling\r\n* 1 EXI")] {
        let more = json!({"server": {"timeout_seconds": 2}, "imap": {"idle_seconds": 1}});
        let error = error(&World::new(&[odd]), more);
        assert!(matches!(error.status, Status::Network | Status::Timeout), "{odd:?}: {error:?}");
    }
}

#[test]
fn a_server_that_never_agrees_or_never_lets_go_is_not_waited_for() {
    for odd in [("IDLE", ""), ("IDLE", "* OK hm\r\n"), ("DONE", "")] {
        let more = json!({"server": {"timeout_seconds": 1}, "imap": {"idle_seconds": 1}});
        let error = error(&World::new(&[odd]), more);
        assert_eq!((error.status, error.code.as_str()), (Status::Timeout, "net.idle_timeout"), "{odd:?}");
    }
}

#[test]
fn words_out_of_place_are_clean_errors() {
    for odd in [("IDLE", "+ idling\r\n+ idling\r\n"), ("IDLE", "+ idling\r\na999 OK done\r\n"), ("IDLE", "hello\r\n")] {
        assert_eq!(error(&World::new(&[odd]), json!({})).status, Status::Protocol, "{odd:?}");
    }
}

#[test]
fn endless_chatter_does_not_prolong_the_wait() {
    let world = World::new(&[("IDLE", "+ idling\r\nFLOOD\r\n")]);
    let begun = Instant::now();
    let (texts, _) = wait(&world, json!({}), &request(1));
    assert!(texts.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(40));
    assert_eq!(world.heard("DONE"), 1);
}

#[test]
fn the_number_of_messages_told_again_is_no_news() {
    let world = World::with(1, &[], &[("IDLE", "+ idling\r\n* 1 EXISTS\r\n* 1 EXISTS\r\n")]);
    let (_, received) = wait(&world, json!({}), &request(0));
    let state = Some(received.unwrap().state);
    let (texts, received) = wait(&world, json!({}), &ReceiveRequest { state, ..request(1) });
    assert!(texts.is_empty() && received.is_ok());
    assert_eq!(world.heard("IDLE"), 1);
}

#[test]
fn deadline_and_cancelling_hold_while_idling() {
    let world = World::new(&[]);
    let begun = Instant::now();
    let stopped = TestHost::new().stopping_at(begun + Duration::from_millis(500));
    let call = stopped.call_within(Duration::from_secs(60));
    let error = account(world.port, json!({})).receive(&request(50), &call).unwrap_err();
    assert_eq!(error.status, Status::Cancelled);
    let call = Call::new(&(), Instant::now() + Duration::from_secs(1));
    let error = account(world.port, json!({})).receive(&request(50), &call).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Timeout, "call.timeout"));
    assert!(begun.elapsed() < Duration::from_secs(40));
    assert_eq!(world.heard("IDLE"), 2);
}
