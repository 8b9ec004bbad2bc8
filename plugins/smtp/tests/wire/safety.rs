//! What a hostile network or server must not achieve.

use crate::account::{Account, mail, sized};
use crate::play::Act::{C, Closed, S};
use crate::play::{Act, HELLO, play};
use crate::sandbox::{Options, Sandbox};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Mail, Status, Transport};
use std::time::{Duration, Instant};

fn credentials() -> Value {
    json!({"method": "auto", "user": "anna", "password": "hunter2"})
}

#[test]
fn where_starttls_was_stripped_auto_sends_no_password() {
    let script = play(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n"), Closed]);
    let mut account = Account::with(script.port, json!({"tls": {"mode": "auto"}, "auth": credentials()}));
    let error = account.send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.cleartext_forbidden"));
    script.end();
}

#[test]
fn auto_without_credentials_goes_on_in_clear_text() {
    let sandbox = Sandbox::start(Options::default());
    Account::with(sandbox.port, json!({"tls": {"mode": "auto"}})).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap();
    assert_eq!(sandbox.accepted().len(), 1);
}

#[test]
fn with_consent_the_password_goes_over_clear_text_by_the_best_mechanism() {
    let script = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250-AUTH PLAIN LOGIN\r\n250 AUTH=LOGIN\r\n"),
        C("AUTH PLAIN AGFubmEAaHVudGVyMg==\r\n"),
        S("235 ok\r\n"),
        C("MAIL"),
    ]);
    let mut auth = credentials();
    auth["allow_cleartext"] = json!(true);
    let mut account = Account::with(script.port, json!({"auth": auth}));
    assert!(account.send(&mail(1, &["b@example.com"]), "a\r\n").is_err());
    script.end();
}

#[test]
fn starttls_that_is_required_and_missing_or_refused_ends_the_session() {
    for mode in ["starttls", "required"] {
        let script = play(vec![S("220 x\r\n"), HELLO, S("250 x\r\n"), Closed]);
        let mut account = Account::with(script.port, json!({"tls": {"mode": mode}, "auth": credentials()}));
        let error = account.send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.not_offered"));
        assert_eq!(error.at[0].pointer, "/tls/mode");
        script.end();
    }
    for mode in ["starttls", "required", "auto"] {
        let script = play(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 STARTTLS\r\n"), C("STARTTLS\r\n"), S("454 not now\r\n"), Closed]);
        let mut account = Account::with(script.port, json!({"tls": {"mode": mode}}));
        let error = account.send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.refused_by_server"));
        script.end();
    }
}

#[test]
fn words_injected_behind_the_answer_to_starttls_end_the_session() {
    let script =
        play(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 STARTTLS\r\n"), C("STARTTLS\r\n"), S("220 go\r\n"), S("235 welcome\r\n"), Closed]);
    let mut account = Account::with(script.port, json!({"tls": {"mode": "starttls"}, "auth": credentials()}));
    let error = account.send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    assert_eq!(error.code, "tls.injected_plaintext");
    script.end();
}

#[test]
fn an_answer_before_its_command_is_a_protocol_error() {
    // With the greeting, with the answer to EHLO, and with the answer to MAIL.
    let early = |script: Vec<Act>| {
        let script = play(script);
        let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
        script.end();
        (error.status, error.code.clone())
    };
    let expected = (Status::Protocol, "protocol.early_reply".to_owned());
    assert_eq!(early(vec![S("220 x\r\n250 x\r\n"), Closed]), expected);
    assert_eq!(early(vec![S("220 x\r\n"), HELLO, S("250 x\r\n250 sender\r\n250 recipient\r\n"), Closed]), expected);
    assert_eq!(
        early(vec![S("220 x\r\n"), HELLO, S("250 x\r\n"), C("MAIL FROM:<a@example.com>\r\n"), S("250 ok\r\n250 ok\r\n"), Closed]),
        expected
    );
    let envelope = C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n");
    let too_much = S("250 ok\r\n250 ok\r\n354 go\r\n250 queued before it was sent\r\n");
    assert_eq!(early(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 PIPELINING\r\n"), envelope, too_much, Closed]), expected);
}

#[test]
fn one_answer_too_many_leaves_the_last_one_in_doubt() {
    let script = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n"),
        C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT 3 LAST\r\na\r\n"),
        S("250 surprise\r\n250 ok\r\n250 ok\r\n554 refused\r\n"),
        Closed,
    ]);
    let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    assert_eq!(error.status, Status::Uncertain);
    script.end();
}

#[test]
fn a_farewell_behind_the_acceptance_takes_nothing_back() {
    let script = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n"),
        C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT 3 LAST\r\na\r\n"),
        S("250 ok\r\n250 ok\r\n250 queued\r\n421 bye\r\n"),
        Closed,
    ]);
    Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap();
    script.end();
}

