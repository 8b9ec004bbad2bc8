//! Servers that can little, or say wrongly what they can.

use crate::account::{account, fetch};
use crate::hostile::{odd, server};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, ApplyAction, ApplyRequest, Filter, ReceiveRequest, Received, Status, Transport};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// A mailbox of three messages, two of which are equal, at a server that knows these commands beside the necessary ones; what it hears.
fn little(commands: &'static [&'static str], capabilities: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    const TEXTS: [&str; 3] = ["Subject: x\r\n\r\ny\r\n", "Subject: x\r\n\r\ny\r\n", "Subject: z\r\n\r\nlonger than the others\r\n"];
    let heard = Arc::new(Mutex::new(Vec::new()));
    let noted = heard.clone();
    let port = server("+OK ready\r\n", move |command, stream| {
        noted.lock().unwrap().push(command.to_owned());
        let mut words = command.split(' ');
        let verb = words.next().unwrap_or_default();
        let text = words.next().and_then(|number| TEXTS.get(number.parse::<usize>().ok()?.checked_sub(1)?)).copied().unwrap_or_default();
        let answer = match verb {
            "CAPA" if !capabilities.is_empty() => format!("+OK\r\n{capabilities}.\r\n"),
            "LIST" => {
                format!("+OK\r\n{}.\r\n", (1..4).map(|number| format!("{number} {}\r\n", TEXTS[number - 1].len())).collect::<String>())
            }
            "RETR" => format!("+OK\r\n{text}.\r\n"),
            "UIDL" if commands.contains(&"UIDL") => "+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n".to_owned(),
            "TOP" if commands.contains(&"TOP") => format!("+OK\r\n{}\r\n\r\n.\r\n", text.lines().next().unwrap_or_default()),
            "USER" | "PASS" | "DELE" | "QUIT" => "+OK\r\n".to_owned(),
            verb if commands.contains(&verb) => "+OK\r\n".to_owned(),
            _ => "-ERR what\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes())
    });
    (port, heard)
}

fn receive(port: u16, request: ReceiveRequest, host: &TestHost) -> Received {
    let call = host.call();
    account(port, json!({})).receive(&request, &call).unwrap()
}

#[test]
fn nothing_is_fetched_twice_whatever_the_server_names_its_messages_by() {
    for (commands, kind) in [(&["UIDL", "TOP"][..], "a"), (&["UIDL"], "a"), (&["TOP"], "top-"), (&[], "retr-")] {
        for capabilities in ["", "USER\r\n", "UIDL\r\nTOP\r\n"] {
            let (port, _) = little(commands, capabilities);
            let host = TestHost::new();
            let request = ReceiveRequest { max_messages: Some(2), ..ReceiveRequest::default() };
            let first = receive(port, request.clone(), &host);
            let second = receive(port, ReceiveRequest { state: Some(first.state), ..request.clone() }, &host);
            let third = receive(port, ReceiveRequest { state: Some(second.state), ..request }, &host);
            assert_eq!((first.more, second.more, third.more), (true, false, false), "{commands:?}");
            let ids = host.ids();
            // Equal messages are two messages.
            assert!(ids.len() == 3 && ids[0] != ids[1] && ids[0].starts_with(kind), "{commands:?}: {ids:?}");
        }
    }
}

#[test]
fn without_uidl_deletions_find_their_messages() {
    for commands in [&["TOP"][..], &[]] {
        let (port, heard) = little(commands, "");
        let host = TestHost::new();
        receive(port, ReceiveRequest::default(), &host);
        let ids = host.ids();
        let call = host.call();
        // One that is named twice is deleted once; what is not there is reported in the order in which it was named.
        let named = ["z", &ids[1], "y", "x"].map(str::to_owned).to_vec();
        let request = ApplyRequest { messages: named, action: ApplyAction::Delete, folder: None, add: Vec::new(), remove: Vec::new() };
        let applied = account(port, json!({})).apply(&request, &call).unwrap();
        assert_eq!((applied.applied, applied.missing), (vec![ids[1].clone()], ["z", "y", "x"].map(str::to_owned).to_vec()));
        let deleted: Vec<_> = heard.lock().unwrap().iter().filter(|command| command.starts_with("DELE")).cloned().collect();
        assert_eq!(deleted, ["DELE 2"], "{commands:?}");
    }
}

