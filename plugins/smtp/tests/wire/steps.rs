//! The test of the settings, step by step.

use crate::account::{Account, with_password};
use crate::play::Act::{C, Close, S};
use crate::play::{Act, HELLO, play, test};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::{Report, Stage, Status, StepStatus};

fn step(report: &Report, stage: Stage) -> &postkontor_plugin::Step {
    report.steps.iter().find(|step| step.step == stage).unwrap()
}

#[test]
fn every_step_is_reported_and_no_mail_is_sent() {
    let script = vec![
        S("220 mail.example.com ready\r\n"),
        HELLO,
        S("250-x\r\n250-SIZE 1000\r\n250 AUTH CRAM-MD5 PLAIN\r\n"),
        C("AUTH CRAM-MD5\r\n"),
        S("334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n"),
        C("YW5uYSA"),
        S("235 welcome\r\n"),
    ];
    let report = test(script, with_password("auto"));
    let stages: Vec<Stage> = report.steps.iter().map(|step| step.step).collect();
    assert_eq!(
        &stages[..7],
        [Stage::Proxy, Stage::Resolve, Stage::Connect, Stage::Greeting, Stage::Capabilities, Stage::Tls, Stage::Login]
    );
    assert_eq!(step(&report, Stage::Greeting).facts["text"], "mail.example.com ready");
    let capabilities = step(&report, Stage::Capabilities);
    assert_eq!(capabilities.facts["mechanisms"], json!(["CRAM-MD5", "PLAIN"]));
    assert_eq!(capabilities.facts["size_limit"], 1000);
    assert_eq!(step(&report, Stage::Login).facts["mechanism"], "CRAM-MD5");
    let tls = step(&report, Stage::Tls);
    assert_eq!((tls.status, tls.code.as_str(), tls.pointer.as_str()), (StepStatus::Warn, "tls.clear_text", "/tls/mode"));
    assert!(report.is_ok());
    let transcript = report.transcript.join("\n");
    assert!(transcript.contains("EHLO client.example") && transcript.contains("235"), "{transcript}");
    assert!(!transcript.contains("YW5uYSA") && !transcript.contains("hunter2"), "{transcript}");
}

#[test]
fn a_refused_password_names_user_and_server_and_skips_the_rest() {
    let script = vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250 AUTH PLAIN\r\n"),
        C("AUTH PLAIN AGFubmEAaHVudGVyMg==\r\n"),
        S("535 5.7.8 hunter2 is wrong, AGFubmEAaHVudGVyMg== too\r\n"),
    ];
    let report = test(script, with_password("plain"));
    let login = step(&report, Stage::Login);
    assert_eq!((login.status, login.code.as_str()), (StepStatus::Fail, "auth.refused"));
    assert_eq!((&login.facts["user"], &login.facts["host"]), (&json!("anna"), &json!("127.0.0.1")));
    assert_eq!(login.facts["server"]["code"], 535);
    assert_eq!(login.pointer, "/auth/password");
    assert_eq!(report.status(), Status::Auth);
    assert_eq!(step(&report, Stage::Quit).status, StepStatus::Skipped);
    let everything = postkontor_plugin::serde_json::to_string(&report).unwrap();
    assert!(!everything.contains("hunter2") && !everything.contains("AGFubmEAaHVudGVyMg"), "{everything}");
}

