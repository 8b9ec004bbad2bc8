//! The rows of settings page C that are about sending (the page of a telephone system), and a fallback from SMTP to SMTP.
//! Pages A, B and D have tests of their own (`pages`).

use super::{anna, arrives, trusting};
use postkontor_core::Cancel;
use postkontor_tests::engine::{self, PATIENCE};
use postkontor_tests::exim::{Exim, Port};
use postkontor_tests::ports::Closed;
use serde_json::{Value, json};

fn no_login() -> Value {
    json!({"method": "none"})
}

fn main_account(settings: &mut Value) -> &mut Value {
    &mut settings["accounts"]["main"]
}

#[test]
fn when_the_first_account_fails_the_configured_fallback_sends_once_and_the_receipt_says_so() {
    let Some(exim) = Exim::shared() else { return };
    let closed = Closed::new().unwrap();
    let mut settings = engine::smtp(closed.port, json!({"mode": "none"}), no_login());
    let second = engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), anna("plain"));
    settings["accounts"]["second"] = second["accounts"]["main"].clone();
    settings["send"] = json!({"account": "main", "fallback": ["second"]});
    let receipt = engine::send(&settings, &engine::mail("fallback@a.example")).unwrap();
    assert_eq!((receipt["fallback"].as_bool(), receipt["account"].as_str()), (Some(true), Some("second")), "{receipt:#}");
    assert_eq!(receipt["reason"]["status"], 7, "{receipt:#}");
    assert!(exim.delivery("fallback@a.example").is_some());
    // A refusal for good by the recipient's server is not healed elsewhere: nothing must arrive twice.
    settings["send"] = json!({"account": "second", "fallback": ["main"]});
    let receipt = engine::send(&settings, &engine::mail("first@a.example")).unwrap();
    assert_eq!(receipt["fallback"], json!(false), "{receipt:#}");
    assert!(exim.delivery("first@a.example").is_some());
    assert_eq!((exim.deliveries("fallback@a.example").len(), exim.deliveries("first@a.example").len()), (1, 1));
}

#[test]
fn c_the_host_may_carry_its_port() {
    let Some(exim) = Exim::shared() else { return };
    let mut settings = engine::smtp(1, trusting(exim, "starttls"), no_login());
    main_account(&mut settings)["server"] = json!({"host": format!("127.0.0.1:{}", exim.port(Port::Standard))});
    arrives(exim, &settings, "hostport@c.example");
}

#[test]
fn c_the_test_mail_shows_its_receipt() {
    let Some(exim) = Exim::shared() else { return };
    let settings = engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), anna("plain"));
    let mut account = engine::open(&settings).unwrap();
    let report = account.test(r#"{"loop":{"to":"loop@c.example"}}"#, &Cancel::new(Some(PATIENCE))).unwrap();
    let report: Value = json!(report);
    let step = engine::step(&report, "loop");
    assert_eq!(
        (report["ok"].as_bool(), step["facts"]["receipt"]["recipients"][0]["status"].as_str()),
        (Some(true), Some("accepted")),
        "{report:#}"
    );
    assert!(exim.delivery("loop@c.example").is_some());
}

#[test]
fn c_a_test_without_that_wish_sends_nothing_and_passes_every_step() {
    let Some(exim) = Exim::shared() else { return };
    let settings = engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), anna("plain"));
    let report = engine::test(&settings, "de").unwrap();
    assert_eq!(report["ok"], true, "{report:#}");
    for name in ["settings", "resolve", "connect", "greeting", "capabilities", "tls", "login", "quit"] {
        assert_eq!(engine::step(&report, name)["status"], "ok", "{name}: {report:#}");
    }
    let transcript = report["transcript"].to_string();
    assert!(transcript.contains("EHLO") && !transcript.contains("Geheim-7"), "{transcript}");
    // AUTH PLAIN carries the password as Base64 of NUL anna NUL Geheim-7.
    assert!(!transcript.contains("AGFubmEAR2VoZWltLTc"), "{transcript}");
}

#[test]
fn c_html_is_added_or_left_out_as_the_settings_say() {
    let Some(exim) = Exim::shared() else { return };
    let mut settings = engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), no_login());
    settings["sender"]["html"] = json!({"enabled": true});
    assert!(arrives(exim, &settings, "html@c.example").text.contains("text/html"));
    settings["sender"]["html"] = json!({"enabled": false});
    let mut mail = engine::mail("text@c.example");
    mail["html"] = json!("<p>Guten <b>Tag</b></p>");
    engine::send(&settings, &mail).unwrap();
    let delivery = exim.delivery("text@c.example").unwrap();
    assert!(!delivery.text.contains("text/html") && delivery.text.contains("text/plain"), "{}", delivery.text);
}
