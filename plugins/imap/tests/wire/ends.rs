//! Where a message ends: servers whose literal is shorter than what follows, and servers that hand over less than they list.

use crate::account::{account, receive};
use crate::hostile::server;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, ReceiveRequest, Received};
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// What lies on the server, and how it goes wrong.
#[derive(Default)]
struct Shelf {
    messages: Vec<(u32, String)>,
    /// So many bytes are missing from the length of this message's literal.
    short: HashMap<u32, usize>,
    /// What is given in the place of this message's response.
    instead: HashMap<u32, String>,
    deleted: Vec<u32>,
    /// These go as soon as they were searched for.
    vanishing: Vec<u32>,
    /// Commands about messages.
    heard: Vec<String>,
}

impl Shelf {
    fn of(messages: &[(u32, &str)]) -> Shelf {
        let messages = messages.iter().map(|(uid, text)| (*uid, (*text).to_owned())).collect();
        Shelf { messages, ..Shelf::default() }
    }

    fn start(self) -> (u16, Arc<Mutex<Shelf>>) {
        let shared = Arc::new(Mutex::new(self));
        let shelf = shared.clone();
        let port = server(
            "* OK ready\r\n",
            Box::new(move |tag, command, stream| {
                let Some(answer) = shelf.lock().unwrap().answer(command) else { return Ok(false) };
                stream.write_all(format!("{answer}{tag} OK done\r\n").as_bytes())?;
                Ok(true)
            }),
        );
        (port, shared)
    }

    fn answer(&mut self, command: &str) -> Option<String> {
        if command.starts_with("UID ") {
            self.heard.push(command.to_owned());
        }
        let set = command.strip_prefix("UID SEARCH UID ").or_else(|| command.split(' ').nth(2)).unwrap_or_default().to_owned();
        let asked = |uid: u32| {
            set.split(',').any(|range| {
                let (start, end) = range.split_once(':').unwrap_or((range, range));
                start.parse().is_ok_and(|start: u32| start <= uid) && end.parse().is_ok_and(|end: u32| uid <= end)
            })
        };
        let there: Vec<(usize, &(u32, String))> =
            self.messages.iter().enumerate().filter(|(_, (uid, _))| !self.deleted.contains(uid)).collect();
        if command.starts_with("SELECT") {
            return Some(format!("* {} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n", there.len()));
        }
        if command.starts_with("UID SEARCH") {
            let found = there.iter().filter(|(_, (uid, _))| set == "ALL" || asked(*uid));
            let found: String = found.map(|(_, (uid, _))| format!(" {uid}")).collect();
            self.deleted.append(&mut self.vanishing);
            return Some(format!("* SEARCH{found}\r\n"));
        }
        let there = there.into_iter().filter(|(_, (uid, _))| asked(*uid));
        if command.contains("BODY.PEEK[") {
            let response = |(at, (uid, text)): (usize, &(u32, String))| {
                let length = text.len() - self.short.get(uid).copied().unwrap_or_default();
                let data = if command.contains("FLAGS") { " FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0100\"" } else { "" };
                let section = if command.contains("HEADER") { "BODY[HEADER]" } else { "BODY[]" };
                let usual = format!("* {} FETCH (UID {uid}{data} {section} {{{length}}}\r\n{text})\r\n", at + 1);
                self.instead.get(uid).cloned().unwrap_or(usual)
            };
            return Some(there.map(response).collect());
        }
        if command.starts_with("UID FETCH") {
            let line = |(at, (uid, text)): (usize, &(u32, String))| {
                let date = "INTERNALDATE \"20-Nov-2026 10:00:00 +0100\"";
                format!("* {} FETCH (UID {uid} FLAGS () {date} RFC822.SIZE {})\r\n", at + 1, text.len())
            };
            return Some(there.map(line).collect());
        }
        if command.starts_with("UID EXPUNGE") {
            let gone: Vec<u32> = there.map(|(_, (uid, _))| *uid).collect();
            self.deleted.extend(gone);
        }
        command.starts_with("UID ").then(String::new)
    }
}

fn fetched(port: u16, action: Action, request: &ReceiveRequest) -> (Vec<String>, Received) {
    let host = TestHost::new().answering(action);
    let received = receive(30, &mut account(port, json!({})), request, &host).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(received.interrupted.is_none(), "{received:?}");
    (host.texts(), received)
}

fn missing(received: &Received) -> Vec<&str> {
    received.missing.iter().map(|missing| missing.id.as_str()).collect()
}

