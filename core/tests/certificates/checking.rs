//! What a check says of files.

use super::issued::issued;
use super::people::PASSWORD;
use super::{Program, checked, document, host, problems, signing};
use serde_json::{Value, json};

const CERTIFICATE: &str = "/sender/smime/sign/certificate";
const PASSWORD_FIELD: &str = "/sender/smime/sign/password";

fn of_signer(file: &str, password: Value) -> Value {
    checked(&document(signing(issued(), file, "anna@example.com", password), json!({})))
}

#[test]
fn each_defect_of_a_signer_has_its_code_at_its_field() {
    for (file, password, pointer, code, severity) in [
        ("none.p12", PASSWORD, CERTIFICATE, "smime.file_missing", "error"),
        ("", PASSWORD, CERTIFICATE, "smime.no_file", "error"),
        ("large.p12", PASSWORD, CERTIFICATE, "smime.file_too_large", "error"),
        ("words.p12", PASSWORD, CERTIFICATE, "smime.file_damaged", "error"),
        ("damaged.p12", PASSWORD, CERTIFICATE, "smime.file_damaged", "error"),
        ("good.p12", "wrong", PASSWORD_FIELD, "smime.password_wrong", "error"),
        ("good.p12", "", PASSWORD_FIELD, "smime.password_missing", "error"),
        ("keyless.pem", "", CERTIFICATE, "smime.no_key", "error"),
        ("lonely.pem", "", CERTIFICATE, "smime.no_certificate", "error"),
        ("foreign.pem", "", CERTIFICATE, "smime.key_does_not_fit", "error"),
        ("expired.p12", PASSWORD, CERTIFICATE, "smime.certificate_expired", "error"),
        ("future.p12", PASSWORD, CERTIFICATE, "smime.certificate_not_yet_valid", "error"),
        ("server.p12", PASSWORD, CERTIFICATE, "smime.certificate_not_for_signing", "error"),
        ("berta.p12", PASSWORD, CERTIFICATE, "smime.certificate_other_address", "error"),
        ("nameless.p12", PASSWORD, CERTIFICATE, "smime.certificate_without_address", "error"),
        ("ending.p12", PASSWORD, CERTIFICATE, "smime.certificate_expires", "warning"),
        ("weak.p12", PASSWORD, CERTIFICATE, "smime.certificate_weak", "warning"),
        ("old.p12", PASSWORD, CERTIFICATE, "smime.certificate_weak_digest", "warning"),
    ] {
        let answer = of_signer(file, json!(password));
        assert_eq!(problems(&answer), [(pointer, code)], "{file}: {answer:#}");
        let problem = &answer["problems"][0];
        assert_eq!(problem["severity"], severity, "{file}");
        let message = problem["message"].as_str().unwrap();
        assert!(!message.contains('{') && message.ends_with('.'), "{file}: {message}");
        assert!(!answer.to_string().contains(PASSWORD) && !answer.to_string().contains("\"wrong\""), "{file}");
    }
}

#[test]
fn a_good_certificate_is_shown_with_fingerprint_and_dates() {
    let folder = issued();
    let printed = |file: &str| {
        let text = String::from_utf8(folder.openssl(&["x509", "-in", file, "-noout", "-fingerprint", "-sha256"])).unwrap();
        text.trim().split('=').nth(1).unwrap().to_owned()
    };
    for (file, password, key) in [
        ("good.p12", PASSWORD, "RSA 2048"),
        ("both.pem", "", "RSA 2048"),
        ("both.pem", "any", "RSA 2048"),
        ("curve.p12", PASSWORD, "P-256"),
    ] {
        let answer = of_signer(file, json!(password));
        assert_eq!(problems(&answer), [], "{file}");
        let shown = &answer["certificates"][CERTIFICATE];
        let pem = if file == "curve.p12" { "curve.pem" } else { "good.pem" };
        assert_eq!(shown["fingerprint"], printed(pem), "{file}");
        assert_eq!((&shown["key"], &shown["addresses"]), (&json!(key), &json!(["anna@example.com"])), "{file}");
        assert_eq!((&shown["not_before"], &shown["not_after"]), (&json!("2020-01-01T00:00:00Z"), &json!("2095-12-31T23:59:59Z")));
        assert_eq!((&shown["signs"], &shown["encrypts"]), (&json!(true), &json!(true)), "{file}");
        assert!(shown["subject"].as_str().unwrap().contains("Anna Muster") && shown["issuer"].as_str().unwrap().contains("Prüfstelle"));
    }
    // One that is not fit is shown all the same.
    assert_eq!(of_signer("expired.p12", json!(PASSWORD))["certificates"][CERTIFICATE]["not_after"], "2021-01-01T00:00:00Z");
}

#[test]
fn a_password_that_is_a_reference_is_not_asked_for() {
    let program = Program::default();
    let reference = json!({"secret": "certificate"});
    let given = document(signing(issued(), "good.p12", "anna@example.com", reference.clone()), json!({}));
    let answer = json!(host(&program).check(&given.to_string()));
    assert_eq!((problems(&answer), &answer["certificates"], program.asked()), (vec![], &json!({}), 0));
    // Where a host has seen the file with its password, it still knows its certificate.
    let host = host(&program);
    host.check(&document(signing(issued(), "good.p12", "anna@example.com", json!(PASSWORD)), json!({})).to_string());
    assert!(json!(host.check(&given.to_string()))["certificates"][CERTIFICATE].is_object() && program.asked() == 0);
    // PEM shows its certificate, and that a file is missing needs no password.
    assert!(of_signer("both.pem", reference.clone())["certificates"][CERTIFICATE].is_object());
    assert_eq!(problems(&of_signer("none.p12", reference)), [(CERTIFICATE, "smime.file_missing")]);
}

