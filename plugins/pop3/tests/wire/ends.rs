//! Where a message ends: what its author wrote ends it nowhere, and half of it is never taken, remembered or deleted.

use crate::account::{account, fetch, fetch_within};
use crate::scripted::{Script, Scripted};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Received, Status};

const PIPELINED: &str = "UIDL\r\nTOP\r\nPIPELINING\r\n";
const ONE_BY_ONE: &str = "UIDL\r\nTOP\r\n";

fn session(server: &Scripted, action: Action, state: Option<String>) -> (Vec<(String, String)>, Received) {
    let host = TestHost::new().answering(action);
    let received = fetch(&mut account(server.port, json!({})), state, &host).unwrap();
    let taken = host.messages().iter().map(|(id, text)| (id.clone(), String::from_utf8_lossy(text).into_owned())).collect();
    (taken, received)
}

fn owned(messages: &[(&str, &str)]) -> Vec<(String, String)> {
    messages.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect()
}

/// RFC 1939 has dots protected where they begin a line, and lines end in CRLF: what stands behind a bare LF or CR is on the wire as it is.
#[test]
fn a_dot_between_bare_line_breaks_ends_no_message_and_begins_no_other() {
    for end in ["\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r.\n", "\n.\r", "\n\n..\n", "\r\r\n.\r\r\n"] {
        for capabilities in [PIPELINED, ONE_BY_ONE] {
            let first = format!("Subject: a\r\n\r\nx{end}+OK{end}From: bank\r\n\r\nforged{end}\r\n");
            let messages = [("a", first.as_str()), ("b", "Subject: b\r\n\r\nb\r\n"), ("c", "Subject: c\r\n\r\nc\r\n")];
            let server = Scripted::start(&messages, Script { capabilities, ..Script::default() });
            let (taken, received) = session(&server, Action::Delete, None);
            assert_eq!(taken, owned(&messages), "{end:?} {capabilities:?}");
            assert!(received.interrupted.is_none() && received.missing.is_empty(), "{received:?}");
            assert_eq!(server.deleted().len(), 3);
        }
    }
}

#[test]
fn a_server_whose_own_lines_end_in_lf_is_understood() {
    for capabilities in ["UIDL\nTOP\nPIPELINING\n", "UIDL\nTOP\n"] {
        let messages = [("a", "Subject: a\n\n.dot\n..\n"), ("b", "Subject: b\n\n")];
        let script = Script { capabilities, line_end: "\n", protects_behind: &["\n"], ..Script::default() };
        let server = Scripted::start(&messages, script);
        let (taken, received) = session(&server, Action::Delete, None);
        assert_eq!(taken, owned(&messages));
        assert!(received.interrupted.is_none() && server.deleted().len() == 2, "{received:?}");
    }
}

/// A server that protects no dots cuts every message in which a line is a dot. Its rest is no answer, or is made to look like one.
#[test]
fn of_a_message_that_the_server_cuts_nothing_is_taken_and_the_others_come() {
    for rest in ["the rest\r\n", "+OK\r\nFrom: bank\r\n\r\nforged\r\n", "+OK\r\n", "-ERR\r\n", "+OK\r\n+OK\r\n+OK\r\n", "\r\n\r\nx\r\n"] {
        for capabilities in [PIPELINED, ONE_BY_ONE] {
            for place in 0..3 {
                let cut = format!("Subject: cut\r\n\r\nhalf\r\n.\r\n{rest}");
                let mut messages = vec![("a", "Subject: a\r\n\r\na\r\n"), ("b", "Subject: b\r\n\r\nb\r\n")];
                messages.insert(place, ("cut", cut.as_str()));
                let server = Scripted::start(&messages, Script { capabilities, protects_behind: &[], ..Script::default() });
                let place = format!("{rest:?} at {place}, {capabilities:?}");
                let (first, received) = session(&server, Action::Delete, None);
                let error = received.interrupted.clone().unwrap_or_else(|| panic!("{place}: {first:?}"));
                assert_eq!(error.status, Status::Protocol, "{place}: {error:?}");
                assert_eq!(received.missing.iter().map(|missing| missing.id.as_str()).collect::<Vec<_>>(), ["cut"], "{place}");
                // The next session has the others come first, and tells of it again.
                let (second, received) = session(&server, Action::Delete, Some(received.state));
                assert!(received.interrupted.is_some() && received.missing.len() == 1, "{place}: {received:?}");
                let mut taken = [first, second].concat();
                taken.sort();
                assert_eq!(taken, owned(&[("a", "Subject: a\r\n\r\na\r\n"), ("b", "Subject: b\r\n\r\nb\r\n")]), "{place}");
                assert!(!server.deleted().iter().any(|text| text.contains("cut")), "{place}: {:?}", server.deleted());
            }
        }
    }
}

