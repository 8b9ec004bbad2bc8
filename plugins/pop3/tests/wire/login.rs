//! Logins, as a test of the settings tells of them, and what servers make of them.

use crate::account::account;
use crate::hostile::server;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::{TestHost, failed, skipped};
use postkontor_plugin::{Error, Report, Stage, Status, TestRequest, Transport};
use std::sync::{Arc, Mutex};

fn test(port: u16, more: Value) -> Result<Report, Error> {
    let host = TestHost::new();
    account(port, more).test(&TestRequest {}, &host.call())
}

/// A server that answers the commands which begin like one of these so, and `+OK` to the others; with the commands that it heard.
fn odd(greeting: &'static [u8], answers: &'static [(&'static str, &'static str)]) -> (u16, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let noted = heard.clone();
    let port = server(greeting, move |command, stream| {
        noted.lock().unwrap().push(command.to_owned());
        let answer = answers.iter().find(|(of, _)| command.starts_with(of)).map(|(_, answer)| *answer);
        let usual = if matches!(command, "CAPA" | "LIST" | "UIDL") { "+OK\r\n.\r\n" } else { "+OK\r\n" };
        std::io::Write::write_all(stream, answer.unwrap_or(usual).as_bytes())
    });
    (port, heard)
}

#[test]
fn a_wrong_password_is_told_with_place_advice_and_the_skipped_steps() {
    let report = test(odd(b"+OK\r\n", &[("PASS", "-ERR wrong\r\n")]).0, json!({})).unwrap();
    let step = failed(&report);
    assert_eq!((step.step, step.code.as_str(), step.pointer.as_str()), (Stage::Login, "auth.refused", "/auth/password"));
    assert_eq!(step.advice, ["advice.check_user_and_password", "advice.app_password"]);
    assert_eq!(skipped(&report), [Stage::Mailbox, Stage::Quit]);
}

#[test]
fn a_mailbox_that_is_held_is_no_wrong_password() {
    for answer in ["-ERR [IN-USE] x\r\n", "-ERR maildrop already locked\r\n", "-ERR unable to lock mailbox\r\n"] {
        let answers: &'static [(&str, &str)] = vec![("PASS", answer)].leak();
        let report = test(odd(b"+OK\r\n", answers).0, json!({})).unwrap();
        assert_eq!((failed(&report).code.as_str(), report.status()), ("mailbox.in_use", Status::Later), "{answer}");
        assert_eq!(failed(&report).advice, ["advice.close_other_program", "advice.try_later"]);
    }
}

#[test]
fn an_expired_token_is_no_wrong_password() {
    let answers =
        &[("CAPA", "+OK\r\nSASL XOAUTH2\r\n.\r\n"), ("AUTH XOAUTH2", "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"), ("", "-ERR [AUTH] refused\r\n")];
    let report = test(odd(b"+OK\r\n", answers).0, json!({"auth": {"method": "xoauth2", "oauth2": {"access_token": "t0ken"}}})).unwrap();
    let step = failed(&report);
    assert_eq!((step.code.as_str(), step.pointer.as_str()), ("auth.token_refused", "/auth/oauth2/access_token"));
    assert!(step.detail.contains("401"), "{step:?}");
}

#[test]
fn a_word_that_only_begins_with_ok_is_no_consent() {
    let plain = json!({"auth": {"method": "plain"}});
    for (greeting, answers, more) in [
        (&b"+OKxyz\r\n"[..], &[][..], json!({})),
        (b"+OK\r\n", &[("PASS", "+OKxyz\r\n")], json!({})),
        (b"+OK\r\n", &[("CAPA", "+OK\r\nSASL PLAIN\r\n.\r\n"), ("AUTH", "+OKxyz\r\n")], plain),
    ] {
        let report = test(odd(greeting, answers).0, more).unwrap();
        assert_eq!(failed(&report).code, "protocol.reply_malformed", "{answers:?}");
    }
}

#[test]
fn a_timestamp_counts_wherever_it_stands_and_only_where_it_is_a_message_id() {
    let apop = || json!({"auth": {"method": "apop"}});
    let (port, heard) = odd(b"+OK <1896.697170952@dbc.mtview.ca.us> ready, be welcome\r\n", &[]);
    assert!(test(port, apop()).unwrap().is_ok());
    // MD5 of the timestamp and "Geheim-7".
    assert!(heard.lock().unwrap().contains(&"APOP anna fe1ec96eea3d4241805788d90356e8ef".to_owned()));
    for greeting in [&b"+OK ready <18\xff96@dbc.example>\r\n"[..], b"+OK ready <1@a\x80>\r\n", b"+OK ready <1 2@a>\r\n"] {
        let (port, heard) = odd(greeting, &[]);
        let report = test(port, apop()).unwrap();
        assert_eq!(failed(&report).code, "pop3.apop_not_offered");
        assert_eq!(failed(&report).patch, Some(json!({"auth": {"method": "auto"}})));
        assert!(!heard.lock().unwrap().iter().any(|command| command.starts_with("APOP")));
    }
}

#[test]
fn a_first_response_that_is_not_understood_is_sent_apart_and_one_that_was_judged_is_not() {
    for (answer, attempts) in [("-ERR syntax error\r\n", 2), ("-ERR wrong password\r\n", 1), ("-ERR [AUTH] invalid argument\r\n", 1)] {
        let answers: &'static [(&str, &str)] =
            vec![("CAPA", "+OK\r\nSASL PLAIN\r\n.\r\n"), ("AUTH PLAIN ", answer), ("AUTH PLAIN", "+ \r\n")].leak();
        let (port, heard) = odd(b"+OK\r\n", answers);
        let report = test(port, json!({"auth": {"method": "plain"}})).unwrap();
        let tried = heard.lock().unwrap().iter().filter(|command| command.starts_with("AUTH")).count();
        assert_eq!((tried, report.is_ok()), (attempts, attempts == 2), "{answer}: {report:?}");
    }
}
