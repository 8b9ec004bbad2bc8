//! What is fetched, and what becomes of it on the server.

use crate::setup::{Setup, ask, fetch, letter, letters, lies, patience, subjects};
use postkontor_core::{Action, Input, Status};
use serde_json::{Value, json};

const TRANSPORTS: [&str; 2] = ["pop3", "imap"];

#[test]
fn messages_come_as_they_lie_in_the_mailbox() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&letters(&["a"])) else { return };
        let (result, got) = fetch(&mut setup.account(transport), json!({}), |_| Action::Keep);
        let wire = String::from_utf8(letter("a")).unwrap().replace('\n', "\r\n");
        assert_eq!(String::from_utf8_lossy(&got[0].raw), wire, "{transport}");
        let summary = &got[0].summary;
        assert_eq!((&summary["from"][0]["name"], &summary["message_id"]), (&json!("Berta"), &json!("a@example.com")));
        assert_eq!(summary["size"], wire.len());
        let result = result.unwrap();
        assert_eq!(result["messages"][0]["id"], summary["id"]);
        assert_eq!(result["messages"][0]["action"], "keep");
        assert_eq!(result["more"], false);
    }
}

#[test]
fn without_a_summary_the_bytes_and_what_the_server_tells_come_all_the_same() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
        let (result, got) = fetch(&mut setup.account(transport), json!({"summary": "none"}), |_| Action::Delete);
        let wire = String::from_utf8(letter("a")).unwrap().replace('\n', "\r\n");
        assert_eq!(String::from_utf8_lossy(&got[0].raw), wire, "{transport}");
        assert_eq!((&got[0].summary["size"], &got[0].summary["deliver_to"]), (&json!(wire.len()), &json!({})));
        assert_eq!((&got[0].summary["subject"], &got[0].summary["sha256"]), (&Value::Null, &Value::Null));
        let result = result.unwrap();
        assert_eq!((&result["messages"][1]["id"], &result["messages"][1]["action"]), (&got[1].summary["id"], &json!("delete")));
        assert!(lies(&setup, None).is_empty(), "{transport}");
        let (refused, _) = fetch(&mut setup.account(transport), json!({"summary": "some"}), |_| Action::Keep);
        assert_eq!(refused.unwrap_err().status, Status::Argument);
    }
}

#[test]
fn each_action_is_carried_out() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&letters(&["keep", "seen", "delete", "stop", "after"])) else { return };
        let judge = |got: &crate::setup::Got| match got.subject() {
            "seen" => Action::Seen,
            "delete" => Action::Delete,
            "stop" => Action::Stop,
            _ => Action::Keep,
        };
        let mut account = setup.account(transport);
        let (result, got) = fetch(&mut account, json!({}), judge);
        let result = result.unwrap();
        assert_eq!(got.len(), 4, "{transport}");
        assert_eq!(result["more"], true);
        assert_eq!(lies(&setup, None), ["keep", "seen", "stop", "after"], "{transport}");
        // What was stopped at counts as not fetched.
        let (rest, _) = subjects(&mut account, json!({"state": result["state"]}));
        assert_eq!(rest, ["stop", "after"], "{transport}");
        if transport == "imap" {
            let found = setup.found("INBOX");
            let flags: Vec<&[String]> = found.iter().map(|message| message.flags.as_slice()).collect();
            assert_eq!(flags, [&[][..], &["\\Seen".to_owned()], &[], &[]]);
            // An id begins with the UID by which everybody knows the message.
            for got in got.iter().filter(|got| got.subject() != "delete") {
                let message = found.iter().find(|message| message.subject == got.subject()).unwrap();
                assert!(got.id().starts_with(&format!("{}.", message.uid)), "{} {message:?}", got.id());
            }
            let (unseen, _) = subjects(&mut account, json!({"filter": {"unseen": true}}));
            assert_eq!(unseen, ["keep", "stop", "after"]);
        }
    }
}

#[test]
fn with_the_state_only_what_is_new_is_fetched() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
        let mut account = setup.account(transport);
        let (first, state) = subjects(&mut account, json!({}));
        assert_eq!(first, ["a", "b"]);
        let (none, state) = subjects(&mut account, json!({"state": state}));
        assert!(none.is_empty(), "{transport}: {none:?}");
        setup.dovecot().deliver_more(&setup.user, &letters(&["c"])).unwrap();
        // By another session, as after a restart.
        let (new, state) = subjects(&mut setup.account(transport), json!({"state": state}));
        assert_eq!(new, ["c"], "{transport}");
        let (none, _) = subjects(&mut account, json!({"state": state}));
        assert!(none.is_empty(), "{transport}");
        let (all, _) = subjects(&mut account, json!({}));
        assert_eq!(all, ["a", "b", "c"]);
        let error = account.receive(r#"{"state":"something else"}"#, None, &patience()).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Argument, "receive.state_foreign"));
    }
}

