//! Identifiers that identify nothing, and lists that make no sense: nothing is deleted that was not handed over, and the rest comes.

use crate::account::account;
use crate::scripted::{Quit, Script, Scripted};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, ApplyAction, ApplyRequest, ReceiveRequest, Received, Status, Transport};

const A: &str = "Subject: a\r\n\r\nfirst\r\n";
const B: &str = "Subject: b\r\n\r\nother\r\n";

fn session(server: &Scripted, action: Action, max: Option<u64>, state: Option<String>, own: Value) -> (Vec<String>, Received) {
    let host = TestHost::new().answering(action);
    let call = host.call();
    let request = ReceiveRequest { max_messages: max, state, ..ReceiveRequest::default() };
    let received = account(server.port, own).receive(&request, &call).unwrap();
    (host.texts(), received)
}

/// Pairs of messages with one identifier: different ones, ones with equal headers, and equal ones.
const PAIRS: [[&str; 2]; 3] = [[A, B], [A, "Subject: a\r\n\r\nother\r\n"], [A, A]];

#[test]
fn of_messages_with_one_identifier_each_comes_once() {
    for pair in PAIRS {
        let server = Scripted::start(&[("x", pair[0]), ("x", pair[1])], Script::default());
        let (mut taken, mut state) = (Vec::new(), None);
        for _ in 0..4 {
            let (texts, received) = session(&server, Action::Keep, Some(1), state, json!({}));
            taken.extend(texts);
            state = Some(received.state);
        }
        assert_eq!(taken, pair);
    }
}

/// Whatever the end of a session does, and however many messages it fetched: what was deleted was handed over before.
#[test]
fn what_was_not_handed_over_is_never_deleted_whatever_its_identifier() {
    for pair in PAIRS {
        for quit in [Quit::Works, Quit::Unanswered, Quit::Fails] {
            for max in [Some(1), None] {
                for (action, own) in [(Action::Delete, json!({})), (Action::Keep, json!({"pop3": {"leave_days": 0}}))] {
                    let place = format!("{pair:?} {quit:?} {max:?} {action:?}", quit = quit as u8);
                    let server = Scripted::start(&[("x", pair[0]), ("x", pair[1])], Script { quit, ..Script::default() });
                    let (mut taken, mut state) = (Vec::new(), None);
                    for round in 0..6 {
                        let (texts, received) = session(&server, action, max, state, own.clone());
                        taken.extend(texts);
                        taken.sort();
                        state = Some(received.state);
                        server.change(|script| script.quit = if round < 1 { quit } else { Quit::Works });
                        let mut left = taken.clone();
                        for text in server.deleted() {
                            let at = left.iter().position(|taken| *taken == text).unwrap_or_else(|| panic!("{place}: {text} is lost"));
                            left.remove(at);
                        }
                    }
                    assert!(server.mailbox.lock().unwrap().is_empty(), "{place}: something stays");
                    assert!(taken.len() <= 4, "{place}: {taken:?}");
                }
            }
        }
    }
}

/// Servers that number their messages by place, or begin anew, give an identifier to another message later.
#[test]
fn a_message_under_the_identifier_of_another_is_not_deleted_in_its_place() {
    for capabilities in ["UIDL\r\nTOP\r\nPIPELINING\r\n", "UIDL\r\nTOP\r\n", "UIDL\r\n"] {
        for (action, own) in [(Action::Delete, json!({})), (Action::Keep, json!({"pop3": {"leave_days": 0}}))] {
            let answers: &[_] = if capabilities.contains("TOP") { &[] } else { &[("TOP", "-ERR what\r\n")] };
            let server = Scripted::start(&[("1", A)], Script { capabilities, quit: Quit::Fails, answers, ..Script::default() });
            let (_, received) = session(&server, action, None, None, own.clone());
            *server.mailbox.lock().unwrap() = vec![("1".to_owned(), B.to_owned())];
            server.change(|script| script.quit = Quit::Works);
            let (taken, received) = session(&server, action, None, Some(received.state), own.clone());
            assert_eq!(taken, [B], "{capabilities:?} {action:?}");
            session(&server, action, None, Some(received.state), own);
            assert_eq!(server.deleted(), [B]);
        }
    }
}

/// Headers that a server adds once a message was read make no other message of it.
#[test]
fn a_message_with_other_flags_is_still_the_one_that_was_fetched() {
    let server = Scripted::start(&[("1", A)], Script { quit: Quit::Fails, ..Script::default() });
    let (_, received) = session(&server, Action::Delete, None, None, json!({}));
    *server.mailbox.lock().unwrap() = vec![("1".to_owned(), format!("Status: RO\r\n{A}"))];
    server.change(|script| script.quit = Quit::Works);
    let (taken, received) = session(&server, Action::Delete, None, Some(received.state), json!({}));
    assert!(taken.is_empty() && received.interrupted.is_none(), "{received:?}");
    assert_eq!(server.deleted().len(), 1);
}

