//! Servers that speak one version of TLS only.

use super::{anna, arrives, trusting};
use postkontor_core::Status;
use postkontor_tests::engine;
use postkontor_tests::exim::{Exim, Port};
use serde_json::{Value, json};

const PORTS: [(&str, Port, &str); 4] =
    [("1.0", Port::Tls10, "TLS1.0"), ("1.1", Port::Tls11, "TLS1.1"), ("1.2", Port::Tls12, "TLS1.2"), ("1.3", Port::Tls13, "TLS1.3")];

fn settings(exim: &Exim, port: Port, minimum: Option<&str>) -> Value {
    let mut tls = trusting(exim, "starttls");
    if let Some(minimum) = minimum {
        tls["minimum"] = json!(minimum);
    }
    engine::smtp(exim.port(port), tls, anna("plain"))
}

#[test]
fn each_version_is_reached_with_the_minimum_set_accordingly() {
    let Some(exim) = Exim::shared() else { return };
    for (minimum, port, name) in PORTS {
        let delivery = arrives(exim, &settings(exim, port, Some(minimum)), &format!("v{minimum}@version.example"));
        assert_eq!(delivery.session("tls"), name);
    }
}

#[test]
fn a_server_below_the_minimum_is_refused_with_the_setting_to_change() {
    let Some(exim) = Exim::shared() else { return };
    for (server, (_, port, _)) in PORTS.iter().enumerate() {
        for (minimum, _, _) in &PORTS[server + 1..] {
            let error = engine::send(&settings(exim, *port, Some(minimum)), &engine::mail("never@version.example")).unwrap_err();
            assert_eq!(error.status, Status::Tls, "{port:?} with {minimum}: {error:?}");
        }
    }
    assert!(exim.deliveries("never@version.example").is_empty());
}

#[test]
fn the_default_refuses_what_is_older_than_1_2() {
    let Some(exim) = Exim::shared() else { return };
    for (_, port, _) in &PORTS[..2] {
        assert_eq!(engine::send(&settings(exim, *port, None), &engine::mail("never@version.example")).unwrap_err().status, Status::Tls);
    }
    for (minimum, port, _) in &PORTS[2..] {
        arrives(exim, &settings(exim, *port, None), &format!("default{minimum}@version.example"));
    }
}

#[test]
fn the_report_names_version_and_cipher() {
    let Some(exim) = Exim::shared() else { return };
    let report = engine::test(&settings(exim, Port::Tls13, None), "en").unwrap();
    let tls = engine::step(&report, "tls");
    assert_eq!((tls["status"].as_str(), tls["facts"]["version"].as_str()), (Some("ok"), Some("1.3")), "{report:#}");
    assert!(tls["facts"]["cipher"].as_str().is_some_and(|cipher| cipher.contains("AES")), "{tls:#}");
}