#[test]
fn at_most_so_many_are_fetched() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&letters(&["a", "b", "c", "d", "e"])) else { return };
        let mut account = setup.account(transport);
        let (mut state, mut rounds) = (Value::Null, Vec::new());
        for _ in 0..3 {
            let (result, got) = fetch(&mut account, json!({"max_messages": 2, "state": state}), |_| Action::Keep);
            let result = result.unwrap();
            state = result["state"].clone();
            rounds.push((got.iter().map(|got| got.subject().to_owned()).collect::<String>(), result["more"].as_bool().unwrap()));
        }
        assert_eq!(rounds, [("ab".to_owned(), true), ("cd".to_owned(), true), ("e".to_owned(), false)], "{transport}");
    }
}

#[test]
fn a_large_message_comes_with_its_headers_only_and_is_never_deleted_for_that() {
    for transport in TRANSPORTS {
        let mut large = letter("large");
        large.extend("line of a large message\n".repeat(1000).into_bytes());
        let Some(setup) = Setup::with(&[letter("a"), large.clone(), letter("b")]) else { return };
        let mut account = setup.account(transport);
        let (result, got) = fetch(&mut account, json!({"max_bytes": 2000}), |_| Action::Delete);
        let result = result.unwrap();
        let came: Vec<&str> = got.iter().map(|got| got.subject()).collect();
        assert_eq!(came, ["a", "large", "b"], "{transport}");
        assert_eq!((&got[1].summary["headers_only"], &got[1].summary["complete"]), (&json!(true), &json!(false)));
        // The size is that of the message, not of its headers.
        assert!(got[1].summary["size"].as_u64() > Some(24_000) && result["messages"][1]["size"] == got[1].summary["size"], "{transport}");
        assert!(got[1].raw.ends_with(b"\r\n\r\n") && !String::from_utf8_lossy(&got[1].raw).contains("line of"));
        assert_eq!(result["messages"][1]["action"], "keep");
        assert_eq!(lies(&setup, None), ["large"], "{transport}");
        // Its headers are known now; all of it comes when the limit lets it pass.
        let (none, state) = subjects(&mut account, json!({"max_bytes": 2000, "state": result["state"]}));
        assert!(none.is_empty(), "{transport}: {none:?}");
        let (_, got) = fetch(&mut account, json!({"state": state}), |_| Action::Delete);
        assert_eq!(String::from_utf8_lossy(&got[0].raw), String::from_utf8(large).unwrap().replace('\n', "\r\n"));
        assert!(lies(&setup, None).is_empty());
    }
}

#[test]
fn filters_choose() {
    let message = |subject: &str, from: &str, day: u32, lines: usize| {
        let text = "0123456789\n".repeat(lines);
        format!("From: {from}\nSubject: {subject}\nDate: Fri, {day} Nov 2026 10:00:00 +0100\n\n{text}").into_bytes()
    };
    let messages = [
        message("=?utf-8?Q?R=C3=BCckfrage?=", "=?utf-8?Q?J=C3=BCrgen?= <j@example.com>", 20, 1),
        message("Rechnung 4711", "Berta <berta@example.com>", 21, 500),
        message("Mahnung", "\"Quote \\\" me\" <q@example.com>", 22, 2000),
    ];
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&messages) else { return };
        let mut account = setup.account(transport);
        let (question, invoice, reminder) = ("Rückfrage", "Rechnung 4711", "Mahnung");
        let cases = [
            (json!({"subject": "rück"}), vec![question]),
            (json!({"subject": "nung"}), vec![invoice, reminder]),
            (json!({"from": "JÜRGEN"}), vec![question]),
            (json!({"from": "example.com", "subject": "4711"}), vec![invoice]),
            (json!({"from": "nobody\" OR ALL"}), vec![]),
            (json!({"min_size": 5000}), vec![invoice, reminder]),
            (json!({"min_size": 5000, "max_size": 10_000}), vec![invoice]),
            (json!({}), vec![question, invoice, reminder]),
        ];
        for (filter, expected) in cases {
            assert_eq!(subjects(&mut account, json!({"filter": filter})).0, expected, "{transport} {filter}");
        }
        // POP3 goes by the message's date, IMAP by that of its arrival, which is today.
        if transport == "pop3" {
            assert_eq!(subjects(&mut account, json!({"filter": {"since": "2026-11-21"}})).0, [invoice, reminder]);
        } else {
            assert_eq!(subjects(&mut account, json!({"filter": {"since": "2999-01-01"}})).0, Vec::<String>::new());
            assert_eq!(subjects(&mut account, json!({"filter": {"since": "2020-01-01"}})).0.len(), 3);
        }
    }
}

#[test]
fn a_filter_that_cannot_be_understood_is_refused() {
    let Some(setup) = Setup::new() else { return };
    for transport in TRANSPORTS {
        let mut account = setup.account(transport);
        for filter in [
            json!({"since": "yesterday"}),
            json!({"since": "2026-13-01"}),
            json!({"sender": "x"}),
            json!({"subject": "a\r\nb"}),
            json!({"max_size": "x"}),
            json!({"unseen": 3}),
        ] {
            let error = account.receive(&json!({"filter": filter}).to_string(), None, &patience()).unwrap_err();
            assert_eq!(error.status, Status::Argument, "{transport} {filter}: {error:?}");
        }
    }
}