#[test]
fn an_odd_line_costs_the_message_that_it_is_about_and_no_other() {
    let long: &'static str = format!("+OK\r\n1 a\r\n2 {}\r\n3 c\r\n.\r\n", "x".repeat(300)).leak();
    for (command, answer, id) in [
        ("UIDL", "+OK\r\n1 a\r\n2\r\n3 c\r\n.\r\n", ""),
        ("UIDL", "+OK\r\n1 a\r\n2 \r\n3 c\r\n.\r\n", ""),
        ("UIDL", "+OK\r\n1 a\r\n3 c\r\n.\r\n", ""),
        ("UIDL", "+OK\r\n1 a\r\nx b\r\n3 c\r\n.\r\n", ""),
        ("UIDL", "+OK\r\n1 a\r\n\r\n3 c\r\n.\r\n", ""),
        ("UIDL", "+OK\r\n1 a\r\n2 b b\r\n3 c\r\n.\r\n", ""),
        ("UIDL", "+OK\r\n1 a\r\n2 \u{fc}\r\n3 c\r\n.\r\n", ""),
        ("UIDL", "+OK\r\n1 a\r\n2 b\r\n2 other\r\n3 c\r\n.\r\n", ""),
        ("UIDL", long, ""),
        ("LIST", "+OK\r\n1 21\r\n2\r\n3 21\r\n.\r\n", "b"),
        ("LIST", "+OK\r\n1 21\r\n2 x\r\n3 21\r\n.\r\n", "b"),
        ("LIST", "+OK\r\n1 21\r\nx 5\r\n3 21\r\n.\r\n", "b"),
        ("LIST", "+OK\r\n1 21\r\n3 21\r\n.\r\n", "b"),
        ("LIST", "+OK\r\n1 21\r\n2 99999999999999999999999\r\n3 21\r\n.\r\n", "b"),
        ("LIST", "+OK\r\n1 21\r\n2 18446744073709551615\r\n3 21\r\n.\r\n", "b"),
        ("LIST", "+OK\r\n1 21\r\n99999999999 5\r\n3 21\r\n.\r\n", "b"),
    ] {
        for capabilities in ["UIDL\r\nTOP\r\nPIPELINING\r\n", "UIDL\r\nTOP\r\n"] {
            let messages = [("a", A), ("b", B), ("c", "Subject: c\r\n\r\nthird\r\n")];
            let answers = vec![(command, answer)].leak();
            let server = Scripted::start(&messages, Script { capabilities, answers, ..Script::default() });
            let (taken, received) = session(&server, Action::Keep, None, None, json!({}));
            assert_eq!(taken, [messages[0].1, messages[2].1], "{command} {answer:?}");
            assert!(received.interrupted.is_none(), "{received:?}");
            let missing = &received.missing[..];
            assert_eq!((missing.len(), missing[0].id.as_str(), missing[0].error.status), (1, id, Status::Protocol), "{answer:?}");
            assert!(missing[0].error.code.starts_with("pop3.line_"), "{missing:?}");
            // It comes as soon as it is listed, and what was known stays known.
            server.change(|script| script.answers = &[]);
            let (taken, received) = session(&server, Action::Keep, None, Some(received.state), json!({}));
            assert_eq!((taken, received.missing.len()), (vec![B.to_owned()], 0));
        }
    }
}

/// What was fetched before and is listed badly once does not come a second time.
#[test]
fn a_line_that_is_odd_once_makes_nothing_come_twice() {
    let server = Scripted::start(&[("a", A), ("b", B)], Script::default());
    let (taken, first) = session(&server, Action::Keep, None, None, json!({}));
    assert_eq!(taken, [A, B]);
    server.change(|script| script.answers = &[("UIDL", "+OK\r\n1 a\r\n2 b b\r\n.\r\n")]);
    let (taken, second) = session(&server, Action::Keep, None, Some(first.state.clone()), json!({}));
    assert!(taken.is_empty() && second.missing.len() == 1);
    // A server that refuses for once what it can is not taken for one that cannot.
    server.change(|script| script.answers = &[("UIDL", "-ERR [SYS/TEMP] not now\r\n")]);
    let host = TestHost::new();
    let call = host.call();
    let request = ReceiveRequest { state: Some(second.state.clone()), ..ReceiveRequest::default() };
    assert_eq!(account(server.port, json!({})).receive(&request, &call).unwrap_err().status, Status::Later);
    server.change(|script| script.answers = &[]);
    let (taken, third) = session(&server, Action::Keep, None, Some(second.state), json!({}));
    assert!(taken.is_empty() && third.missing.is_empty());
}

