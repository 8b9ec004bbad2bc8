//! Each fault of a certificate has its own code, in three languages, with a way out.

use super::{anna, arrives, trusting};
use postkontor_core::Status;
use postkontor_tests::certificates::{Certificates, Kind};
use postkontor_tests::engine;
use postkontor_tests::exim::{Exim, Port};
use postkontor_tests::merge_patch;
use serde_json::{Value, json};
use std::collections::HashSet;

const FAULTS: [(Port, &str); 5] = [
    (Port::Expired, "tls.certificate_expired"),
    (Port::NotYetValid, "tls.certificate_not_yet_valid"),
    (Port::WrongHost, "tls.certificate_wrong_host"),
    (Port::SelfSigned, "tls.certificate_self_signed"),
    (Port::UnknownAuthority, "tls.certificate_unknown_authority"),
];

fn settings(exim: &Exim, port: Port) -> Value {
    engine::smtp(exim.port(port), trusting(exim, "starttls"), anna("plain"))
}

#[test]
fn each_fault_has_its_own_code_in_three_languages_with_a_patch_or_advice() {
    let Some(exim) = Exim::shared() else { return };
    for (port, code) in FAULTS {
        let mut messages = HashSet::new();
        for language in ["de", "en", "sl"] {
            let report = engine::test(&settings(exim, port), language).unwrap();
            let tls = engine::step(&report, "tls");
            assert_eq!((tls["status"].as_str(), tls["code"].as_str()), (Some("fail"), Some(code)), "{port:?}: {report:#}");
            assert_eq!((report["ok"].as_bool(), tls["status_number"].as_i64()), (Some(false), Some(6)));
            let advice = tls["advice"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let advice: Vec<&str> = advice.filter(|sentence| !sentence.starts_with("advice.")).collect();
            assert!(tls["patch"].is_object() || !advice.is_empty(), "{port:?}: neither patch nor advice: {tls:#}");
            let message = tls["message"].as_str().unwrap_or_default().to_owned();
            assert!(!message.is_empty() && message != code && !message.contains('{'), "{port:?} in {language}: {message:?}");
            messages.insert(message);
        }
        assert_eq!(messages.len(), 3, "{port:?}: {messages:?}");
    }
}

#[test]
fn each_fault_is_an_error_when_sending_and_nothing_is_sent() {
    let Some(exim) = Exim::shared() else { return };
    for (port, code) in FAULTS {
        let error = engine::send(&settings(exim, port), &engine::mail("never@fault.example")).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, code));
        assert!(!error.message.is_empty() && error.message != code, "{error:?}");
    }
    assert!(exim.deliveries("never@fault.example").is_empty());
}

#[test]
fn without_verification_the_fault_is_a_warning_and_the_mail_goes_out() {
    let Some(exim) = Exim::shared() else { return };
    for (port, code) in FAULTS {
        let mut settings = settings(exim, port);
        settings["accounts"]["main"]["tls"]["verify"] = json!(false);
        let report = engine::test(&settings, "en").unwrap();
        let tls = engine::step(&report, "tls");
        assert_eq!((tls["status"].as_str(), report["ok"].as_bool()), (Some("warn"), Some(true)), "{port:?} {code}: {report:#}");
        arrives(exim, &settings, &format!("{}@unverified.example", code.replace("tls.certificate_", "")));
    }
}

#[test]
fn a_pin_accepts_the_one_certificate_and_no_other() {
    let Some(exim) = Exim::shared() else { return };
    let pin = |kind| Certificates::shared().unwrap().server(kind).pin().unwrap();
    let mut settings = settings(exim, Port::SelfSigned);
    // Verification would still ask who vouches for it; the pin replaces that question.
    settings["accounts"]["main"]["tls"]["verify"] = json!(false);
    settings["accounts"]["main"]["tls"]["pin"] = json!(pin(Kind::SelfSigned));
    arrives(exim, &settings, "right@pin.example");
    settings["accounts"]["main"]["tls"]["pin"] = json!(pin(Kind::Good));
    assert_eq!(engine::send(&settings, &engine::mail("wrong@pin.example")).unwrap_err().status, Status::Tls);
    assert!(exim.deliveries("wrong@pin.example").is_empty());
}

#[test]
fn the_facts_show_the_chain_and_the_names() {
    let Some(exim) = Exim::shared() else { return };
    let report = engine::test(&settings(exim, Port::WrongHost), "en").unwrap();
    let facts = &engine::step(&report, "tls")["facts"];
    assert_eq!(facts["names"], json!(["mail.example.com"]), "{facts:#}");
    let pin = Certificates::shared().unwrap().server(Kind::WrongHost).pin().unwrap();
    assert_eq!(facts["sha256"], json!(pin), "{facts:#}");
    assert!(facts["issuer"].as_str().is_some_and(|issuer| issuer.contains("Postkontor test authority")), "{facts:#}");
    assert!(facts["not_after"].as_str().is_some_and(|date| date.starts_with("20")), "{facts:#}");
}

#[test]
fn a_patch_that_is_offered_repairs() {
    let Some(exim) = Exim::shared() else { return };
    for (port, code) in FAULTS {
        let settings = settings(exim, port);
        let report = engine::test(&settings, "en").unwrap();
        let patch = &engine::step(&report, "tls")["patch"];
        if port == Port::WrongHost {
            // Nothing connects `localhost` with mail.example.com: a man in the middle could have a good certificate for that name.
            assert_eq!(*patch, Value::Null);
            let advice = engine::step(&report, "tls")["advice"].to_string();
            assert!(advice.contains("Do not enter one of them"), "{advice}");
        } else if patch.is_object() {
            let mut patched = settings;
            merge_patch::apply(&mut patched, patch.clone());
            let report = engine::test(&patched, "en").unwrap();
            assert_eq!(report["ok"], json!(true), "{code} {patch}: {report:#}");
        }
    }
}
