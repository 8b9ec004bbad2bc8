//! Servers that attack.

use crate::account::{account, failure, fetch, fetch_within};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Error, Status};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Starts a server that says `greeting` and then answers each command with what `answer` finds.
pub(crate) fn server(
    greeting: impl AsRef<[u8]> + Send + 'static,
    mut answer: impl FnMut(&str, &mut TcpStream) -> std::io::Result<()> + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut commands = BufReader::new(stream.try_clone().unwrap());
            let mut command = String::new();
            let mut going = stream.write_all(greeting.as_ref()).is_ok();
            while going && commands.read_line(&mut command).is_ok_and(|read| read > 0) {
                going = answer(command.trim_end(), &mut stream).is_ok();
                command.clear();
            }
        }
    });
    port
}

/// A server that is decent except for the answers that are given: pairs of command and answer.
pub(crate) fn odd(answers: &'static [(&'static str, &'static str)]) -> u16 {
    server("+OK ready\r\n", move |command, stream| {
        let verb = command.split(' ').next().unwrap();
        let odd = answers.iter().find(|(of, _)| *of == verb).map(|(_, answer)| *answer);
        stream.write_all(
            odd.unwrap_or(match verb {
                "CAPA" => "+OK\r\nUIDL\r\nTOP\r\nSTLS\r\n.\r\n",
                "LIST" => "+OK\r\n1 30\r\n.\r\n",
                "UIDL" => "+OK\r\n1 a\r\n.\r\n",
                "RETR" => "+OK\r\nSubject: x\r\n\r\ny\r\n.\r\n",
                "TOP" => "+OK\r\nSubject: x\r\n\r\n.\r\n",
                _ => "+OK\r\n",
            })
            .as_bytes(),
        )
    })
}

fn error(port: u16, more: Value) -> Error {
    let host = TestHost::new().answering(Action::Delete);
    let error = failure(fetch(&mut account(port, more), None, &host));
    assert!(host.messages().is_empty(), "{error:?}");
    error
}

#[test]
fn what_a_decent_server_says_is_taken() {
    let host = TestHost::new().answering(Action::Delete);
    let received = fetch(&mut account(odd(&[]), json!({})), None, &host).unwrap();
    assert!(received.interrupted.is_none());
    assert_eq!(host.texts(), ["Subject: x\r\n\r\ny\r\n"]);
}

#[test]
fn words_injected_before_tls_are_never_taken_for_the_servers() {
    for mode in ["starttls", "required", "auto"] {
        let port = odd(&[("STLS", "+OK begin\r\n+OK injected\r\n")]);
        let error = error(port, json!({"tls": {"mode": mode}}));
        assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "tls.injected_plaintext"), "{mode}");
    }
}

#[test]
fn a_server_that_offers_tls_and_refuses_it_gets_no_password() {
    for mode in ["starttls", "required", "auto"] {
        let error = error(odd(&[("STLS", "-ERR not today\r\n"), ("PASS", "+OK stolen\r\n")]), json!({"tls": {"mode": mode}}));
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.refused_by_server"), "{mode}");
    }
    let error = error(odd(&[("CAPA", "+OK\r\nUIDL\r\n.\r\n")]), json!({"tls": {"mode": "starttls"}}));
    assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.not_offered"));
}

#[test]
fn responses_without_a_command_end_the_session() {
    for (command, answer) in [
        ("USER", "+OK\r\n+OK early\r\n"),
        ("PASS", "+OK\r\n+OK\r\n1 30\r\n.\r\n"),
        ("UIDL", "+OK\r\n1 a\r\n.\r\n+OK early\r\nSubject: forged\r\n\r\n.\r\n"),
    ] {
        let answers: &'static [(&str, &str)] = vec![(command, answer)].leak();
        let error = error(odd(answers), json!({}));
        assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "protocol.early_reply"), "{command}");
    }
}

#[test]
fn a_greeting_with_more_behind_it_ends_the_session() {
    // An attacker on the way could answer in the server's place.
    for more in ["+OK\r\n.\r\n", "+OK\r\nSASL PLAIN\r\n.\r\n+OK logged in\r\n", "-ERR\r\n"] {
        let greeting: &'static str = format!("+OK ready\r\n{more}").leak();
        let port = server(greeting, |_, stream| stream.write_all(b"+OK\r\n"));
        for mode in ["none", "starttls", "auto"] {
            let error = error(port, json!({"tls": {"mode": mode}}));
            assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "protocol.early_reply"), "{more:?} {mode}");
        }
    }
}

