//! What a server can, wherever it says so.

use crate::account::{account, fetch};
use crate::hostile::server;
use postkontor_plugin::Action;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// The commands, without what is behind the first two words, that a server hears which greets so and lets us in with these words.
fn heard(greeting: &'static str, consent: &'static str, more: Value) -> (Vec<String>, bool) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let shared = heard.clone();
    let port = server(
        greeting,
        Box::new(move |tag, command, stream| {
            shared.lock().unwrap().push(command.split(' ').take(2).collect::<Vec<_>>().join(" "));
            if command.starts_with("LOGIN") {
                stream.write_all(format!("{tag} OK {consent}\r\n").as_bytes())?;
                return Ok(true);
            }
            Ok(false)
        }),
    );
    let fetched = fetch(&mut account(port, more), None, &TestHost::new().answering(Action::Delete)).is_ok();
    let heard = heard.lock().unwrap().clone();
    (heard, fetched)
}

#[test]
fn a_greeting_and_a_consent_that_tell_them_spare_the_question() {
    let rest = ["SELECT \"INBOX\"", "UID SEARCH", "UID FETCH", "UID FETCH", "UID FETCH", "UID STORE"];
    let login = "LOGIN \"anna\"";
    for (greeting, consent, first) in [
        ("* OK [CAPABILITY IMAP4rev1] ready\r\n", "[CAPABILITY IMAP4rev1 ID UIDPLUS] in", vec![login, "ID (\"name\""]),
        ("* OK [CAPABILITY IMAP4rev1] ready\r\n", "in", vec![login, "CAPABILITY"]),
        ("* OK ready [CAPABILITY IMAP4rev1]\r\n", "[capability imap4rev1 uidplus] in", vec!["CAPABILITY", login]),
        ("* OK [CAPABILITY XYZ] ready\r\n", "in [CAPABILITY IMAP4rev1 ID]", vec!["CAPABILITY", login, "CAPABILITY"]),
        ("* PREAUTH [CAPABILITY IMAP4rev1 ID] ready\r\n", "", vec!["CAPABILITY"]),
    ] {
        let (heard, fetched) = heard(greeting, consent, json!({}));
        // UIDPLUS, of which the greeting says nothing, is used.
        assert_eq!(heard, [&first[..], &rest, &["UID EXPUNGE", "LOGOUT"]].concat(), "{greeting} {consent}");
        assert!(fetched);
    }
}

#[test]
fn a_greeting_without_starttls_is_asked_again() {
    for mode in ["auto", "required", "starttls"] {
        let (heard, fetched) = heard("* OK [CAPABILITY IMAP4rev1] ready\r\n", "in", json!({"tls": {"mode": mode}}));
        assert_eq!(heard, ["CAPABILITY", "STARTTLS"], "{mode}");
        assert!(!fetched, "{mode}");
        let (heard, _) = self::heard("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", "in", json!({"tls": {"mode": mode}}));
        assert_eq!(heard, ["STARTTLS"], "{mode}");
    }
}
