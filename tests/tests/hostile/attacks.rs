//! An attacker on the line gets no password and smuggles nothing in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use postkontor_core::Status;
use postkontor_tests::engine;
use postkontor_tests::relay::{Fault, Relay};
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::scripted::{Scripted, play};
use serde_json::json;
use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

const PASSWORD: &str = "Geheim-7";

/// The password as it would stand on the wire: as it is, and in Base64 at each of the three offsets that it can have.
fn traces(password: &str) -> Vec<String> {
    let encoded = |before: &str| BASE64.encode(format!("{before}{password}"));
    // The first and last characters depend on the neighbours.
    let middle = |text: String, skip: usize| text.trim_end_matches('=')[skip..].trim_end_matches(|_: char| false)[..8].to_owned();
    vec![password.to_owned(), middle(encoded(""), 0), middle(encoded("a"), 2), middle(encoded("ab"), 3)]
}

#[test]
fn auto_gives_no_password_to_a_server_that_strips_starttls() {
    let sandbox = Sandbox::start(Options { without: vec!["STARTTLS".to_owned()], ..Options::default() }).unwrap();
    let relay = Relay::start(sandbox.port, Fault::None).unwrap();
    for method in ["auto", "password", "plain", "login"] {
        relay.arm(Fault::None);
        let settings = engine::smtp(
            relay.port,
            json!({"mode": "auto", "ca_file": sandbox.ca_file}),
            json!({"method": method, "user": "anna", "password": PASSWORD}),
        );
        let error = engine::send(&settings, &engine::mail("b@example.com")).unwrap_err();
        assert_eq!(error.status, Status::Auth, "{method}: {error:?}");
        let sent = String::from_utf8_lossy(&relay.sent()).into_owned();
        assert!(sent.contains("EHLO"), "{sent}");
        assert!(!sent.contains("AUTH"), "{sent}");
        for trace in traces(PASSWORD) {
            assert!(!sent.contains(&trace), "{trace} in {sent}");
        }
    }
    assert!(sandbox.mails().is_empty() && sandbox.logins().is_empty());
    // The proof that the search would find it: with consent the password does go out.
    relay.arm(Fault::None);
    let auth = json!({"method": "plain", "user": "anna", "password": PASSWORD, "allow_cleartext": true});
    engine::send(&engine::smtp(relay.port, json!({"mode": "auto"}), auth), &engine::mail("b@example.com")).unwrap();
    let sent = String::from_utf8_lossy(&relay.sent()).into_owned();
    assert!(traces(PASSWORD).iter().any(|trace| sent.contains(trace)), "{sent}");
}

#[test]
fn required_says_nothing_more_to_a_server_that_strips_starttls() {
    let sandbox = Sandbox::start(Options { without: vec!["STARTTLS".to_owned()], ..Options::default() }).unwrap();
    let relay = Relay::start(sandbox.port, Fault::None).unwrap();
    for mode in ["starttls", "required"] {
        relay.arm(Fault::None);
        let error =
            engine::send(&engine::smtp(relay.port, json!({"mode": mode}), json!({"method": "none"})), &engine::mail("b@example.com"))
                .unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.not_offered"));
        assert!(!String::from_utf8_lossy(&relay.sent()).contains("MAIL"));
    }
}

#[test]
fn words_injected_behind_the_answer_to_starttls_end_the_session() {
    let (report, after) = mpsc::channel();
    let report = std::sync::Mutex::new(report);
    let server = Scripted::start(move |mut stream| {
        // One write, so that the injected words are there when the client looks.
        play(
            &stream,
            &[
                "S: 220 mail.example.com ESMTP",
                "C: EHLO",
                "S: 250-mail.example.com\r\n250 STARTTLS",
                "C: STARTTLS",
                "S: 220 Go ahead\r\n250-mail.example.com\r\n250 AUTH PLAIN",
            ],
        )?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest)?;
        report.lock().unwrap().send(rest).unwrap();
        Ok(())
    })
    .unwrap();
    for mode in ["starttls", "required", "auto"] {
        let auth = json!({"method": "plain", "user": "anna", "password": PASSWORD});
        let error = engine::send(&engine::smtp(server.port, json!({"mode": mode}), auth), &engine::mail("b@example.com")).unwrap_err();
        assert_eq!(error.code, "tls.injected_plaintext", "{error:?}");
        assert_eq!(after.recv_timeout(Duration::from_secs(30)).unwrap(), b"", "{mode}: nothing may follow, not even a handshake");
    }
}

#[test]
fn an_answer_before_its_command_is_a_protocol_error() {
    let server = Scripted::start(|stream| {
        play(&stream, &["S: 220 mail.example.com ESMTP", "C: EHLO", "S: 250 mail.example.com\r\n250 2.1.0 too early"])?;
        play(&stream, &["C: MAIL", "S: 250 x", "C: RCPT", "S: 250 x", "C: DATA", "S: 354 x"])
    })
    .unwrap();
    let settings = engine::smtp(server.port, json!({"mode": "none"}), json!({"method": "none"}));
    let error = engine::send(&settings, &engine::mail("b@example.com")).unwrap_err();
    assert_eq!(error.status, Status::Protocol, "{error:?}");
}

#[test]
fn endless_lines_and_endless_replies_are_a_protocol_error() {
    for (name, piece) in [("line", "x".repeat(1 << 16)), ("reply", "250-more\r\n".repeat(6000))] {
        let server = Scripted::start(move |stream| {
            play(&stream, &["S: 220 mail.example.com ESMTP", "C: EHLO"])?;
            let mut stream = &stream;
            loop {
                std::io::Write::write_all(&mut stream, piece.as_bytes())?;
            }
        })
        .unwrap();
        let settings = engine::smtp(server.port, json!({"mode": "none"}), json!({"method": "none"}));
        let error = engine::send(&settings, &engine::mail("b@example.com")).unwrap_err();
        assert_eq!(error.status, Status::Protocol, "{name}: {error:?}");
    }
}
