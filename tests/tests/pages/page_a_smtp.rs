//! Page A: the user's SMTP account.

use crate::form::Form;
use postkontor_core::Status;
use postkontor_tests::exim::{Delivery, Exim, Port};
use postkontor_tests::scripted::Scripted;
use serde_json::{Value, json};
use std::io::Read;

fn arrives(form: &Form, to: &str) -> Delivery {
    form.send(Some("smtp"), to).unwrap_or_else(|error| panic!("{to}: {error:?}\n{}", form.exim.log()));
    form.exim.delivery(to).unwrap_or_else(|| panic!("{to}: not delivered\n{}", form.exim.log()))
}

fn at(exim: &Exim, port: Port, mode: &str) -> Value {
    json!({"server": {"port": exim.port(port)}, "tls": {"mode": mode}})
}

#[test]
fn the_four_values_of_use_tls_do_what_they_say() {
    let Some(mut form) = Form::a() else { return };
    let exim = form.exim;
    for (port, mode) in [(Port::Standard, "required"), (Port::Standard, "auto"), (Port::Implicit, "implicit")] {
        form = form.with_account("smtp", at(exim, port, mode));
        assert_ne!(arrives(&form, &format!("{mode}@tls.example")).session("tls"), "", "{mode}");
    }
    form = form.with_account("smtp", at(exim, Port::Clear, "required"));
    let error = form.send(Some("smtp"), "never@tls.example").unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.not_offered"));
    form = form.with_account("smtp", json!({"server": {"port": exim.port(Port::Standard)}, "tls": {"mode": "none", "minimum": null}}));
    let error = form.send(Some("smtp"), "never@tls.example").unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.cleartext_forbidden"));
    form = form.with_account("smtp", json!({"auth": {"allow_cleartext": true}}));
    assert_eq!(arrives(&form, "none@tls.example").session("tls"), "");
    assert!(exim.deliveries("never@tls.example").is_empty());
}

#[test]
fn auto_without_starttls_sends_in_clear_text_but_gives_no_password() {
    let Some(mut form) = Form::a() else { return };
    form = form.with_account("smtp", json!({"server": {"port": form.exim.port(Port::Clear)}}));
    let error = form.send(Some("smtp"), "never@auto.example").unwrap_err();
    assert_eq!(error.status, Status::Auth, "{error:?}");
    form = form.with_account("smtp", json!({"auth": {"method": "none", "account": null}}));
    assert_eq!(arrives(&form, "clear@auto.example").session("tls"), "");
    assert!(form.exim.deliveries("never@auto.example").is_empty());
}

#[test]
fn use_sasl_no_is_no_login_at_all() {
    let Some(form) = Form::a() else { return };
    assert_eq!(arrives(&form, "sasl@a.example").session("login"), "scram_sha_256");
    let form = form.with_account("smtp", json!({"auth": {"method": "none", "account": null}}));
    assert_eq!(arrives(&form, "nosasl@a.example").session("login"), "");
}

#[test]
fn force_tls_1_2_refuses_old_servers_and_without_it_they_are_reached() {
    let Some(mut form) = Form::a() else { return };
    for (port, version) in [(Port::Tls10, "1.0"), (Port::Tls11, "1.1")] {
        form = form.with_account("smtp", json!({"server": {"port": form.exim.port(port)}, "tls": {"minimum": "1.2"}}));
        let error = form.send(Some("smtp"), "never@old.example").unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.version_too_old"), "{version}");
        form = form.with_account("smtp", json!({"tls": {"minimum": "1.0"}}));
        assert_eq!(arrives(&form, &format!("tls{version}@old.example")).session("tls"), format!("TLS{version}"));
    }
    assert!(form.exim.deliveries("never@old.example").is_empty());
}

#[test]
fn ehlo_is_the_name_of_the_settings() {
    let Some(form) = Form::a() else { return };
    assert_eq!(arrives(&form, "ehlo@a.example").session("helo"), "kasse7.example.com");
    let form = form.with_account("smtp", json!({"smtp": {"ehlo": null}}));
    assert_ne!(arrives(&form, "noehlo@a.example").session("helo"), "kasse7.example.com");
}

#[test]
fn use_pop3_account_takes_name_and_password_from_there() {
    let Some(form) = Form::a() else { return };
    assert_eq!(arrives(&form, "pop3@a.example").session("user"), form.user);
    let own = json!({"auth": {"method": "auto", "user": "anna", "password": {"secret": "anna"}, "account": null}});
    assert_eq!(arrives(&form.with_account("smtp", own), "own@a.example").session("user"), "anna");
}

#[test]
fn timeout_ends_a_test_with_a_silent_server() {
    let Some(form) = Form::a() else { return };
    let silent = Scripted::start(|mut stream| stream.read(&mut [0]).map(drop)).unwrap();
    let step = form.with_account("smtp", json!({"server": {"port": silent.port, "timeout_seconds": 1}})).failed("smtp");
    assert_eq!((&step["step"], &step["status_number"]), (&json!("greeting"), &json!(8)), "{step:#}");
}

#[test]
fn test_smtp_logs_in_and_sends_nothing() {
    let Some(form) = Form::a() else { return };
    assert_eq!(form.good("smtp", "login")["facts"]["user"], json!(form.user));
    assert_eq!(form.with_account("pop3", json!({"auth": {"user": "niemand"}})).failed("smtp")["code"], "auth.refused");
}
