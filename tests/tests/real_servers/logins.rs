//! Each SASL mechanism over STARTTLS, over implicit TLS, and with consent in clear text.

use super::{anna, arrives, trusting};
use postkontor_core::Status;
use postkontor_tests::certificates::PASSWORD;
use postkontor_tests::dovecot::{TOKEN, USERS};
use postkontor_tests::engine;
use postkontor_tests::exim::{Exim, Port};
use serde_json::{Value, json};

const METHODS: [&str; 9] = ["plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "xoauth2", "oauthbearer", "ntlm"];

fn auth(method: &str) -> Value {
    match method {
        "xoauth2" | "oauthbearer" => json!({"method": method, "user": "anna", "oauth2": {"access_token": TOKEN}}),
        _ => anna(method),
    }
}

/// Exim's name for the mechanism of a method.
fn login(method: &str) -> String {
    method.replace('-', "_")
}

#[test]
fn every_mechanism_logs_in_over_starttls() {
    let Some(exim) = Exim::shared() else { return };
    for method in METHODS {
        let delivery = arrives(
            exim,
            &engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), auth(method)),
            &format!("{method}@starttls.example"),
        );
        assert_eq!((delivery.session("login"), delivery.session("user")), (login(method).as_str(), "anna"));
        assert_eq!(delivery.session("protocol"), "esmtpsa");
    }
}

#[test]
fn every_mechanism_logs_in_over_implicit_tls() {
    let Some(exim) = Exim::shared() else { return };
    for method in METHODS {
        let delivery = arrives(
            exim,
            &engine::smtp(exim.port(Port::Implicit), trusting(exim, "implicit"), auth(method)),
            &format!("{method}@implicit.example"),
        );
        assert_eq!((delivery.session("login"), delivery.session("user")), (login(method).as_str(), "anna"));
        assert_eq!(delivery.session("protocol"), "esmtpsa");
    }
}

#[test]
fn every_mechanism_logs_in_in_clear_text_with_consent() {
    let Some(exim) = Exim::shared() else { return };
    for method in METHODS {
        let mut auth = auth(method);
        auth["allow_cleartext"] = json!(true);
        let delivery =
            arrives(exim, &engine::smtp(exim.port(Port::Clear), json!({"mode": "none"}), auth), &format!("{method}@clear.example"));
        assert_eq!((delivery.session("login"), delivery.session("protocol")), (login(method).as_str(), "esmtpa"));
    }
}

#[test]
fn without_consent_no_password_goes_in_clear_text() {
    let Some(exim) = Exim::shared() else { return };
    for method in ["plain", "login", "xoauth2", "oauthbearer"] {
        let settings = engine::smtp(exim.port(Port::Clear), json!({"mode": "none"}), auth(method));
        let error = engine::send(&settings, &engine::mail("never@clear.example")).unwrap_err();
        assert!([Status::Auth, Status::Settings].contains(&error.status), "{method}: {error:?}");
    }
    assert!(exim.deliveries("never@clear.example").is_empty());
}

#[test]
fn ntlm_is_bound_to_the_certificate_and_to_the_service() {
    let Some(exim) = Exim::shared() else { return };
    let auth = json!({"method": "ntlm", "user": "anna@smtp.example", "password": USERS[0].1});
    for (port, mode) in [(Port::Standard, "starttls"), (Port::Implicit, "implicit")] {
        let report = engine::test(&engine::smtp(exim.port(port), trusting(exim, mode), auth.clone()), "en").unwrap();
        assert_eq!(engine::step(&report, "login")["facts"]["mechanism"], "NTLM", "{report:#}");
        let login = exim.dovecot().ntlm_logins("anna@smtp.example").pop().unwrap();
        assert_eq!((&login["target"], &login["binding"]), (&json!("SMTPSVC/localhost"), &json!("certificate")));
    }
}

#[test]
fn auto_takes_the_strongest_mechanism_that_both_sides_know() {
    let Some(exim) = Exim::shared() else { return };
    let delivery =
        arrives(exim, &engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), anna("auto")), "auto@starttls.example");
    assert_eq!(delivery.session("login"), "scram_sha_256");
}

#[test]
fn names_and_passwords_with_umlauts_log_in() {
    let Some(exim) = Exim::shared() else { return };
    let (user, password) = USERS[1];
    for method in ["plain", "login", "scram-sha-256"] {
        let auth = json!({"method": method, "user": user, "password": password});
        let settings = engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), auth);
        // Exim prints what is not ASCII as octal numbers.
        assert_eq!(arrives(exim, &settings, &format!("{method}@umlaut.example")).session("user"), r"j\303\274rgen");
    }
}

#[test]
fn a_wrong_password_or_token_is_an_auth_error_and_never_in_the_report() {
    let Some(exim) = Exim::shared() else { return };
    for method in METHODS {
        let mut auth = auth(method);
        let secret = "Falsch-8-und-geheim";
        if auth.get("oauth2").is_some() {
            auth["oauth2"]["access_token"] = json!(secret);
        } else {
            auth["password"] = json!(secret);
        }
        let settings = engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), auth);
        let error = engine::send(&settings, &engine::mail("never@wrong.example")).unwrap_err();
        assert_eq!(error.status, Status::Auth, "{method}: {error:?}");
        assert!(!serde_json::to_string(&error).unwrap().contains(secret));
        let report = engine::test(&settings, "en").unwrap();
        assert_eq!(engine::step(&report, "login")["status"], "fail", "{method}: {report:#}");
        assert_eq!(engine::step(&report, "login")["status_number"], 5);
        assert!(!report.to_string().contains(secret), "{report:#}");
    }
    assert!(exim.deliveries("never@wrong.example").is_empty());
}

#[test]
fn a_client_certificate_logs_in_by_external_from_every_kind_of_file() {
    let Some(exim) = Exim::shared() else { return };
    let files = exim.files();
    let mut kinds = vec![("pem", files.client_pem(), ""), ("p12", files.client_pkcs12(), PASSWORD)];
    if files.client_legacy_pkcs12().exists() {
        kinds.push(("legacy", files.client_legacy_pkcs12(), PASSWORD));
    }
    for (kind, file, password) in kinds {
        let mut tls = trusting(exim, "starttls");
        tls["client_certificate"] = json!({"file": file, "password": password});
        let settings = engine::smtp(exim.port(Port::ClientCertificate), tls, json!({"method": "external", "user": "anna@localhost"}));
        let delivery = arrives(exim, &settings, &format!("{kind}@external.example"));
        assert_eq!((delivery.session("login"), delivery.session("certificate")), ("external", "1"));
    }
}

#[test]
fn a_missing_client_certificate_is_a_tls_error() {
    let Some(exim) = Exim::shared() else { return };
    let settings = engine::smtp(exim.port(Port::ClientCertificate), trusting(exim, "starttls"), json!({"method": "none"}));
    let error = engine::send(&settings, &engine::mail("never@external.example")).unwrap_err();
    assert_eq!(error.status, Status::Tls, "{error:?}");
}
