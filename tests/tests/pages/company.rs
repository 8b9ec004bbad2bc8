//! Page A: the company's sender. Server type SMTP or IMAP, and what takes its place when sending by IMAP fails.

use crate::form::{Form, mail, patience, steps};
use crate::recorder::Recorder;
use postkontor_core::Status;
use postkontor_tests::dovecot::CRAMPED;
use postkontor_tests::ports::Closed;
use postkontor_tests::scripted::Scripted;
use serde_json::{Value, json};
use std::io::Read;

/// The one message in the user's outbox, as it lies there.
fn outbox(form: &Form) -> String {
    let folder = form.exim.dovecot().maildir(&form.user).join(".Postausgang");
    let mut files = ["new", "cur"].into_iter().flat_map(|state| std::fs::read_dir(folder.join(state)).unwrap());
    let text = std::fs::read_to_string(files.next().unwrap().unwrap().path()).unwrap();
    assert!(files.next().is_none());
    text
}

#[test]
fn server_type_smtp_sends_by_the_companys_smtp_connection() {
    let Some(form) = Form::a() else { return };
    let form = form.with(json!({"company": {"send": {"account": "company-smtp", "fallback": null}}}));
    let receipt = form.send(None, "type@smtp.example").unwrap();
    assert_eq!((&receipt["account"], &receipt["fallback"]), (&json!("company-smtp"), &json!(false)));
    let delivery = form.exim.delivery("type@smtp.example").unwrap();
    assert_eq!((delivery.session("user"), delivery.session("helo")), (form.user.as_str(), "erp.example.com"));
    assert_eq!(delivery.session("login"), "scram_sha_256");
    assert_ne!(delivery.session("tls"), "");
    assert_eq!(delivery.field("From"), "Anna Berg <office@example.com>");
}

#[test]
fn server_type_imap_puts_into_the_outbox_in_the_companys_name_and_charset() {
    let Some(form) = Form::a() else { return };
    let form = form.make_folders(&["Postausgang"]);
    let mut message = mail("type@imap.example");
    message["subject"] = json!("Račun št. 7 za žičnico");
    message["text"] = json!("Spoštovani, čeprav je zima …");
    let receipt = form.open(None).unwrap().send_document(&message.to_string(), &[], &patience()).unwrap();
    let receipt: Value = json!(receipt);
    assert_eq!((&receipt["account"], &receipt["transport"], &receipt["fallback"]), (&json!("company-imap"), &json!("imap"), &json!(false)));
    let text = outbox(&form);
    assert!(text.contains("From: Anna Berg <office@example.com>"), "{text}");
    let lower = text.to_lowercase();
    assert!(lower.contains("=?windows-1250?") && lower.contains("charset=windows-1250"), "{text}");
    // š and č of windows-1250, as quoted-printable writes them.
    assert!(text.contains("Spo=9Atovani, =E8eprav"), "{text}");
    assert!(form.exim.deliveries("type@imap.example").is_empty());
}

#[test]
fn test_server_tests_the_connection_of_the_server_type() {
    let Some(form) = Form::a() else { return };
    let form = form.make_folders(&["Postausgang"]);
    let button = |form: &Form| -> Value { json!(form.open(None).unwrap().test("{}", &patience()).unwrap()) };
    let report = button(&form);
    assert_eq!((&report["ok"], &report["transport"]), (&json!(true), &json!("imap")), "{report:#}");
    assert_eq!(steps(&report, "mailbox").len(), 2);
    let report = button(&form.with(json!({"company": {"send": {"account": "company-smtp", "fallback": null}}})));
    assert_eq!((&report["ok"], &report["transport"]), (&json!(true), &json!("smtp")), "{report:#}");
}

