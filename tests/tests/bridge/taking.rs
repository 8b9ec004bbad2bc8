//! Mail that is handed over, as the protocol has it.

use crate::setup::{Client, MAX_BYTES, Running, clear, giving, taking, tls};
use postkontor_bridge::Limits;
use postkontor_core::{Error, Status};
use postkontor_tests::engine;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn start() -> Running {
    Running::start(&taking(clear()), Limits::default())
}

/// Logged in as Anna.
const LOGIN: (&str, &str) = ("AUTH PLAIN AGFubmEAR2VoZWltLTc=", "235 2.7.0");

#[test]
fn a_mail_of_a_login_goes_by_its_account_with_what_its_header_lacks() {
    let bridge = start();
    let mut client = Client::greeted(bridge.smtp.unwrap());
    let offered = client.say("EHLO scanner");
    for offer in ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 100000", "AUTH PLAIN LOGIN CRAM-MD5", "ENHANCEDSTATUSCODES"] {
        assert!(offered.contains(offer), "{offer} in {offered}");
    }
    assert!(!offered.contains("STARTTLS"));
    client.play(&[
        LOGIN,
        ("MAIL FROM:<anna@example.com> SIZE=1000 BODY=8BITMIME", "250 2.1.0"),
        ("RCPT TO:<berta@example.com>", "250 2.1.5"),
        ("RCPT TO:<carl@example.com>", "250 2.1.5"),
        ("DATA", "354 "),
        ("Subject: Grüße\r\nX: 1\r\n\r\n..x\r\ny\r\n.", "250 2.0.0 Ok: queued as 1"),
        ("QUIT", "221 "),
    ]);
    assert_eq!(client.rest(), "");
    let mail = bridge.mail();
    assert_eq!((mail.account.as_str(), mail.from.as_str()), ("main", "anna@example.com"));
    assert_eq!(mail.recipients, ["berta@example.com", "carl@example.com"]);
    assert_eq!(mail.body(), ".x\r\ny\r\n");
    let text = mail.text();
    assert!(text.starts_with("Received: from scanner ([127.0.0.1])\r\n\tby postkontor with ESMTPA id "), "{text}");
    for field in ["\r\nDate: ", "\r\nFrom: <anna@example.com>\r\n", "\r\nMessage-ID: <", "\r\nSubject: Grüße\r\nX: 1\r\n\r\n"] {
        assert!(text.contains(field), "{field} in {text}");
    }
    // What is on its way lies in a folder of its own, with nothing in it but its lock.
    let left = walk(bridge.folder.path());
    assert!(left.len() == 1 && left[0].ends_with("lock"), "{left:?}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn each_mechanism_logs_in_and_a_wrong_password_does_not() {
    let bridge = start();
    let address = bridge.smtp.unwrap();
    Client::greeted(address).play(&[
        ("EHLO a", "250"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("YW5uYQ==", "334 UGFzc3dvcmQ6"),
        ("R2VoZWltLTc=", "235"),
    ]);
    Client::greeted(address).play(&[("EHLO a", "250"), ("AUTH LOGIN YW5uYQ==", "334 UGFzc3dvcmQ6"), ("R2VoZWltLTc=", "235")]);
    Client::greeted(address).play(&[("EHLO a", "250"), ("AUTH PLAIN", "334 "), ("AGFubmEAR2VoZWltLTc=", "235"), ("AUTH PLAIN", "503")]);
    let mut wrong = Client::greeted(address);
    wrong.play(&[
        ("EHLO a", "250"),
        ("AUTH PLAIN AGFubmEAZmFsc2No", "535 5.7.8"),
        ("AUTH LOGIN", "334"),
        ("*", "501"),
        ("AUTH PLAIN ???", "501"),
        ("AUTH CRAM-MD5", "334"),
        ("YW5uYSAwMDAw", "535"),
        ("AUTH NTLM", "504"),
        // For another than oneself.
        ("AUTH PLAIN Ym9zcwBhbm5hAEdlaGVpbS03", "535"),
    ]);
    let log = bridge.log.lock().unwrap().join("\n");
    assert!(log.contains("login of \"anna\" refused: Wrong") && !log.contains("falsch") && !log.contains("Geheim"), "{log}");
}

#[test]
fn who_tries_many_passwords_has_to_wait() {
    let bridge = Running::start(&taking(clear()), Limits { failed_logins: 3, ..Limits::default() });
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.say("EHLO a");
    for _ in 0..3 {
        assert!(client.say("AUTH PLAIN AGFubmEAZmFsc2No").starts_with("535"));
    }
    assert!(client.say(LOGIN.0).starts_with("454 4.7.0"), "the right one is not heard either");
    assert_eq!(client.rest(), "");
}

#[test]
fn without_a_login_mail_goes_by_the_account_for_that() {
    let bridge = start();
    // As machines of old speak it: HELO or nothing, blanks, no brackets, lines that end with LF.
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.send(b"MAIL FROM: scanner@example.com\n");
    assert!(client.reply().starts_with("250"));
    client.play(&[("rcpt to: berta@example.com", "250"), ("data", "354"), ("Scan\r\n.", "250"), ("quit", "221")]);
    let mail = bridge.mail();
    assert_eq!((mail.account.as_str(), mail.from.as_str()), ("scans", "scanner@example.com"));
    assert!(mail.text().starts_with("Received: from unknown ([127.0.0.1])\r\n\tby postkontor with SMTP id "), "{}", mail.text());
    assert_eq!(mail.body(), "Scan\r\n", "a text without header is the body");
}

#[test]
fn who_has_to_log_in_is_not_heard_before() {
    let mut settings = taking(clear());
    settings["bridge"]["smtp"].as_object_mut().unwrap().remove("anonymous");
    let bridge = Running::start(&settings, Limits::default());
    Client::greeted(bridge.smtp.unwrap()).play(&[
        ("EHLO a", "250"),
        ("MAIL FROM:<a@b.c>", "530 5.7.0"),
        LOGIN,
        ("MAIL FROM:<anna@example.com>", "250"),
    ]);
}

#[test]
fn what_is_out_of_order_or_not_allowed_is_refused() {
    let bridge = start();
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.play(&[
        ("RCPT TO:<a@b.c>", "503"),
        ("DATA", "503"),
        ("EHLO a", "250"),
        LOGIN,
        ("MAIL FROM:<anna@example.com> SIZE=100001", "552 5.3.4"),
        ("MAIL FROM:<anna@example.com> RET=HDRS", "555"),
        ("MAIL FROM:<anna@example.com> BODY=BINARYMIME", "555"),
        ("MAIL FROM:<anna@example.com>", "250"),
        ("MAIL FROM:<anna@example.com>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<berta>", "501 5.1.3"),
        ("RCPT TO:<grüße@example.com>", "553 5.6.7"),
        ("RCPT TO:<a@b.c> NOTIFY=NEVER", "555"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("MAIL FROM:<> SMTPUTF8", "250"),
        ("RCPT TO:<grüße@example.com>", "250"),
        ("STARTTLS", "502"),
        ("VRFY anna", "252"),
        ("HELP", "214"),
        ("BDAT 3 LAST", "500"),
    ]);
    assert!(bridge.mails().is_empty());
}

#[test]
fn two_hundred_and_fifty_is_said_only_when_the_counter_has_it() {
    let bridge = start();
    let mut client = Client::greeted(bridge.smtp.unwrap());
    let mut send = |errors: Vec<Error>| {
        *bridge.shelf.errors.lock().unwrap() = errors;
        client.play(&[("MAIL FROM:<a@b.c>", "250"), ("RCPT TO:<d@e.f>", "250"), ("DATA", "354")]);
        client.say("Subject: x\r\n\r\n.")
    };
    assert!(send(vec![Error::new(Status::Local, "outbox.store_full")]).starts_with("452 4.3.1 outbox.store_full"));
    assert!(send(vec![Error::new(Status::Network, "outbox.store_unreachable")]).starts_with("451 4.3.0"));
    assert!(send(vec![Error::new(Status::Argument, "message.no_message")]).starts_with("554 5.6.0"));
    assert_eq!(bridge.mails().len(), 0);
    // Of a commit whose answer was lost nothing is known: under the same key it is handed in again.
    bridge.shelf.keys.lock().unwrap().clear();
    assert!(send(vec![Error::new(Status::Uncertain, "outbox.commit_unknown")]).starts_with("250 "));
    let keys = bridge.shelf.keys.lock().unwrap().clone();
    assert_eq!((bridge.mails().len(), keys.len(), keys[0] == keys[1]), (1, 2, true));
}

#[test]
fn more_than_the_largest_mail_is_refused_and_the_session_goes_on() {
    let bridge = start();
    let mut client = Client::greeted(bridge.smtp.unwrap());
    let envelope = [("MAIL FROM:<a@b.c>", "250"), ("RCPT TO:<d@e.f>", "250"), ("DATA", "354")];
    client.play(&envelope);
    let line = format!("{}\r\n", "x".repeat(998));
    client.send(line.repeat(MAX_BYTES as usize / 1000 + 1).as_bytes());
    assert!(client.say(".").starts_with("552 5.3.4"));
    client.play(&envelope);
    assert!(client.say("Subject: x\r\n\r\n.").starts_with("250"));
    client.play(&envelope);
    client.send(line.repeat(2 * MAX_BYTES as usize / 1000 + 1).as_bytes());
    assert!(client.reply().starts_with("552 5.3.4"), "no end of it is waited for");
    assert_eq!(bridge.mail().text().matches("Subject").count(), 1);
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let bridge = start();
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.send(b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<wrong>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n");
    for code in ["250-", "250 2.1.0", "501 5.1.3", "250 2.1.5", "354"] {
        let reply = client.reply();
        assert!(reply.starts_with(code), "{code}: {reply}");
    }
    client.send(b"Subject: x\r\n\r\n.\r\nRSET\r\nQUIT\r\n");
    assert_eq!(client.rest().lines().map(|line| &line[..3]).collect::<Vec<_>>(), ["250", "250", "221"]);
    assert_eq!(bridge.mail().recipients, ["d@e.f"]);
}

#[test]
fn what_is_in_flight_comes_to_its_end_when_the_bridge_does() {
    let mut bridge = start();
    let (mut busy, idle) = (Client::greeted(bridge.smtp.unwrap()), Client::greeted(bridge.smtp.unwrap()));
    busy.play(&[("MAIL FROM:<a@b.c>", "250"), ("RCPT TO:<d@e.f>", "250"), ("DATA", "354")]);
    busy.send(b"Subject: x\r\n");
    bridge.begin_to_end();
    assert!(idle.rest().starts_with("421 4.3.2"), "who only waits is sent away");
    busy.play(&[("\r\nlast\r\n.", "250")]);
    assert!(busy.rest().starts_with("421 4.3.2"));
    let begun = Instant::now();
    bridge.end();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(bridge.mail().body(), "last\r\n");
}

#[test]
fn a_mail_that_does_not_end_does_not_keep_the_bridge_from_ending() {
    let mut bridge = Running::start(&taking(clear()), Limits { farewell: Duration::from_millis(100), ..Limits::default() });
    let mut busy = Client::greeted(bridge.smtp.unwrap());
    busy.play(&[("MAIL FROM:<a@b.c>", "250"), ("RCPT TO:<d@e.f>", "250"), ("DATA", "354")]);
    bridge.end();
    drop(busy);
    assert!(bridge.mails().is_empty() && walk(bridge.folder.path()).is_empty(), "nothing of it is left");
}

#[test]
fn a_login_with_a_sender_sends_as_that_one_whatever_it_says() {
    let bridge = start();
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.play(&[("EHLO a", "250"), LOGIN]);
    for sender in ["boss@example.com", "scanner@localhost", ""] {
        client.play(&[
            (&format!("MAIL FROM:<{sender}>"), "250"),
            ("RCPT TO:<d@e.f>", "250"),
            ("DATA", "354"),
            ("Subject: x\r\n\r\n.", "250"),
        ]);
    }
    let senders: Vec<String> = bridge.mails().into_iter().map(|mail| mail.from).collect();
    assert_eq!(senders, ["anna@example.com", "anna@example.com", ""], "a report keeps the null sender");
}

#[test]
fn settings_that_would_let_others_in_are_refused_at_their_pointer() {
    let code = |settings: &Value| match Running::with_accounts(&engine::host("de").unwrap(), settings, Limits::default()) {
        Ok(_) => panic!("it runs: {settings}"),
        Err(error) => {
            let at = &error.at[0];
            assert!(at.message.contains(' ') && at.message != at.code, "{error:?}");
            (at.code.clone(), at.pointer.clone())
        }
    };
    let with = |pointer: &str, value: Value| {
        let mut settings = taking(clear());
        *settings.pointer_mut(pointer).unwrap() = value;
        settings
    };
    let is = |code: &str, pointer: &str| (code.to_owned(), pointer.to_owned());
    for listen in ["0.0.0.0:0", "192.0.2.1:2525", "[::]:0"] {
        assert_eq!(
            code(&with("/bridge/smtp/listen", json!(listen))),
            is("settings.listen_without_tls", "/bridge/smtp/tls/mode"),
            "{listen}"
        );
    }
    assert_eq!(code(&json!({"accounts": {}})), is("bridge.off", "/bridge"));
    let mut unreadable = with("/bridge/smtp/tls", tls("starttls", "1.2"));
    unreadable["bridge"]["smtp"]["tls"]["certificate"]["file"] = json!("/nowhere.pem");
    assert_eq!(code(&unreadable), is("bridge.certificate_unusable", "/bridge/smtp/tls/certificate/file"));
    let readers = json!({"accounts": {}, "bridge": {"pop3": giving(clear())["pop3"]}});
    assert_eq!(code(&readers), is("settings.bridge_without_login", "/bridge/logins"));
    let mut far = with("/bridge/smtp/tls", tls("implicit", "1.2"));
    (far["bridge"]["smtp"]["listen"], far["bridge"]["logins"]) = (json!("0.0.0.0:0"), json!([]));
    assert_eq!(code(&far), is("settings.listen_without_login", "/bridge/smtp/anonymous"), "no other machine without a login");
    let taken = start();
    assert_eq!(
        code(&with("/bridge/smtp/listen", json!(taken.smtp.unwrap().to_string()))),
        is("bridge.listen_refused", "/bridge/smtp/listen")
    );
}