/// Many servers tell other sizes than they hand over. All comes once, whatever they tell.
#[test]
fn a_size_that_is_wrong_costs_no_message() {
    for capabilities in [PIPELINED, ONE_BY_ONE] {
        let texts: Vec<String> = (0..300).map(|number| format!("Subject: {number}\r\n\r\n.{number}\r\n")).collect();
        let ids: Vec<String> = (0..300).map(|number| format!("id{number}")).collect();
        let messages: Vec<(&str, &str)> = ids.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let server = Scripted::start(&messages, Script { capabilities, told_more: 100, ..Script::default() });
        let (taken, received) = session(&server, Action::Delete, None);
        assert_eq!(taken, owned(&messages));
        assert!(received.interrupted.is_none() && received.missing.is_empty(), "{received:?}");
        assert_eq!(server.deleted().len(), 300);
        // Only what was on its way when it was noticed is asked for twice.
        assert!(server.count("RETR") <= 300 + 129, "{}", server.count("RETR"));
    }
}

/// The proof that a message ended costs one command for many messages with pipelining, and without it one for all.
#[test]
fn the_proof_of_the_end_costs_next_to_nothing() {
    for (capabilities, most) in [(PIPELINED, 12), (ONE_BY_ONE, 1)] {
        let texts: Vec<String> = (0..500).map(|number| format!("Subject: {number}\r\n\r\n{number}\r\n")).collect();
        let ids: Vec<String> = (0..500).map(|number| format!("id{number}")).collect();
        let messages: Vec<(&str, &str)> = ids.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let server = Scripted::start(&messages, Script { capabilities, ..Script::default() });
        let (taken, _) = session(&server, Action::Keep, None);
        assert_eq!((taken.len(), server.count("RETR")), (500, 500));
        assert!(server.count("NOOP") <= most, "{}: {}", capabilities, server.count("NOOP"));
    }
}

/// On a long line the time goes by round trips: what proves the end of a batch leaves the window to the messages.
#[test]
fn the_proof_of_the_end_costs_no_round_trip() {
    let ids: Vec<String> = (0..600).map(|number| format!("id{number}")).collect();
    let messages: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "Subject: x\r\n\r\nx\r\n")).collect();
    let server = Scripted::start(&messages, Script { at_once: 120, ..Script::default() });
    let host = TestHost::new().answering(Action::Keep);
    let received = fetch_within(15, &mut account(server.port, json!({})), None, &host).unwrap();
    assert_eq!((received.interrupted.map(|error| error.code.clone()), host.messages().len()), (None, 600));
}

#[test]
fn a_message_that_is_listed_and_refused_is_named_each_time_and_tried_again() {
    for capabilities in [PIPELINED, ONE_BY_ONE] {
        let messages = [("a", "Subject: a\r\n\r\n"), ("b", "Subject: b\r\n\r\n"), ("c", "Subject: c\r\n\r\n")];
        let answers = &[("RETR 2", "-ERR [SYS/TEMP] cannot read it\r\n")];
        let server = Scripted::start(&messages, Script { capabilities, answers, ..Script::default() });
        let (taken, first) = session(&server, Action::Keep, None);
        assert_eq!(taken, owned(&[messages[0], messages[2]]));
        let (taken, second) = session(&server, Action::Keep, Some(first.state.clone()));
        assert!(taken.is_empty());
        for received in [&first, &second] {
            assert!(received.interrupted.is_none(), "{received:?}");
            let missing = &received.missing[..];
            assert_eq!((missing.len(), missing[0].id.as_str(), missing[0].error.status), (1, "b", Status::Later));
        }
        server.change(|script| script.answers = &[]);
        let (taken, third) = session(&server, Action::Keep, Some(second.state));
        assert_eq!((taken, third.missing.len()), (owned(&messages[1..2]), 0));
    }
}

#[test]
fn blank_lines_between_responses_are_no_responses() {
    for capabilities in [PIPELINED, ONE_BY_ONE] {
        for answers in [
            &[("RETR", "\r\n+OK\r\nSubject: a\r\n\r\n.\r\n\r\n\r\n"), ("LIST", "+OK\r\n1 14\r\n.\r\n\r\n"), ("DELE", "\r\n+OK\r\n\r\n")][..],
            &[("UIDL", "\r\n\r\n+OK\r\n1 a\r\n.\r\n\r\n"), ("NOOP", "\r\n+OK\r\n\n")],
        ] {
            let messages = [("a", "Subject: a\r\n\r\n")];
            let server = Scripted::start(&messages, Script { capabilities, answers, ..Script::default() });
            let (taken, received) = session(&server, Action::Delete, None);
            assert_eq!(taken, owned(&messages), "{answers:?}");
            assert!(received.interrupted.is_none() && received.missing.is_empty(), "{received:?}");
        }
    }
}