/// What is left of a message behind a literal that is too short; the last could be an answer of the server's, the one before a list in its mail.
const TAILS: [&str; 8] = [
    "and so on and so on.\r\n",
    "x\r\n",
    ")\r\n",
    ":)\r\n-- \r\nAnna\r\n",
    ")\r\n\r\n",
    ")\r\n* one\r\n* two\r\nthree\r\n",
    " FLAGS (\\Seen)\r\n",
    ")\r\na999 OK done\r\n",
];

#[test]
fn of_a_message_whose_literal_is_too_short_nothing_is_taken_marked_or_deleted() {
    for tail in TAILS {
        for (action, max_bytes) in [(Action::Delete, None), (Action::Seen, None), (Action::Keep, None), (Action::Delete, Some(1000))] {
            let text = format!("Subject: half\r\n\r\nHello, {tail}");
            let mut shelf = Shelf::of(&[(3, "first"), (5, &text), (9, "last")]);
            shelf.short.insert(5, tail.len());
            let (port, shelf) = shelf.start();
            let request = ReceiveRequest { max_bytes, ..ReceiveRequest::default() };
            let (texts, received) = fetched(port, action, &request);
            let place = format!("{tail:?} {action:?} {max_bytes:?}: {received:?}");
            // The others come, whatever this one does to the connection.
            assert_eq!((texts.first().map(String::as_str), texts.last().map(String::as_str)), (Some("first"), Some("last")), "{place}");
            assert_eq!(missing(&received), ["5.7.INBOX"], "{place}");
            assert_eq!(received.missing[0].error.code, "imap.message_spoiled", "{place}");
            let state = received.state;
            assert_eq!(state, "imap:1;7;3,9;;", "{place}");
            let heard = shelf.lock().unwrap().heard.join("\n");
            let of_it =
                |line: &str| (line.contains("STORE") || line.contains("EXPUNGE")) && !["3", "9"].contains(&line.split(' ').nth(2).unwrap());
            assert!(!heard.lines().any(of_it), "{place}\n{heard}");
            // Once the server has come to its senses, it comes whole.
            shelf.lock().unwrap().short.clear();
            let (texts, received) = fetched(port, action, &ReceiveRequest { state: Some(state), ..request });
            assert_eq!((texts, missing(&received).len()), (vec![text], 0), "{place}");
        }
    }
}

#[test]
fn a_message_that_another_one_forges_is_fetched_again_and_not_deleted() {
    let forged = ")\r\n* 3 FETCH (UID 9 FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0100\" BODY[] {6}\r\nforged";
    let mut shelf = Shelf::of(&[(3, "first"), (5, &format!("Subject: half{forged}")), (9, "what really came"), (12, "last")]);
    shelf.short.insert(5, forged.len());
    let (port, shelf) = shelf.start();
    let (texts, received) = fetched(port, Action::Delete, &ReceiveRequest::default());
    assert!(texts.contains(&"last".to_owned()));
    assert_eq!(missing(&received), ["9.7.INBOX"]);
    assert!(!shelf.lock().unwrap().deleted.contains(&9));
    let (texts, received) = fetched(port, Action::Delete, &ReceiveRequest { state: Some(received.state), ..ReceiveRequest::default() });
    assert_eq!((texts, missing(&received).len()), (vec!["what really came".to_owned()], 0));
}

#[test]
fn messages_without_end_do_not_keep_a_call_busy_for_ever() {
    let texts: Vec<(u32, String)> = (1..=100).map(|uid| (uid, format!("{uid:04} tail\r\n"))).collect();
    let mut shelf = Shelf { messages: texts, ..Shelf::default() };
    shelf.short = (1..=100).map(|uid| (uid, 6)).collect();
    let (port, shelf) = shelf.start();
    let received =
        receive(30, &mut account(port, json!({})), &ReceiveRequest::default(), &TestHost::new().answering(Action::Delete)).unwrap();
    assert_eq!(received.interrupted.unwrap().code, "protocol.reply_malformed");
    let bodies = shelf.lock().unwrap().heard.iter().filter(|command| command.contains("BODY")).count();
    assert!((2..30).contains(&bodies), "{bodies}");
}