#[test]
fn a_server_that_knows_us_before_we_said_who_we_are_is_not_believed() {
    // POP3 has no PREAUTH; words that sound like it change nothing, and the login is as always.
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = heard.clone();
    let port = server("+OK PREAUTH welcome back, anna; mailbox open\r\n", move |command, stream| {
        noted.lock().unwrap().push(command.to_owned());
        stream.write_all(if command == "CAPA" { b"+OK\r\nUIDL\r\n.\r\n" } else { b"-ERR already logged in\r\n" })
    });
    let refused = error(port, json!({}));
    assert_eq!((refused.status, refused.code.as_str()), (Status::Auth, "auth.refused"));
    let refused = error(port, json!({"tls": {"mode": "starttls"}}));
    assert_eq!((refused.status, refused.code.as_str()), (Status::Tls, "tls.not_offered"));
    assert_eq!(*heard.lock().unwrap(), ["CAPA", "USER anna", "CAPA"]);
}

#[test]
fn challenges_that_belong_to_no_exchange_end_the_session() {
    for (command, answer) in [
        ("USER", "+ go on\r\n"),
        ("PASS", "+ \r\n"),
        ("LIST", "+\r\n"),
        ("RETR", "+ bWVocg==\r\n"),
        ("QUIT", "+ \r\n"),
        ("AUTH", "+ \r\n+ \r\n"),
    ] {
        let answers: &'static [(&str, &str)] = vec![("CAPA", "+OK\r\nUIDL\r\nSASL PLAIN\r\n.\r\n"), (command, answer)].leak();
        let method = if command == "AUTH" { "plain" } else { "password" };
        let host = TestHost::new().answering(Action::Delete);
        let error = failure(fetch(&mut account(odd(answers), json!({"auth": {"method": method}})), None, &host));
        assert!(matches!(error.status, Status::Protocol | Status::Auth), "{command}: {error:?}");
        assert!(host.messages().is_empty() || command == "QUIT");
    }
}

#[test]
fn dots_in_odd_places_end_no_message_too_early() {
    for (answer, text) in [
        ("+OK\r\n..\r\n.\r\n", ".\r\n"),
        ("+OK\r\n.x\r\n.\r\n", "x\r\n"),
        ("+OK\r\na\r\n.\r.\r\n.\r\n", "a\r\n\r.\r\n"),
        ("+OK\r\na\r\n. \r\n.\r\n", "a\r\n \r\n"),
        ("+OK .\r\na.\r\n.\r\n", "a.\r\n"),
        ("+OK\r\n.\r\n", ""),
        ("+OK\r\n+OK\r\n-ERR\r\n.\r\n", "+OK\r\n-ERR\r\n"),
    ] {
        let answers: &'static [(&str, &str)] = vec![("RETR", answer)].leak();
        let host = TestHost::new();
        fetch(&mut account(odd(answers), json!({})), None, &host).unwrap();
        assert_eq!(host.texts(), [text], "{answer:?}");
    }
}

#[test]
fn answers_without_sense_are_clean_errors() {
    for (command, answer) in
        [("PASS", "OK\r\n"), ("PASS", "+OKAY\r\n"), ("PASS", "\r\n"), ("PASS", "\u{0}\u{1}\r\n"), ("RETR", "* 1 FETCH\r\n")]
    {
        let answers: &'static [(&str, &str)] = vec![(command, answer)].leak();
        let error = error(odd(answers), json!({}));
        assert_eq!(error.status, Status::Protocol, "{command} {answer:?}: {error:?}");
    }
}

#[test]
fn a_server_without_capa_and_uidl_is_understood() {
    for (answers, again) in [
        (&[("CAPA", "-ERR what\r\n"), ("UIDL", "-ERR what\r\n"), ("TOP", "+OK\r\nSubject: x\r\nDate: today\r\n\r\n.\r\n")][..], 0),
        // The whole message is what it is known by.
        (&[("CAPA", "-ERR what\r\n"), ("UIDL", "-ERR what\r\n"), ("TOP", "-ERR what\r\n")][..], 0),
    ] {
        let port = odd(answers.to_vec().leak());
        let host = TestHost::new();
        let received = fetch(&mut account(port, json!({})), None, &host).unwrap();
        assert_eq!(host.texts(), ["Subject: x\r\n\r\ny\r\n"]);
        let host = TestHost::new();
        fetch(&mut account(port, json!({})), Some(received.state), &host).unwrap();
        assert_eq!(host.messages().len(), again);
    }
}