#[test]
fn fallback_when_sending_by_imap_fails_for_whatever_reason() {
    let silent = Scripted::start(|mut stream| stream.read(&mut [0]).map(drop)).unwrap();
    let without_tls = Recorder::start("imap");
    let closed = Closed::new().unwrap();
    let reasons = [
        ("folder", json!({}), "imap.folder_missing"),
        ("outbox", json!({"imap": {"outbox": null}}), "imap.outbox_missing"),
        ("login", json!({"auth": {"password": "falsch"}}), "auth.refused"),
        ("certificate-login", json!({"auth": {"method": "external"}}), "auth.refused"),
        ("closed", json!({"server": {"port": closed.port}}), "net.refused"),
        ("name", json!({"server": {"host": "imap.invalid"}}), "net.name_not_found"),
        ("certificate", json!({"tls": {"ca_file": null}}), "tls.certificate_unknown_authority"),
        ("authority", json!({"tls": {"ca_file": "/no/such/file.pem"}}), "tls.ca_file_unreadable"),
        ("starttls", json!({"server": {"port": without_tls.port}}), "tls.not_offered"),
        ("silent", json!({"server": {"port": silent.port, "timeout_seconds": 1}}), "net.idle_timeout"),
    ];
    for (name, patch, code) in reasons {
        let Some(form) = Form::a() else { return };
        let form = if name == "folder" { form } else { form.make_folders(&["Postausgang"]) }.with_company("company-imap", patch);
        let to = format!("{name}@fallback.example");
        let receipt = form.send(None, &to).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let said = (&receipt["account"], &receipt["transport"], &receipt["fallback"]);
        assert_eq!(said, (&json!("company-smtp"), &json!("smtp"), &json!(true)), "{receipt:#}");
        let reason = &receipt["reason"];
        assert_eq!(
            (&reason["code"], &reason["transport"], &reason["delivery"]),
            (&json!(code), &json!("imap"), &json!("none")),
            "{receipt:#}"
        );
        assert!(!reason["message"].as_str().unwrap().is_empty());
        // By the configured connection with its own settings.
        let delivery = form.exim.delivery(&to).unwrap();
        assert_eq!((delivery.session("user"), delivery.session("helo")), (form.user.as_str(), "erp.example.com"), "{name}");
        assert_eq!((form.exim.deliveries(&to).len(), form.lies("Postausgang").len()), (1, 0), "{name}");
    }
}

#[test]
fn fallback_when_the_mailbox_is_full() {
    let Some(form) = Form::a_of(CRAMPED) else { return };
    let form = form.make_folders(&["Postausgang"]);
    let mut message = mail("quota@fallback.example");
    message["text"] = json!("Zeile\n".repeat(20_000));
    let receipt = form.open(None).unwrap().send_document(&message.to_string(), &[], &patience()).unwrap();
    let receipt: Value = json!(receipt);
    assert_eq!((&receipt["fallback"], &receipt["reason"]["code"]), (&json!(true), &json!("imap.append_refused")), "{receipt:#}");
    assert!(receipt["reason"]["server"]["text"].as_str().unwrap().contains("OVERQUOTA"), "{receipt:#}");
    assert!(form.exim.delivery("quota@fallback.example").is_some());
    assert_eq!((form.exim.deliveries("quota@fallback.example").len(), form.lies("Postausgang").len()), (1, 0));
}

#[test]
fn fallback_may_be_the_smtp_account_of_the_page() {
    let Some(form) = Form::a() else { return };
    let form = form.with(json!({"company": {"send": {"fallback": ["smtp"]}}}));
    let receipt = form.send(None, "users@fallback.example").unwrap();
    assert_eq!((&receipt["account"], &receipt["fallback"]), (&json!("smtp"), &json!(true)), "{receipt:#}");
    assert_eq!(form.exim.delivery("users@fallback.example").unwrap().session("helo"), "kasse7.example.com");
}

#[test]
fn without_a_configured_fallback_nothing_is_guessed() {
    let Some(form) = Form::a() else { return };
    let form = form.with(json!({"company": {"send": {"fallback": null}}}));
    let error = form.send(None, "none@fallback.example").unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::NotFound, "imap.folder_missing"));
    assert!(form.exim.deliveries("none@fallback.example").is_empty());
}

#[test]
fn when_the_fallback_fails_too_the_error_tells_both_reasons() {
    let Some(form) = Form::a() else { return };
    let form = form.with_company("company-smtp", json!({"auth": {"password": "falsch"}}));
    let error = serde_json::to_value(form.send(None, "both@fallback.example").unwrap_err()).unwrap();
    assert_eq!((&error["code"], &error["account"], &error["delivery"]), (&json!("auth.refused"), &json!("company-smtp"), &json!("none")));
    assert_eq!((&error["fallback"], &error["reason"]["code"]), (&json!(true), &json!("imap.folder_missing")), "{error:#}");
    assert!(form.exim.deliveries("both@fallback.example").is_empty());
}
