//! Texts in commands: what travels quoted, what as a literal, what in UTF-8, and that nothing is used which a server does not offer.

use crate::account::{account, fetch, send, send_as};
use crate::strict::Strict;
use postkontor_imap::Imap;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Applied, ApplyRequest, Call, Filter, ListRequest, Listing, ReceiveRequest, Status, Transport};
use std::time::{Duration, Instant};

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Fetches what has this subject.
fn search(account: &mut Imap, subject: &str) -> Vec<String> {
    let host = TestHost::new();
    let filter = Filter { subject: Some(subject.to_owned()), ..Filter::default() };
    let received = account.receive(&ReceiveRequest { filter, ..ReceiveRequest::default() }, &Call::new(&host, deadline())).unwrap();
    assert!(received.interrupted.is_none());
    host.texts()
}

fn apply(account: &mut Imap, request: Value) -> Applied {
    let host = TestHost::new();
    let request: ApplyRequest = postkontor_plugin::serde_json::from_value(request).unwrap();
    account.apply(&request, &Call::new(&host, deadline())).unwrap_or_else(|error| panic!("{request:?}: {error:?}"))
}

fn folders(account: &mut Imap) -> String {
    let host = TestHost::new();
    match account.list(&ListRequest::default(), &Call::new(&host, deadline())).unwrap() {
        Listing::Folders { folders } => folders[0].name.clone(),
        Listing::Messages { .. } => panic!("messages in the place of folders"),
    }
}

const UMLAUTS: &str = "Rückfrage";

#[test]
fn texts_with_umlauts_travel_as_literals_that_come_unasked_where_the_server_takes_them() {
    for (capabilities, plus) in [("IMAP4rev1", ""), ("IMAP4rev1 LITERAL+", "+"), ("IMAP4rev1 LITERAL-", "+"), ("IMAP4rev1 IMAP4rev2", "+")]
    {
        let server = Strict::start(capabilities, None);
        let mut account = account(server.port, json!({"auth": {"user": "jürgen", "password": "Grüße, \"9\""}}));
        assert_eq!(search(&mut account, UMLAUTS), ["hello"], "{capabilities}");
        assert_eq!(server.only("LOGIN"), format!("LOGIN {{7{plus}}}jürgen {{12{plus}}}Grüße, \"9\""));
        let searches: Vec<_> = server.heard().into_iter().filter(|command| command.contains("SUBJECT")).collect();
        assert_eq!(searches.len(), 1);
        assert!(searches[0].ends_with(&format!("CHARSET UTF-8 SUBJECT {{10{plus}}}{UMLAUTS}")), "{searches:?}");
    }
}

#[test]
fn a_literal_above_4096_bytes_comes_unasked_only_with_literal_plus() {
    for (length, capabilities, plus) in [
        (2048, "IMAP4rev1 LITERAL-", "+"),
        (2049, "IMAP4rev1 LITERAL-", ""),
        (2049, "IMAP4rev1 IMAP4rev2", ""),
        (2049, "IMAP4rev1 LITERAL+", "+"),
    ] {
        let server = Strict::start(capabilities, None);
        assert_eq!(search(&mut account(server.port, json!({})), &"ü".repeat(length)), ["hello"]);
        let wanted = format!("SUBJECT {{{}{plus}}}üü", 2 * length);
        assert!(server.heard().iter().any(|command| command.contains(&wanted)), "{capabilities} {length}");
    }
    for (length, capabilities, plus) in [(4096, "LITERAL-", "+"), (4097, "LITERAL-", ""), (4096, "LITERAL+", "+"), (4096, "ID", "")] {
        let server = Strict::start(&format!("IMAP4rev1 {capabilities}"), None);
        send(&mut account(server.port, json!({"imap": {"outbox": "Out"}})), &vec![b'x'; length]).unwrap();
        assert!(server.only("APPEND").starts_with(&format!("APPEND \"Out\" (\\Seen) {{{length}{plus}}}xx")), "{capabilities} {length}");
    }
}