#[test]
fn messages_without_end_in_front_keep_no_other_one_back() {
    let texts: Vec<(u32, String)> = (1..=22).map(|uid| (uid, format!("{uid:04} tail\r\n"))).collect();
    let mut shelf = Shelf { messages: texts, ..Shelf::default() };
    shelf.short = (1..=20).map(|uid| (uid, 6)).collect();
    let (port, _) = shelf.start();
    let (mut came, mut state) = (Vec::new(), None);
    for call in 1..=3 {
        let host = TestHost::new().answering(Action::Keep);
        let request = ReceiveRequest { state, ..ReceiveRequest::default() };
        let received = receive(30, &mut account(port, json!({})), &request, &host).unwrap();
        assert!(received.interrupted.is_some() && received.more, "{call}: {received:?}");
        came.extend(host.texts());
        state = Some(received.state);
    }
    assert_eq!(came, ["0021 tail\r\n", "0022 tail\r\n"]);
    assert_eq!(state.unwrap(), "imap:1;7;21:22;;;;;1:20");
}

#[test]
fn what_stands_behind_a_body_and_makes_sense_is_no_fault() {
    for behind in ["", " ", " FLAGS (\\Seen)", " UID 5", " MODSEQ (12) X \"a)\" UID 5", " X {3}\r\na)\r UID 5"] {
        for before in ["UID 5 ", "FLAGS () UID 5 ", "FLAGS (UID 7) UID 5 "] {
            let mut shelf = Shelf::of(&[(5, "text"), (7, "seven")]);
            shelf.instead.insert(5, format!("* 1 FETCH ({before}BODY[] {{4}}\r\ntext{behind})\r\n"));
            let (texts, received) = fetched(shelf.start().0, Action::Keep, &ReceiveRequest { max_bytes: Some(1000), ..Default::default() });
            assert_eq!((texts.concat().as_str(), received.state.as_str()), ("textseven", "imap:1;7;5:7;;"), "{before:?} {behind:?}");
        }
    }
    // Another message's UID behind the body, or two bodies in one response, make none.
    for behind in [" UID 7", " BODY[] {4}\r\nmore", " BODY[] NIL BODY[]"] {
        let mut shelf = Shelf::of(&[(5, "text"), (7, "seven")]);
        shelf.instead.insert(5, format!("* 1 FETCH (UID 5 BODY[] {{4}}\r\ntext{behind})\r\n"));
        let (texts, received) = fetched(shelf.start().0, Action::Delete, &ReceiveRequest { max_bytes: Some(1000), ..Default::default() });
        assert_eq!((texts.concat().as_str(), missing(&received)), ("seven", vec!["5.7.INBOX"]), "{behind:?}");
    }
}

#[test]
fn a_message_that_is_listed_and_not_handed_over_is_reported_each_time_and_keeps_no_other_one_back() {
    const DATA: &str = "UID 5 FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0100\"";
    for (data, body) in [("", ""), ("UID 5", "NIL"), (DATA, "NIL"), ("UID 5", "{0}\r\n"), (DATA, "{0}\r\n"), (DATA, "\"\"")] {
        let instead = if data.is_empty() { String::new() } else { format!("* 1 FETCH ({data} BODY[] {body})\r\n") };
        for (max_messages, max_bytes) in [(None, None), (Some(1), None), (None, Some(1000)), (Some(1), Some(1000))] {
            let mut shelf = Shelf::of(&[(5, "never"), (7, "seven"), (8, "eight")]);
            shelf.instead.insert(5, instead.clone());
            let (port, shelf) = shelf.start();
            let (mut came, mut state) = (Vec::new(), None);
            for _ in 0..3 {
                let (texts, received) =
                    fetched(port, Action::Keep, &ReceiveRequest { max_messages, max_bytes, state, ..Default::default() });
                came.extend(texts);
                assert_eq!(missing(&received), ["5.7.INBOX"], "{instead:?} {max_messages:?} {max_bytes:?}");
                assert_eq!(received.missing[0].error.code, "imap.message_withheld");
                state = Some(received.state);
            }
            assert_eq!((came.concat().as_str(), state.as_deref()), ("seveneight", Some("imap:1;7;7:8;;")), "{instead:?} {max_messages:?}");
            shelf.lock().unwrap().instead.clear();
            let (texts, received) = fetched(port, Action::Keep, &ReceiveRequest { max_messages, max_bytes, state, ..Default::default() });
            assert_eq!((texts.concat().as_str(), received.missing.len()), ("never", 0));
        }
    }
}

#[test]
fn a_message_that_is_gone_meanwhile_is_not_missing() {
    let mut shelf = Shelf::of(&[(5, "gone"), (7, "seven")]);
    shelf.instead.insert(5, "* 1 EXPUNGE\r\n".to_owned());
    shelf.vanishing.push(5);
    let (port, _) = shelf.start();
    let (texts, received) = fetched(port, Action::Keep, &ReceiveRequest::default());
    assert_eq!((texts.concat().as_str(), received.missing.len()), ("seven", 0));
}
