//! What servers make of a login.

use crate::account::{Account, with_password};
use crate::play::Act::{C, Close, Closed, S};
use crate::play::{Act, HELLO, play, test};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::failed;
use postkontor_plugin::{Report, Stage, Status, Step, StepStatus};

fn login(report: &Report) -> &Step {
    report.steps.iter().find(|step| step.step == Stage::Login).unwrap()
}

#[test]
fn questions_in_clear_are_answered_where_the_answer_does_not_depend_on_them() {
    let script = vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250 AUTH LOGIN\r\n"),
        C("AUTH LOGIN\r\n"),
        S("334 Username:\r\n"),
        C("YW5uYQ==\r\n"),
        S("334 Password:\r\n"),
        C("aHVudGVyMg==\r\n"),
        S("235 welcome\r\n"),
        C("QUIT\r\n"),
        S("221 bye\r\n"),
    ];
    assert!(test(script, with_password("login")).is_ok());
    let script = vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 AUTH CRAM-MD5\r\n"), C("AUTH CRAM-MD5\r\n"), S("334 challenge!\r\n"), Closed];
    assert_eq!(login(&test(script, with_password("cram-md5"))).code, "auth.challenge_malformed");
}

#[test]
fn a_first_response_that_is_not_understood_is_sent_apart() {
    for refusal in ["501 5.5.4 syntax error\r\n", "504 5.5.4 unrecognised\r\n", "500 line\r\n"] {
        let script = vec![
            S("220 x\r\n"),
            HELLO,
            S("250-x\r\n250 AUTH PLAIN\r\n"),
            C("AUTH PLAIN AGFubmEAaHVudGVyMg==\r\n"),
            S(refusal),
            C("AUTH PLAIN\r\n"),
            S("334 go on\r\n"),
            C("AGFubmEAaHVudGVyMg==\r\n"),
            S("235 ok\r\n"),
            C("QUIT\r\n"),
            S("221 bye\r\n"),
        ];
        let report = test(script, with_password("plain"));
        assert!(report.is_ok(), "{refusal}: {report:?}");
        assert!(!report.transcript.join("\n").contains("AGFubmEAaHVudGVyMg"), "{:?}", report.transcript);
    }
}

#[test]
fn a_password_that_was_judged_is_not_shown_again() {
    for refusal in ["535 5.7.8 wrong\r\n", "550 no\r\n", "454 later\r\n"] {
        let script =
            vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 AUTH PLAIN\r\n"), C("AUTH PLAIN AGFubmEAaHVudGVyMg==\r\n"), S(refusal), Closed];
        assert_eq!(login(&test(script, with_password("plain"))).status, StepStatus::Fail, "{refusal}");
    }
    // What is refused after the question was about the credentials, whatever the number.
    let script = vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250 AUTH LOGIN\r\n"),
        C("AUTH LOGIN\r\n"),
        S("334 VXNlcm5hbWU6\r\n"),
        C("YW5uYQ==\r\n"),
        S("501 5.5.2 no\r\n"),
        Closed,
    ];
    assert_eq!(login(&test(script, with_password("login"))).code, "auth.refused");
}

#[test]
fn pop_before_smtp_points_to_its_own_settings_and_knows_a_held_mailbox() {
    let before = |answers: Vec<Act>, mode: &str| {
        let pop = play(answers);
        let mut settings = with_password("pop-before-smtp");
        settings["smtp"] = json!({"pop3": {"host": "127.0.0.1", "port": pop.port, "mode": mode}});
        let report = Account::with(1, settings).test();
        pop.end();
        report
    };
    let report = before(
        vec![S("+OK\r\n"), C("USER anna\r\n"), S("+OK\r\n"), C("PASS hunter2\r\n"), S("-ERR maildrop already locked\r\n"), Close],
        "none",
    );
    assert_eq!((login(&report).code.as_str(), report.status()), ("mailbox.in_use", Status::Later));
    let report = before(vec![S("+OK\r\n"), C("USER anna\r\n"), S("+OK\r\n"), C("PASS hunter2\r\n"), S("+OKxyz\r\n"), Close], "none");
    assert_eq!(login(&report).code, "protocol.reply_malformed");
    let report = before(vec![S("+OK\r\n"), C("CAPA\r\n"), S("+OK\r\nUSER\r\n.\r\n"), Closed], "required");
    let step = failed(&report);
    assert_eq!((step.code.as_str(), step.pointer.as_str()), ("tls.not_offered", "/smtp/pop3/mode"));
}