#[test]
fn a_mechanism_that_is_not_offered_is_not_replaced_and_the_patch_says_auto() {
    let report = test(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 AUTH PLAIN LOGIN\r\n")], with_password("cram-md5"));
    let login = step(&report, Stage::Login);
    assert_eq!(login.code, "auth.mechanism_not_offered");
    assert_eq!(login.facts["offered"], "PLAIN, LOGIN");
    assert_eq!(login.patch, Some(json!({"auth": {"method": "auto"}})));
    assert_eq!(login.pointer, "/auth/method");
}

#[test]
fn a_scram_server_that_does_not_prove_itself_is_refused() {
    let report = test(
        vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 AUTH SCRAM-SHA-256\r\n"), C("AUTH SCRAM-SHA-256 biwsbj1hbm5h"), S("235 come in\r\n")],
        with_password("auto"),
    );
    assert_eq!(step(&report, Stage::Login).code, "auth.server_unproven");
}

#[test]
fn a_token_too_long_for_the_command_waits_for_the_question() {
    let token = "t".repeat(600);
    let settings = json!({"auth": {"method": "xoauth2", "user": "u", "allow_cleartext": true, "oauth2": {"access_token": token}}});
    let report = test(
        vec![
            S("220 x\r\n"),
            HELLO,
            S("250-x\r\n250 AUTH XOAUTH2\r\n"),
            C("AUTH XOAUTH2\r\n"),
            S("334 \r\n"),
            C("dXNlcj11AWF1dGg9QmVhcmVyIHR0"),
            S("235 ok\r\n"),
        ],
        settings,
    );
    assert_eq!(step(&report, Stage::Login).status, StepStatus::Ok);
}

#[test]
fn a_refused_token_is_acknowledged_and_its_reason_kept() {
    let settings = json!({"auth": {"method": "auto", "user": "u", "allow_cleartext": true, "oauth2": {"access_token": "secret-token"}}});
    let report = test(
        vec![
            S("220 x\r\n"),
            HELLO,
            S("250-x\r\n250 AUTH XOAUTH2\r\n"),
            C("AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHNlY3JldC10b2tlbgEB\r\n"),
            S("334 eyJzdGF0dXMiOiI0MDEifQ==\r\n"),
            C("\r\n"),
            S("535 no\r\n"),
        ],
        settings,
    );
    let login = step(&report, Stage::Login);
    assert_eq!((login.code.as_str(), login.detail.as_str()), ("auth.token_refused", r#"{"status":"401"}"#));
    assert_eq!((login.pointer.as_str(), login.advice[0].as_str()), ("/auth/oauth2/access_token", "advice.renew_token"));
}

#[test]
fn an_empty_first_response_is_written_as_an_equals_sign() {
    let settings = json!({"auth": {"method": "external", "allow_cleartext": true}});
    let report =
        test(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 AUTH EXTERNAL\r\n"), C("AUTH EXTERNAL =\r\n"), S("235 ok\r\n")], settings);
    assert_eq!(step(&report, Stage::Login).status, StepStatus::Ok);
}

#[test]
fn what_a_server_says_about_a_login_has_its_code() {
    let code = |reply: &'static str| {
        let script = vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 AUTH PLAIN\r\n"), C("AUTH PLAIN AGFubmEAaHVudGVyMg==\r\n"), S(reply)];
        let report = test(script, with_password("auto"));
        (report.status(), step(&report, Stage::Login).code.clone())
    };
    assert_eq!(code("454 4.7.0 later\r\n"), (Status::Later, "auth.later".to_owned()));
    assert_eq!(code("534 5.7.9 too weak\r\n"), (Status::Auth, "auth.mechanism_too_weak".to_owned()));
    assert_eq!(code("538 5.7.11 encrypt\r\n"), (Status::Auth, "auth.encryption_needed".to_owned()));
    assert_eq!(code("421 4.7.0 too many\r\n"), (Status::Later, "smtp.closing".to_owned()));
    assert_eq!(code("535 5.7.8 wrong\r\n"), (Status::Auth, "auth.refused".to_owned()));
}

#[test]
fn pop_before_smtp_logs_in_there_first_and_here_not_at_all() {
    let pop = play(vec![
        S("+OK pop\r\n"),
        C("USER anna\r\n"),
        S("+OK\r\n"),
        C("PASS hunter2\r\n"),
        S("+OK hunter2 was right\r\n"),
        C("QUIT\r\n"),
        S("+OK\r\n"),
    ]);
    let mut settings = with_password("pop-before-smtp");
    settings["smtp"] = json!({"pop3": {"host": format!("127.0.0.1:{}", pop.port), "mode": "none"}});
    let report = test(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 AUTH PLAIN\r\n"), C("QUIT\r\n"), S("221 bye\r\n")], settings);
    pop.end();
    assert!(report.is_ok(), "{report:?}");
    assert!(!report.transcript.join("\n").contains("hunter2"), "{:?}", report.transcript);
}

#[test]
fn a_refused_pop3_login_ends_the_test_before_smtp() {
    let pop = play(vec![S("+OK\r\n"), C("USER anna\r\n"), S("+OK\r\n"), C("PASS hunter2\r\n"), S("-ERR no\r\n"), Close]);
    let mut settings = with_password("pop-before-smtp");
    settings["smtp"] = json!({"pop3": {"host": "127.0.0.1", "port": pop.port, "mode": "none"}});
    let report = Account::with(1, settings).test();
    pop.end();
    assert_eq!(step(&report, Stage::Login).code, "auth.refused");
}

#[test]
fn pop3_sends_no_password_in_clear_text_without_consent() {
    let pop = play(vec![S("+OK\r\n"), C("CAPA\r\n"), S("+OK\r\nUSER\r\n.\r\n"), Act::Closed]);
    let settings = json!({
        "auth": {"method": "pop-before-smtp", "user": "anna", "password": "hunter2"},
        "smtp": {"pop3": {"host": "127.0.0.1", "port": pop.port, "mode": "auto"}}
    });
    let report = Account::with(1, settings).test();
    pop.end();
    assert_eq!(step(&report, Stage::Login).code, "auth.cleartext_forbidden");
}