#[test]
fn without_top_a_large_message_stays_and_is_named_and_the_others_come() {
    let (port, _) = little(&["UIDL"], "UIDL\r\n");
    let host = TestHost::new().answering(Action::Delete);
    let received = receive(port, ReceiveRequest { max_bytes: Some(20), ..ReceiveRequest::default() }, &host);
    assert_eq!(host.texts().len(), 2);
    let missing = &received.missing[..];
    assert_eq!((missing.len(), missing[0].id.as_str(), missing[0].error.status), (1, "c", Status::Refused));
    assert_eq!(missing[0].error.code, "pop3.retrieve_refused");
    assert!(received.interrupted.is_none());
    // It is not taken for fetched, so that it comes when the limit lets it pass.
    let host = TestHost::new();
    receive(port, ReceiveRequest { state: Some(received.state), ..ReceiveRequest::default() }, &host);
    assert!(host.texts().iter().any(|text| text.contains("longer")), "{:?}", host.texts());
}

#[test]
fn without_top_a_filter_that_needs_headers_is_refused() {
    let (port, _) = little(&["UIDL"], "UIDL\r\n");
    let host = TestHost::new();
    let call = host.call();
    let filter = Filter { subject: Some("x".to_owned()), ..Filter::default() };
    let error = account(port, json!({})).receive(&ReceiveRequest { filter, ..ReceiveRequest::default() }, &call).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Unsupported, "pop3.top_unsupported"));
    assert!(host.texts().is_empty());
}

#[test]
fn a_list_of_capabilities_that_is_wrong_does_no_harm() {
    for capabilities in [
        "",
        "\r\n\r\n",
        "SASL\r\n",
        "SASL X-UNKNOWN\r\nUSER\r\n",
        "TOP UIDL USER\r\n",
        "capability: UIDL\r\n+OK\r\n-ERR\r\n",
        "UTF8\r\nLANG\r\nEXPIRE NEVER\r\nLOGIN-DELAY 900 USER\r\nRESP-CODES\r\n",
        "\u{e4}\u{f6}\u{fc} \u{0}\r\n",
        "..\r\n",
    ] {
        let (port, _) = little(&["UIDL"], capabilities);
        let host = TestHost::new();
        assert!(receive(port, ReceiveRequest::default(), &host).interrupted.is_none());
        assert_eq!(host.texts().len(), 3, "{capabilities:?}");
    }
}

#[test]
fn utf8_is_switched_on_before_the_login_where_it_is_offered() {
    for (commands, capabilities, expected) in [
        (&["UIDL", "UTF8"][..], "UIDL\r\nUTF8 USER\r\n", true),
        (&["UIDL", "UTF8"], "UIDL\r\nUTF8\r\n", true),
        // Refused though it was offered: it goes without.
        (&["UIDL"], "UIDL\r\nUTF8\r\n", true),
        (&["UIDL", "UTF8"], "UIDL\r\n", false),
        (&["UIDL", "UTF8"], "", false),
    ] {
        let (port, heard) = little(commands, capabilities);
        let host = TestHost::new();
        let settings: Value = json!({"auth": {"user": "jürgen", "password": "Grüße, 9"}});
        fetch(&mut account(port, settings), None, &host).unwrap();
        assert_eq!(host.texts().len(), 3);
        let heard = heard.lock().unwrap();
        let place = |command: &str| heard.iter().position(|heard| heard == command);
        assert_eq!(place("UTF8").is_some(), expected, "{capabilities:?}");
        assert!(place("UTF8").is_none_or(|at| Some(at) < place("USER jürgen")), "{heard:?}");
        assert!(place("PASS Grüße, 9").is_some());
    }
}

#[test]
fn a_farewell_whose_answer_is_lost_means_not_deleted_and_the_next_session_knows() {
    let lost = server("+OK ready\r\n", |command, stream| {
        if command == "QUIT" {
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        stream.write_all(match command.split(' ').next().unwrap_or_default() {
            "CAPA" => b"+OK\r\nUIDL\r\n.\r\n",
            "LIST" => b"+OK\r\n1 5\r\n.\r\n",
            "UIDL" => b"+OK\r\n1 a\r\n.\r\n",
            // As the other server has it, which is the same one later.
            "RETR" => b"+OK\r\nSubject: x\r\n\r\ny\r\n.\r\n",
            _ => b"+OK\r\n",
        })
    });
    let host = TestHost::new().answering(Action::Delete);
    let received = receive(lost, ReceiveRequest::default(), &host);
    assert_eq!((host.texts().len(), received.interrupted.unwrap().status), (1, Status::Network));
    assert!(received.state.ends_with("!:a"), "{}", received.state);
    let host = TestHost::new();
    let received = receive(odd(&[]), ReceiveRequest { state: Some(received.state), ..ReceiveRequest::default() }, &host);
    assert!(host.texts().is_empty() && received.interrupted.is_none());
    assert_eq!(received.state, "pop3:1", "the deletion was asked for again and confirmed");
}