#[test]
fn blanks_and_tabs_in_lists_are_no_more_than_that() {
    for answers in [
        &[("LIST", "+OK\r\n1\t21\r\n  2   21  octets\r\n.\r\n")][..],
        &[("UIDL", "+OK\r\n1\ta\r\n2  b \t\r\n.\r\n")],
        &[("LIST", "+OK\r\n2 21\r\n1 21\r\n1 21\r\n.\r\n"), ("UIDL", "+OK\r\n2 b\r\n1 a\r\n1 a\r\n.\r\n")],
    ] {
        let server = Scripted::start(&[("a", A), ("b", B)], Script { answers, ..Script::default() });
        let (taken, received) = session(&server, Action::Keep, None, None, json!({}));
        assert_eq!((taken, received.missing.len()), (vec![A.to_owned(), B.to_owned()], 0), "{answers:?}");
    }
}

#[test]
fn an_empty_mailbox_is_no_error_whatever_the_server_calls_it() {
    for capabilities in ["UIDL\r\nTOP\r\nPIPELINING\r\n", "UIDL\r\nTOP\r\n"] {
        for answers in [
            &[("LIST", "-ERR no messages\r\n")][..],
            &[("LIST", "-ERR no messages\r\n"), ("UIDL", "-ERR no messages\r\n")],
            &[("UIDL", "-ERR no messages\r\n")],
        ] {
            let server = Scripted::start(&[], Script { capabilities, answers, ..Script::default() });
            let (taken, received) = session(&server, Action::Keep, None, None, json!({}));
            assert!(taken.is_empty() && received.interrupted.is_none() && received.missing.is_empty(), "{received:?}");
        }
        // Where there is something, the refusal is one.
        let answers = &[("LIST", "-ERR no\r\n")];
        let server = Scripted::start(&[("a", A)], Script { capabilities, answers, ..Script::default() });
        let host = TestHost::new();
        let call = host.call();
        let error = account(server.port, json!({})).receive(&ReceiveRequest::default(), &call).unwrap_err();
        assert_eq!(error.code, "pop3.list_refused");
    }
}

#[test]
fn a_filter_costs_the_message_whose_headers_are_refused_and_no_other() {
    let server = Scripted::start(&[("a", A), ("b", B)], Script { answers: &[("TOP 1 0", "-ERR cannot\r\n")], ..Script::default() });
    let host = TestHost::new();
    let call = host.call();
    let request = postkontor_plugin::serde_json::from_value(json!({"filter": {"subject": "b"}})).unwrap();
    let received = account(server.port, json!({})).receive(&request, &call).unwrap();
    assert_eq!((host.texts(), received.missing[0].id.as_str()), (vec![B.to_owned()], "a"));
}

fn delete(server: &Scripted, ids: &[String]) -> Value {
    let host = TestHost::new();
    let call = host.call();
    let request = ApplyRequest { messages: ids.to_vec(), action: ApplyAction::Delete, folder: None, add: Vec::new(), remove: Vec::new() };
    postkontor_plugin::serde_json::to_value(account(server.port, json!({})).apply(&request, &call).unwrap()).unwrap()
}

#[test]
fn apply_answers_in_the_order_of_the_request_and_asks_for_many_at_a_time() {
    let ids: Vec<String> = (0..300).map(|number| format!("id{number}")).collect();
    let messages: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), A)).collect();
    let server = Scripted::start(&messages, Script::default());
    let asked: Vec<String> = (0..300).rev().flat_map(|number| [format!("id{number}"), format!("gone{number}")]).collect();
    let answer = delete(&server, &[asked.clone(), asked.clone()].concat());
    let of = |kind: &str| asked.iter().filter(|id| id.starts_with(kind)).cloned().collect::<Vec<_>>();
    assert_eq!(answer, json!({"applied": of("id"), "missing": of("gone")}));
    assert_eq!((server.deleted().len(), server.count("DELE")), (300, 300));
    let ahead = server.ahead.load(std::sync::atomic::Ordering::Relaxed);
    assert!(ahead > 150, "only {ahead} commands did not wait for an answer");
}

#[test]
fn apply_tells_messages_with_one_identifier_apart() {
    let server = Scripted::start(&[("x", A), ("x", B)], Script::default());
    let host = TestHost::new();
    let call = host.call();
    account(server.port, json!({})).receive(&ReceiveRequest::default(), &call).unwrap();
    let ids = host.ids();
    assert_eq!(delete(&server, &["x".to_owned()]), json!({"applied": [], "missing": ["x"]}));
    assert_eq!(delete(&server, &ids[1..]), json!({"applied": [ids[1]], "missing": []}));
    assert_eq!(server.deleted(), [B]);
    // Alone, it is still known by the name that it had beside the other.
    assert_eq!(delete(&server, &ids), json!({"applied": [ids[0]], "missing": [ids[1]]}));
}