#[test]
fn a_deletion_that_is_refused_does_not_stop_the_fetching() {
    let port = odd(&[("DELE", "-ERR read-only\r\n")]);
    let host = TestHost::new().answering(Action::Delete);
    let received = fetch(&mut account(port, json!({})), None, &host).unwrap();
    assert_eq!(host.texts().len(), 1);
    assert_eq!(received.interrupted.unwrap().code, "pop3.delete_refused");
    assert!(received.state.contains("!:a"), "{}", received.state);
    // The next time it is deleted, not fetched.
    let host = TestHost::new().answering(Action::Delete);
    let received = fetch(&mut account(odd(&[]), json!({})), Some(received.state), &host).unwrap();
    assert!(host.texts().is_empty() && received.interrupted.is_none());
    assert_eq!(received.state, "pop3:1");
}

#[test]
fn a_farewell_that_is_refused_or_lost_is_remembered() {
    for answer in ["-ERR some messages were not removed\r\n", "\r\n"] {
        let host = TestHost::new().answering(Action::Delete);
        let received = fetch(&mut account(odd(vec![("QUIT", answer)].leak()), json!({})), None, &host).unwrap();
        assert!(received.interrupted.is_some());
        assert!(received.state.contains("!:a"), "{}", received.state);
        let host = TestHost::new().answering(Action::Delete);
        let received = fetch(&mut account(odd(&[]), json!({})), Some(received.state), &host).unwrap();
        assert!(host.texts().is_empty() && received.interrupted.is_none());
    }
}

/// Says the same for ever.
fn endless(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    let block = text.repeat(64 * 1024 / text.len() + 1);
    loop {
        stream.write_all(block.as_bytes())?;
    }
}

#[test]
fn what_never_ends_is_ended() {
    let started = Instant::now();
    for (verb, text, codes) in [
        ("PASS", "x", &["protocol.line_too_long"][..]),
        ("CAPA", "+OK\r\nX\r\n", &["protocol.reply_too_long"]),
        ("LIST", "+OK\r\n1 5\r\n", &["protocol.reply_too_long", "pop3.list_malformed", "call.timeout"]),
        ("UIDL", "+OK\r\n", &["pop3.list_malformed"]),
        ("TOP", "+OK\r\nx\r\n", &["protocol.reply_too_long"]),
    ] {
        let port = server("+OK ready\r\n", move |command, stream| {
            if command.starts_with(verb) {
                return endless(stream, text);
            }
            stream.write_all(match command.split(' ').next().unwrap() {
                "CAPA" => b"+OK\r\nUIDL\r\nTOP\r\n.\r\n",
                "LIST" => b"+OK\r\n1 5\r\n.\r\n",
                "UIDL" if verb == "TOP" => b"-ERR\r\n",
                _ => b"+OK\r\n",
            })
        });
        let error = failure(fetch_within(20, &mut account(port, json!({})), None, &TestHost::new()));
        assert!(codes.contains(&error.code.as_str()), "{verb}: {error:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(100));
}

#[test]
fn a_greeting_and_a_message_without_end_are_ended_by_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(|mut stream| drop(endless(&mut stream, "+OK ready "))));
    assert_eq!(failure(fetch(&mut account(port, json!({})), None, &TestHost::new())).code, "protocol.line_too_long");
    let port = server("+OK ready\r\n", |command, stream| {
        if command.starts_with("RETR") {
            stream.write_all(b"+OK\r\n")?;
            return endless(stream, "line\r\n");
        }
        stream.write_all(match command.split(' ').next().unwrap() {
            "CAPA" => b"+OK\r\nUIDL\r\n.\r\n",
            "LIST" => b"+OK\r\n1 5\r\n.\r\n",
            "UIDL" => b"+OK\r\n1 a\r\n.\r\n",
            _ => b"+OK\r\n",
        })
    });
    let (host, started) = (TestHost::new(), Instant::now());
    let error = failure(fetch_within(1, &mut account(port, json!({})), None, &host));
    assert_eq!(error.status, Status::Timeout, "{error:?}");
    assert!(host.messages().is_empty() && started.elapsed() < Duration::from_secs(10));
}