#[test]
fn a_request_with_a_slip_of_the_pen_fetches_and_deletes_nothing() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
        let mut account = setup.account(transport);
        let error = account.receive(r#"{"max_message":10,"action":"delete"}"#, None, &patience()).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Argument, "request.member_unknown"));
        assert_eq!((error.at[0].of, error.at[0].pointer.as_str()), (Some(Input::Request), "/max_message"));
        assert!(error.message.ends_with("Did you mean “max_messages”?"), "{}", error.message);
        for request in [r#"{"filter":{"form":"x"},"action":"delete"}"#, r#"{"action":"keep","action":"delete"}"#] {
            assert_eq!(account.receive(request, None, &patience()).unwrap_err().status, Status::Argument, "{request}");
        }
        let listed = ask(account.list(r#"{"folder":""}"#, &patience()));
        let ids: Vec<&Value> = listed["messages"].as_array().unwrap().iter().map(|message| &message["id"]).collect();
        let request = json!({"messages": ids, "action": "delete", "folders": "Ablage"});
        assert_eq!(account.apply(&request.to_string(), &patience()).unwrap_err().at[0].pointer, "/folders");
        assert_eq!(account.list(r#"{"foler":"Ablage"}"#, &patience()).unwrap_err().at[0].pointer, "/foler");
        assert_eq!(account.test(r#"{"lop":true}"#, &patience()).unwrap_err().at[0].pointer, "/lop");
        assert_eq!(lies(&setup, None), ["a", "b"]);
    }
}

#[test]
fn pop3_lists_and_deletes_by_id_and_says_what_it_cannot() {
    let Some(setup) = Setup::with(&letters(&["a", "b", "c"])) else { return };
    let mut account = setup.account("pop3");
    let listed = ask(account.list("{}", &patience()));
    let ids: Vec<&str> = listed["messages"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    let answer = ask(account.apply(&json!({"messages": [ids[1], "gone"], "action": "delete"}).to_string(), &patience()));
    assert_eq!(answer, json!({"applied": [ids[1]], "missing": ["gone"]}));
    assert_eq!(lies(&setup, None), ["a", "c"]);
    for request in [json!({"messages": [ids[0]], "action": "seen"}), json!({"messages": [ids[0]], "action": "move", "folder": "x"})] {
        assert_eq!(account.apply(&request.to_string(), &patience()).unwrap_err().code, "pop3.only_delete");
    }
    let error = account.list(r#"{"folder":"Sent"}"#, &patience()).unwrap_err();
    assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("pop3.folder_unsupported", "/folder"));
    let error = account.receive(r#"{"folder":"Sent"}"#, None, &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Unsupported, "pop3.folder_unsupported"));
    assert_eq!(subjects(&mut account, json!({"folder": "inbox"})).0, ["a", "c"]);
}

#[test]
fn fetched_messages_leave_the_pop3_server_after_so_many_days() {
    let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
    let (_, state) = subjects(&mut setup.account_with("pop3", json!({"pop3": {"leave_days": 7}})), json!({}));
    let mut account = setup.account_with("pop3", json!({"pop3": {"leave_days": 7}}));
    let (none, state) = subjects(&mut account, json!({"state": state}));
    assert!(none.is_empty());
    // Eight days ago.
    let today: u64 = state.as_str().unwrap().split([';', ':', '.']).nth(2).unwrap().parse().unwrap();
    let state = state.as_str().unwrap().replace(&format!(";{today}."), &format!(";{}.", today - 8));
    setup.dovecot().deliver_more(&setup.user, &letters(&["new"])).unwrap();
    let (new, _) = subjects(&mut account, json!({"state": state}));
    assert_eq!(new, ["new"]);
    assert_eq!(lies(&setup, None), ["new"]);
}

#[test]
fn nothing_is_fetched_without_an_operator_and_each_gets_a_copy() {
    let Some(setup) = Setup::with(&letters(&["a"])) else { return };
    let mut settings = setup.settings("imap", json!({}));
    settings["receive"] = json!({"account": "main", "routing": true, "number": "0012", "operators": []});
    let error = setup.open(&settings).receive("{}", None, &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Settings, "receive.operator_missing"));
    settings["receive"]["operators"] = json!("MM; AK");
    settings["receive"]["workgroups"] = json!(["Verkauf"]);
    let (result, got) = fetch(&mut setup.open(&settings), json!({}), |_| Action::Keep);
    let expected = json!({"number": "0012", "operators": ["MM", "AK"], "workgroups": ["Verkauf"]});
    assert_eq!(result.unwrap()["messages"][0]["deliver_to"], expected);
    assert_eq!(got[0].summary["deliver_to"], expected);
}

#[test]
fn one_imap_connection_serves_several_fetches() {
    let Some(setup) = Setup::with(&letters(&["a"])) else { return };
    let mut account = setup.account("imap");
    for _ in 0..3 {
        assert_eq!(subjects(&mut account, json!({})).0, ["a"]);
    }
}