#[test]
fn a_literal_that_the_server_refuses_to_take_is_a_refusal_of_the_command() {
    let server = Strict::start("IMAP4rev1", Some(("LOGIN", "TAG NO [AUTHENTICATIONFAILED] who is that\r\n")));
    let mut stranger = account(server.port, json!({"auth": {"user": "jürgen"}}));
    let error = fetch(&mut stranger, None, &TestHost::new()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.refused"));
    let server = Strict::start("IMAP4rev1", Some(("LOGIN", "TAG OK come in\r\n")));
    let mut early = account(server.port, json!({"auth": {"user": "jürgen"}}));
    assert_eq!(fetch(&mut early, None, &TestHost::new()).unwrap_err().status, Status::Protocol, "half a command cannot succeed");
}

#[test]
fn the_password_is_in_no_transcript_however_it_travels() {
    for password in ["Geheim-7", "Grüße, 9"] {
        let server = Strict::start("IMAP4rev1", None);
        let host = TestHost::new();
        let mut account = account(server.port, json!({"auth": {"user": "jürgen", "password": password}}));
        let report = account.test(&Default::default(), &Call::new(&host, deadline())).unwrap();
        let transcript = report.transcript.join("\n");
        assert!(transcript.contains("LOGIN") && !transcript.contains(password), "{transcript}");
    }
}

#[test]
fn folder_names_travel_in_utf8_only_where_that_is_in_force() {
    let seven = ("Gr&APYA3w-e", "\"Gr&APYA3w-e\"");
    let eight = ("Größe", "\"Größe\"");
    for (capabilities, odd, (_, wire)) in [
        ("IMAP4rev1", None, seven),
        ("IMAP4rev1 ENABLE", None, seven),
        ("IMAP4rev1 IMAP4rev2", None, seven),
        ("IMAP4rev1 ENABLE UTF8=ACCEPT", None, eight),
        ("IMAP4rev1 ENABLE UTF8=ONLY", None, eight),
        ("IMAP4rev2", None, eight),
        // What is agreed to without being named is not in force.
        ("IMAP4rev1 ENABLE UTF8=ACCEPT", Some(("ENABLE", "* ENABLED\r\nTAG OK done\r\n")), seven),
        ("IMAP4rev1 ENABLE UTF8=ACCEPT", Some(("ENABLE", "* ENABLED CONDSTORE\r\nTAG OK UTF8=ACCEPT\r\n")), seven),
        ("IMAP4rev1 ENABLE UTF8=ACCEPT", Some(("ENABLE", "TAG NO\r\n")), seven),
    ] {
        let server = Strict::start(capabilities, odd);
        let mut account = account(server.port, json!({"imap": {"inbox": "Größe"}}));
        assert_eq!(folders(&mut account), "Größe & Maß", "{capabilities}");
        let host = TestHost::new();
        fetch(&mut account, None, &host).unwrap();
        assert_eq!(server.only("SELECT"), format!("SELECT {wire}"), "{capabilities} {odd:?}");
        apply(&mut account, json!({"messages": ["5.7.Größe"], "do": "move", "folder": "Größe"}));
        assert!(server.heard().iter().any(|command| command.ends_with(&format!(" 5 {wire}"))), "{capabilities}: {:?}", server.heard());
        // With UTF-8 in force a search names no charset (RFC 6855, section 3).
        search(&mut account, UMLAUTS);
        let quoted = server.heard().iter().any(|command| {
            command.ends_with(&format!("SEARCH SUBJECT \"{UMLAUTS}\"")) || command.ends_with(&format!("(ALL) SUBJECT \"{UMLAUTS}\""))
        });
        assert_eq!(quoted, wire == eight.1, "{capabilities}: {:?}", server.heard());
    }
}

#[test]
fn a_message_with_headers_in_utf8_is_announced_as_one() {
    let message = "From: jürgen@example.com\r\nSubject: Größe\r\n\r\ny\r\n".as_bytes();
    let (length, text) = (message.len(), String::from_utf8_lossy(message));
    let utf8 = json!({"utf8": true});
    for (capabilities, plus) in [("ENABLE UTF8=ACCEPT", ""), ("ENABLE UTF8=ACCEPT LITERAL-", "+"), ("ENABLE UTF8=ONLY LITERAL+", "+")] {
        let server = Strict::start(&format!("IMAP4rev1 {capabilities}"), None);
        let mut account = account(server.port, json!({"imap": {"outbox": "Out"}}));
        send_as(&mut account, message, utf8.clone()).unwrap();
        assert_eq!(server.only("APPEND"), format!("APPEND \"Out\" (\\Seen) UTF8 (~{{{length}{plus}}}{text})"));
        send(&mut account, b"Subject: x\r\n\r\ny\r\n").unwrap();
        assert!(server.heard().iter().any(|command| command.starts_with("APPEND \"Out\" (\\Seen) {17")), "{:?}", server.heard());
    }
    let large = [message, b"0123456789\r\n".repeat(10_000).as_slice()].concat();
    let server = Strict::start("IMAP4rev1 ENABLE UTF8=ACCEPT LITERAL-", None);
    send_as(&mut account(server.port, json!({"imap": {"outbox": "Out"}})), &large, utf8.clone()).unwrap();
    let appended = server.only("APPEND");
    assert!(appended.starts_with(&format!("APPEND \"Out\" (\\Seen) UTF8 (~{{{}}}From", large.len())) && appended.ends_with("789\r\n)"));
    // RFC 9755 has no such announcement any more.
    for capabilities in ["", " LITERAL+"] {
        let odd = Some(("APPEND \"Out\" (\\Seen) UTF8", "TAG BAD what\r\n"));
        let server = Strict::start(&format!("IMAP4rev1 ENABLE UTF8=ACCEPT{capabilities}"), odd);
        send_as(&mut account(server.port, json!({"imap": {"outbox": "Out"}})), message, utf8.clone()).unwrap();
        let last = server.heard().into_iter().rfind(|command| command.starts_with("APPEND")).unwrap();
        assert!(last.starts_with("APPEND \"Out\" (\\Seen) {") && last.ends_with(text.as_ref()), "{last}");
    }
    // Elsewhere it is appended as it is.
    let server = Strict::start("IMAP4rev1", None);
    send_as(&mut account(server.port, json!({"imap": {"outbox": "Out"}})), message, utf8).unwrap();
    assert_eq!(server.only("APPEND"), format!("APPEND \"Out\" (\\Seen) {{{length}}}{text}"));
}

#[test]
fn a_server_without_extensions_hears_of_none() {
    for method in ["password", "plain"] {
        let server = Strict::start("IMAP4rev1", None);
        let mut account =
            account(server.port, json!({"auth": {"method": method}, "imap": {"outbox": "Out", "create_folders": true, "compress": true}}));
        let host = TestHost::new().answering(Action::Delete);
        assert!(fetch(&mut account, None, &host).unwrap().interrupted.is_none());
        assert_eq!(host.texts(), ["hello"]);
        for action in ["seen", "unseen", "delete", "move"] {
            apply(&mut account, json!({"messages": ["5.7.INBOX"], "do": action, "folder": "Ablage"}));
        }
        send(&mut account, b"Subject: x\r\n\r\ny\r\n").unwrap();
        folders(&mut account);
        let heard = server.heard();
        let has = |command: &str| heard.iter().any(|heard| heard == command);
        assert!(has("EXPUNGE") && has("UID COPY 5 \"Ablage\"") && has("UID SEARCH DELETED") && has("LIST \"\" \"*\""), "{heard:?}");
        for word in ["MOVE", "UID EXPUNGE", "RETURN", "ENABLE", "ID (", "IDLE", "COMPRESS", "+}", "CONDSTORE"] {
            assert!(!heard.iter().any(|command| command.contains(word)), "{word}: {heard:?}");
        }
    }
}
