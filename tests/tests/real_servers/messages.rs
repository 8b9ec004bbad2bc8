//! Messages and ways that need something special of the server.

use super::{anna, arrives, trusting};
use postkontor_core::Status;
use postkontor_tests::engine::{self, PATIENCE};
use postkontor_tests::exim::{Exim, Port};
use postkontor_tests::guard::until;
use serde_json::{Value, json};

fn settings(exim: &Exim) -> Value {
    engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), anna("plain"))
}

#[test]
fn an_address_with_umlauts_goes_by_smtputf8() {
    let Some(exim) = Exim::shared() else { return };
    let delivery = arrives(exim, &settings(exim), "jürgen.müßig@utf8.example");
    assert_eq!(delivery.session("utf8"), "yes");
    assert!(delivery.text.contains("jürgen.müßig@utf8.example"));
}

#[test]
fn an_address_with_umlauts_is_refused_where_the_server_has_no_smtputf8() {
    let Some(exim) = Exim::shared() else { return };
    let settings = engine::smtp(exim.port(Port::Bare), json!({"mode": "none"}), json!({"method": "none"}));
    let error = engine::send(&settings, &engine::mail("jürgen@bare.example")).unwrap_err();
    assert!([Status::Unsupported, Status::Refused].contains(&error.status), "{error:?}");
    assert!(exim.deliveries("jürgen@bare.example").is_empty());
}

#[test]
fn an_address_without_umlauts_does_not_need_smtputf8() {
    let Some(exim) = Exim::shared() else { return };
    let settings = engine::smtp(exim.port(Port::Bare), json!({"mode": "none"}), json!({"method": "none"}));
    let delivery = arrives(exim, &settings, "plain@bare.example");
    assert_eq!(delivery.session("protocol"), "esmtp");
    assert!(delivery.text.contains("\n.anbei die Rechnung.\n"), "{}", delivery.text);
}

#[test]
fn a_delivery_notice_comes_back_to_the_sender_who_asked_and_to_no_other() {
    let Some(exim) = Exim::shared() else { return };
    let mut silent = engine::mail("first@dsn.example");
    silent["from"] = json!("silent@dsn.example");
    engine::send(&settings(exim), &silent).unwrap();
    let mut asking = engine::mail("second@dsn.example");
    asking["from"] = json!("asking@dsn.example");
    asking["receipt"] = json!({"delivery": ["success", "failure"]});
    engine::send(&settings(exim), &asking).unwrap();
    let notice = exim.delivery("asking@dsn.example").unwrap();
    assert_eq!(notice.from, "");
    assert!(notice.text.contains("multipart/report") && notice.text.to_lowercase().contains("action: delivered"), "{}", notice.text);
    assert!(exim.delivery("first@dsn.example").is_some());
    assert!(exim.deliveries("silent@dsn.example").is_empty());
}

#[test]
fn a_pop3_login_opens_the_door_for_smtp() {
    let Some(exim) = Exim::shared() else { return };
    let mut settings = engine::smtp(exim.port(Port::PopBefore), json!({"mode": "none"}), json!({"method": "none"}));
    exim.forget_pop_logins().unwrap();
    let refused = engine::send(&settings, &engine::mail("before@pop.example")).unwrap_err();
    assert_eq!(refused.status, Status::Refused, "{refused:?}");
    let mut auth = anna("pop-before-smtp");
    auth["allow_cleartext"] = json!(true);
    settings["accounts"]["main"]["auth"] = auth;
    settings["accounts"]["main"]["smtp"] = json!({"pop3": {"host": "127.0.0.1", "port": exim.dovecot().pop3, "mode": "none"}});
    let delivery = arrives(exim, &settings, "after@pop.example");
    assert_eq!(delivery.session("login"), "");
    let report = engine::test(&settings, "en").unwrap();
    assert_eq!(report["ok"], true, "{report:#}");
    assert!(!report.to_string().contains("Geheim-7"));
}

#[test]
fn a_pop3_login_over_tls_with_a_wrong_password_is_an_auth_error() {
    let Some(exim) = Exim::shared() else { return };
    let auth = json!({"method": "pop-before-smtp", "user": "anna", "password": "falsch"});
    let mut settings = engine::smtp(exim.port(Port::PopBefore), trusting(exim, "starttls"), auth);
    settings["accounts"]["main"]["smtp"] = json!({"pop3": {"host": "localhost", "port": exim.dovecot().pop3s, "mode": "implicit"}});
    let error = engine::send(&settings, &engine::mail("never@pop.example")).unwrap_err();
    assert_eq!(error.status, Status::Auth, "{error:?}");
}

#[test]
fn the_sendmail_command_takes_mail() {
    let Some(exim) = Exim::shared() else { return };
    let settings = json!({
        "accounts": {"main": {"transport": "sendmail", "sendmail": {"command": exim.sendmail()}}},
        "sender": {"address": "office@example.com"},
    });
    let mut mail = engine::mail("first@sendmail.example");
    mail["bcc"] = json!(["second@sendmail.example"]);
    let receipt = engine::send(&settings, &mail).unwrap_or_else(|error| panic!("{error:?}\n{}", exim.log()));
    assert_eq!(receipt["transport"], "sendmail");
    let delivery = exim.delivery("first@sendmail.example").unwrap();
    assert_eq!(delivery.from, "office@example.com");
    assert!(delivery.text.contains("\n.anbei die Rechnung.\n") && !delivery.text.contains("second@"), "{}", delivery.text);
    assert!(exim.delivery("second@sendmail.example").is_some());
    let report = engine::test(&settings, "en").unwrap();
    assert_eq!(report["ok"], true, "{report:#}");
}

#[test]
fn several_mails_go_over_one_connection() {
    let Some(exim) = Exim::shared() else { return };
    let mails: Vec<Value> = (0..20).map(|number| engine::mail(&format!("m{number}@many.example"))).collect();
    for port in [Port::Standard, Port::Bare] {
        let settings = match port {
            Port::Bare => engine::smtp(exim.port(port), json!({"mode": "none"}), json!({"method": "none"})),
            _ => settings(exim),
        };
        let mut account = engine::open(&settings).unwrap();
        let before = exim.deliveries("m19@many.example").len();
        let results = account.send_document(&json!(mails).to_string(), &[], &postkontor_core::Cancel::new(Some(PATIENCE))).unwrap();
        let results: Value = json!(results);
        assert_eq!(results["results"].as_array().map(Vec::len), Some(20));
        for number in 0..20 {
            let to = format!("m{number}@many.example");
            until(PATIENCE, || (exim.deliveries(&to).len() == before + 1).then_some(())).unwrap();
        }
    }
}