#[test]
fn an_account_is_told_of_its_own_certificate_and_of_its_own_address() {
    let folder = issued();
    let mut given = document(signing(folder, "good.p12", "anna@example.com", json!(PASSWORD)), json!({}));
    let mut with = |sender: Value| {
        given["accounts"]["main"]["sender"] = sender;
        let answer = checked(&given);
        problems(&answer).into_iter().map(|(pointer, code)| format!("{pointer} {code}")).collect::<Vec<_>>()
    };
    assert!(with(json!({"name": "Anna"})).is_empty());
    let own = |file: &str| json!({"smime": {"sign": {"certificate": folder.path(file), "password": PASSWORD}}});
    assert_eq!(with(own("berta.p12")), ["/accounts/main/sender/smime/sign/certificate smime.certificate_other_address"]);
    assert_eq!(with(json!({"address": "berta@example.com"})), ["/accounts/main/sender/address smime.certificate_other_address"]);
    let mut both = own("berta.p12");
    both["address"] = json!("berta@example.com");
    assert!(with(both).is_empty());
}

#[test]
fn files_of_recipients_chains_keys_and_authorities_are_looked_at() {
    let folder = issued();
    let path = |name: &str| json!(folder.path(name));
    let sender = json!({"smime": {
        "sign": {"certificate": path("both.pem"), "chain": path("words.p12")},
        "encrypt": {"when": "always", "certificates": [path("berta.pem"), path("."), path("none"), path("both.p7b"), path("words.p12")]},
    }});
    let keys = json!([
        {"certificate": path("expired.p12"), "password": PASSWORD}, {"certificate": path("signer.p12"), "password": PASSWORD},
        {"certificate": path("good.p12"), "password": "wrong"}, {"certificate": path("none.p12")},
    ]);
    let receive = json!({"smime": {"keys": keys, "ca_file": path("words.p12"), "collect": path("good.pem")}});
    let answer = checked(&document(sender, receive));
    let expected = [
        ("/sender/smime/sign/chain", "smime.file_damaged"),
        ("/sender/smime/encrypt/certificates/2", "smime.file_missing"),
        ("/sender/smime/encrypt/certificates/4", "smime.file_damaged"),
        ("/receive/smime/keys/1/certificate", "smime.certificate_not_for_encrypting"),
        ("/receive/smime/keys/2/password", "smime.password_wrong"),
        ("/receive/smime/keys/3/certificate", "smime.file_missing"),
        ("/receive/smime/ca_file", "smime.file_damaged"),
        ("/receive/smime/collect", "smime.no_folder"),
    ];
    assert_eq!(problems(&answer), expected, "{answer:#}");
    let shown: Vec<&str> = answer["certificates"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "/receive/smime/keys/0/certificate",
        "/receive/smime/keys/1/certificate",
        "/sender/smime/encrypt/certificates/0",
        "/sender/smime/encrypt/certificates/3",
        "/sender/smime/sign/certificate",
    ];
    assert_eq!(shown, expected);
    let none = checked(&document(json!({"smime": {"encrypt": {"when": "always"}}}), json!({})));
    assert_eq!(problems(&none), [("/sender/smime/encrypt/certificates", "smime.no_certificates")]);
    assert_eq!(none["ok"], true);
}

#[test]
fn in_layers_the_pointers_lead_into_the_layer_and_those_of_certificates_into_the_settings() {
    let given = document(signing(issued(), "expired.p12", "anna@example.com", json!(PASSWORD)), json!({}));
    let answer = checked(&json!({"company": {"sender": given["sender"]}, "user": {"accounts": given["accounts"]}}));
    assert_eq!(problems(&answer), [("/company/sender/smime/sign/certificate", "smime.certificate_expired")]);
    assert!(answer["certificates"][CERTIFICATE].is_object());
    // Nothing is looked at while mail is switched off.
    assert_eq!(problems(&checked(&json!({"enabled": false, "sender": given["sender"]}))), []);
}

#[test]
fn a_file_that_changed_is_looked_at_again() {
    let folder = super::people::Folder::new();
    let (program, own) = (Program::default(), issued());
    let host = host(&program);
    folder.write("anna.p12", own.read("expired.p12"));
    let given = document(signing(&folder, "anna.p12", "anna@example.com", json!(PASSWORD)), json!({})).to_string();
    assert_eq!(problems(&json!(host.check(&given))), [(CERTIFICATE, "smime.certificate_expired")]);
    assert_eq!(host.check(&given), host.check(&given));
    super::rewrite(&folder, "anna.p12", &own.read("good.p12"));
    assert_eq!(problems(&json!(host.check(&given))), []);
}

#[test]
fn what_is_wrong_with_a_file_is_no_reason_to_refuse_the_account() {
    let given = document(signing(issued(), "none.p12", "anna@example.com", json!(PASSWORD)), json!({}));
    assert!(postkontor_core::Account::open(&host(&Program::default()), &given.to_string(), None).is_ok());
}