#[test]
fn bare_line_breaks_never_reach_the_wire() {
    for bad in ["a\nb\r\n", "a\rb\r\n", "a\r\n.\r\r\nMAIL FROM:<x@y>\r\n", "a\r\n.\nMAIL\r\n", "a\0b\r\n", "a\r"] {
        let script =
            play(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n"), C("QUIT\r\n"), S("221 bye\r\n"), Closed]);
        let mut account = Account::plain(script.port);
        let error = account.send(&mail(1, &["b@example.com"]), bad).unwrap_err();
        assert_eq!(error.status, Status::Argument, "{bad:?}");
        drop(account);
        script.end();
        let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING"], ..Options::default() });
        assert!(Account::plain(sandbox.port).send(&mail(1, &["b@example.com"]), bad).is_err());
        assert!(sandbox.accepted().is_empty());
    }
}

#[test]
fn line_breaks_in_addresses_are_refused_before_connecting() {
    // No server listens there.
    let mut account = Account::plain(1);
    for bad in ["b@example.com>\r\nRCPT TO:<c@example.com", "b@example.com\0", "b@example.com\n"] {
        let error = account.send(&mail(1, &["ok@example.com", bad]), "a\r\n").unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, "/recipients/1"));
        let error = account.send(&Mail { from: bad.to_owned(), ..mail(1, &["b@example.com"]) }, "a\r\n").unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, "/from"));
    }
}

#[test]
fn endless_replies_are_cut_off() {
    let many: &'static str = Box::leak("250-more\r\n".repeat(1000).into_boxed_str());
    let script = play(vec![S("220 x\r\n"), HELLO, S(many)]);
    let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "protocol.reply_too_long"));
    script.end();
    let long: &'static str = Box::leak(format!("220 {}", "x".repeat(100_000)).into_boxed_str());
    let script = play(vec![S(long)]);
    let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    assert_eq!(error.status, Status::Protocol);
    script.end();
}

#[test]
fn lines_of_one_reply_with_different_codes_make_no_sense() {
    let script = play(vec![S("220-x\r\n554 y\r\n"), Closed]);
    let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    assert_eq!(error.status, Status::Protocol);
    script.end();
}

#[test]
fn a_cancelled_call_ends_soon_wherever_it_is() {
    let message = "x\r\n".repeat(10_000_000);
    let stuck = [
        vec![],
        vec![S("220 x\r\n"), HELLO],
        vec![S("220 x\r\n"), HELLO, S("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n"), C("MAIL")],
        vec![
            S("220 x\r\n"),
            HELLO,
            S("250-x\r\n250 PIPELINING\r\n"),
            C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"),
            S("250 ok\r\n250 ok\r\n354 go\r\n"),
            C("x"),
        ],
    ];
    for mut script in stuck {
        script.push(Act::Stall);
        let script = play(script);
        let mut account = Account::plain(script.port);
        let host = TestHost::new().with_message(message.as_str()).stopping_at(Instant::now() + Duration::from_millis(300));
        let call = host.call_within(Duration::from_secs(60));
        let began = Instant::now();
        let error = account.0.send(&sized(1, &["b@example.com"], &message), &mut call.body(1), &call).unwrap_err();
        assert_eq!(error.status, Status::Cancelled, "{error:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "the call went on for {:?}", began.elapsed());
        script.end();
    }
}

#[test]
fn a_deadline_after_the_message_has_left_means_doubt() {
    for capabilities in ["250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n", "250-x\r\n250 PIPELINING\r\n"] {
        let chunking = capabilities.contains("CHUNKING");
        let mut script = vec![S("220 x\r\n"), HELLO, S(capabilities)];
        if chunking {
            script.extend([
                C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT 3 LAST\r\na\r\n"),
                S("250 ok\r\n250 ok\r\n"),
                Closed,
            ]);
        } else {
            script.push(C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"));
            script.extend([S("250 ok\r\n250 ok\r\n354 go\r\n"), C("a\r\n.\r\n"), Closed]);
        }
        let script = play(script);
        let host = TestHost::new().with_message("a\r\n");
        let call = host.call_within(Duration::from_millis(500));
        let error = Account::plain(script.port).0.send(&mail(1, &["b@example.com"]), &mut call.body(1), &call).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Uncertain, "delivery.uncertain"));
        script.end();
    }
}
