//! Logins, as a test of the settings tells of them, and what servers make of them.

use crate::account::account;
use crate::hostile::server;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::{TestHost, failed, skipped};
use postkontor_plugin::{Error, Report, Stage, Status, TestRequest, Transport};
use std::collections::HashSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

fn test(port: u16, more: Value) -> Result<Report, Error> {
    let host = TestHost::new();
    account(port, more).test(&TestRequest {}, &host.call())
}

/// A server with these capabilities that answers the commands which begin like one of these so; TAG is the command's tag. With the
/// commands that it heard.
fn odd(greeting: &'static str, answers: &'static [(&'static str, &'static str)]) -> (u16, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let noted = heard.clone();
    let port = server(
        greeting,
        Box::new(move |tag, command, stream| {
            noted.lock().unwrap().push(command.to_owned());
            let answer = answers.iter().find(|(of, _)| command.starts_with(of));
            if let Some((_, answer)) = answer {
                stream.write_all(answer.replace("TAG", tag).as_bytes())?;
            }
            Ok(answer.is_some())
        }),
    );
    (port, heard)
}

const READY: &str = "* OK [CAPABILITY IMAP4rev1] ready\r\n";

#[test]
fn a_wrong_password_is_told_with_place_advice_and_the_skipped_steps() {
    let (port, _) = odd(READY, &[("LOGIN", "TAG NO [AUTHENTICATIONFAILED] wrong\r\n")]);
    let report = test(port, json!({})).unwrap();
    let step = failed(&report);
    assert_eq!((step.step, step.code.as_str(), step.pointer.as_str()), (Stage::Login, "auth.refused", "/auth/password"));
    assert_eq!(step.advice, ["advice.check_user_and_password", "advice.app_password"]);
    assert_eq!(skipped(&report), [Stage::Mailbox, Stage::Quit]);
}

#[test]
fn a_missing_folder_has_advice() {
    let (port, _) = odd(READY, &[("SELECT", "TAG NO [NONEXISTENT] no such folder\r\n")]);
    let report = test(port, json!({})).unwrap();
    let step = failed(&report);
    assert_eq!((step.code.as_str(), step.pointer.as_str()), ("imap.folder_missing", "/imap/inbox"));
    assert_eq!(step.advice, ["advice.imap_check_folder", "advice.imap_create_folders"]);
}

#[test]
fn an_expired_token_is_no_wrong_password() {
    let greeting = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\r\n";
    // {"status":"401","schemes":"bearer"}; what the client says to it belongs to no command.
    let (port, _) = odd(
        greeting,
        &[(
            "AUTHENTICATE XOAUTH2",
            "+ eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=\r\nTAG NO [AUTHENTICATIONFAILED] Invalid credentials\r\n",
        )],
    );
    let report = test(port, json!({"auth": {"method": "xoauth2", "oauth2": {"access_token": "t0ken"}}})).unwrap();
    let step = failed(&report);
    assert_eq!((step.code.as_str(), step.pointer.as_str()), ("auth.token_refused", "/auth/oauth2/access_token"));
    assert!(step.detail.contains("401"), "{step:?}");
    assert!(!step.advice.contains(&"advice.check_user_and_password".to_owned()), "{step:?}");
}

#[test]
fn a_mailbox_that_is_held_is_no_wrong_password() {
    for answer in ["TAG NO [INUSE] try later\r\n", "TAG NO Mailbox is locked by another session\r\n"] {
        let answers: &'static [(&str, &str)] = vec![("LOGIN", answer)].leak();
        let report = test(odd(READY, answers).0, json!({})).unwrap();
        assert_eq!((failed(&report).code.as_str(), report.status()), ("mailbox.in_use", Status::Later), "{answer}");
    }
}

#[test]
fn a_server_that_does_not_know_capability_is_used_and_starttls_is_tried() {
    let (port, heard) =
        odd("* OK ready\r\n", &[("CAPABILITY", "TAG BAD unknown command\r\n"), ("STARTTLS", "TAG BAD unknown command\r\n")]);
    assert!(test(port, json!({})).unwrap().is_ok());
    assert!(heard.lock().unwrap().iter().any(|command| command.starts_with("LOGIN")));
    let report = test(port, json!({"tls": {"mode": "required"}})).unwrap();
    assert_eq!(failed(&report).code, "tls.not_offered");
    assert!(heard.lock().unwrap().iter().any(|command| command.starts_with("STARTTLS")));
}

#[test]
fn no_two_tags_are_alike_on_any_two_connections() {
    let tags = Arc::new(Mutex::new(Vec::new()));
    let noted = tags.clone();
    let port = server(
        READY,
        Box::new(move |tag, _, _| {
            noted.lock().unwrap().push(tag.to_owned());
            Ok(false)
        }),
    );
    for _ in 0..3 {
        assert!(test(port, json!({})).unwrap().is_ok());
    }
    let tags = tags.lock().unwrap();
    let distinct: HashSet<&String> = tags.iter().collect();
    assert!(tags.len() >= 9 && distinct.len() == tags.len(), "{tags:?}");
}

#[test]
fn blank_lines_between_responses_are_read_past() {
    let (port, _) = odd("\r\n* OK ready\r\n\r\n", &[("CAPABILITY", "\r\n* CAPABILITY IMAP4rev1\r\n\r\n\r\nTAG OK done\r\n\r\n")]);
    let report = test(port, json!({})).unwrap();
    assert!(report.is_ok(), "{report:?}");
}

#[test]
fn a_word_that_only_begins_with_ok_is_no_consent() {
    for (greeting, command, answer) in [
        ("* OKxyz ready\r\n", "nothing", ""),
        (READY, "LOGIN", "TAG OKxyz\r\n"),
        (READY, "LOGIN", "TAGx OK\r\n"),
        (READY, "LOGIN", "TAG +OK\r\n"),
    ] {
        let answers: &'static [(&str, &str)] = vec![(command, answer)].leak();
        let report = test(odd(greeting, answers).0, json!({})).unwrap();
        assert_eq!(failed(&report).code, "protocol.reply_malformed", "{greeting} {answer}");
    }
}

#[test]
fn a_first_response_that_is_not_understood_is_sent_apart_and_one_that_was_judged_is_not() {
    let greeting = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n";
    let plain = json!({"auth": {"method": "plain"}});
    for (answer, attempts) in [("TAG BAD too many arguments\r\n", 2), ("TAG NO wrong\r\n", 1)] {
        let answers: &'static [(&str, &str)] = vec![("AUTHENTICATE PLAIN ", answer), ("AUTHENTICATE PLAIN", "TAG OK in\r\n")].leak();
        let (port, heard) = odd(greeting, answers);
        let report = test(port, plain.clone()).unwrap();
        let tried = heard.lock().unwrap().iter().filter(|command| command.starts_with("AUTHENTICATE")).count();
        assert_eq!((tried, report.is_ok()), (attempts, attempts == 2), "{answer}");
    }
}
