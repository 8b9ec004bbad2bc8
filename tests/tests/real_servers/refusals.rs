//! What the server refuses, for good or for now, whole or in part.

use super::{anna, arrives, trusting};
use postkontor_core::{Cancel, Status};
use postkontor_tests::engine::{self, PATIENCE};
use postkontor_tests::exim::{Exim, Port};
use serde_json::{Value, json};

fn settings(exim: &Exim) -> Value {
    engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), anna("plain"))
}

fn error(settings: &Value, mail: &Value) -> Value {
    serde_json::to_value(engine::send(settings, mail).unwrap_err()).unwrap()
}

#[test]
fn a_refused_recipient_does_not_stop_the_others() {
    let Some(exim) = Exim::shared() else { return };
    let mut mail = engine::mail("one@partial.example");
    mail["to"] = json!(["one@partial.example", "unknown@partial.example", "two@partial.example"]);
    for port in [Port::Standard, Port::Bare] {
        let before = exim.deliveries("two@partial.example").len();
        let settings = match port {
            Port::Bare => engine::smtp(exim.port(port), json!({"mode": "none"}), json!({"method": "none"})),
            _ => settings(exim),
        };
        let error = error(&settings, &mail);
        assert_eq!((error["status"].as_i64(), error["delivery"].as_str()), (Some(12), Some("partial")), "{error:#}");
        assert_eq!((error["retry"].as_str(), error["at"][0]["pointer"].as_str()), (Some("refused_only"), Some("/to/1")), "{error:#}");
        assert_eq!((error["server"]["code"].as_i64(), error["server"]["enhanced"].as_str()), (Some(550), Some("5.1.1")), "{error:#}");
        let verdicts: Vec<&Value> = (0..3).map(|index| &error["receipt"]["recipients"][index]["status"]).collect();
        assert_eq!(verdicts, ["accepted", "refused", "accepted"], "{error:#}");
        assert!(exim.delivery("one@partial.example").is_some());
        let arrived = || (exim.deliveries("two@partial.example").len() == before + 1).then_some(());
        postkontor_tests::guard::until(PATIENCE, arrived).unwrap();
    }
    assert!(exim.deliveries("unknown@partial.example").is_empty());
}

#[test]
fn when_all_recipients_are_refused_nothing_is_sent() {
    let Some(exim) = Exim::shared() else { return };
    let error = error(&settings(exim), &engine::mail("unknown@refused.example"));
    assert_eq!((error["status"].as_i64(), error["delivery"].as_str()), (Some(10), Some("none")), "{error:#}");
    assert_eq!(error["at"][0]["pointer"], "/to/0", "{error:#}");
}

#[test]
fn a_recipient_or_sender_put_off_is_later() {
    let Some(exim) = Exim::shared() else { return };
    let busy = error(&settings(exim), &engine::mail("later@later.example"));
    assert_eq!(
        (busy["status"].as_i64(), busy["retry"].as_str(), busy["server"]["code"].as_i64()),
        (Some(11), Some("later"), Some(451)),
        "{busy:#}"
    );
    let mut mail = engine::mail("never@later.example");
    mail["from"] = json!("later@example.com");
    let sender = error(&settings(exim), &mail);
    assert_eq!((sender["status"].as_i64(), sender["retry"].as_str()), (Some(11), Some("later")), "{sender:#}");
    assert!(exim.deliveries("never@later.example").is_empty());
}

#[test]
fn a_message_that_is_too_large_is_refused_before_its_content_is_sent() {
    let Some(exim) = Exim::shared() else { return };
    let settings = engine::smtp(exim.port(Port::Small), trusting(exim, "starttls"), anna("plain"));
    let mut mail = engine::mail("large@size.example");
    mail["text"] = json!("0123456789\n".repeat(3000));
    let error = error(&settings, &mail);
    assert_eq!((error["status"].as_i64(), error["delivery"].as_str()), (Some(10), Some("none")), "{error:#}");
    assert!(["message", "sender"].contains(&error["stage"].as_str().unwrap_or_default()), "{error:#}");
    assert!(exim.deliveries("large@size.example").is_empty());
    arrives(exim, &settings, "small@size.example");
}

#[test]
fn a_refused_mail_leaves_the_connection_good_for_the_next() {
    let Some(exim) = Exim::shared() else { return };
    let mut account = engine::open(&settings(exim)).unwrap();
    let cancel = Cancel::new(Some(PATIENCE));
    let refused = account.send_document(&engine::mail("unknown@next.example").to_string(), &[], &cancel).unwrap_err();
    assert_eq!(refused.status, Status::Refused);
    account.send_document(&engine::mail("next@next.example").to_string(), &[], &cancel).unwrap();
    assert!(exim.delivery("next@next.example").is_some());
}

#[test]
fn a_server_that_wants_a_login_says_so() {
    let Some(exim) = Exim::shared() else { return };
    let without = engine::smtp(exim.port(Port::LoginNeeded), trusting(exim, "starttls"), json!({"method": "none"}));
    let error = error(&without, &engine::mail("never@login.example"));
    assert!([5, 10].contains(&error["status"].as_i64().unwrap()), "{error:#}");
    assert_eq!(error["server"]["code"], 530, "{error:#}");
    arrives(exim, &engine::smtp(exim.port(Port::LoginNeeded), trusting(exim, "starttls"), anna("auto")), "with@login.example");
}

#[test]
fn each_mail_of_a_batch_has_its_own_verdict() {
    let Some(exim) = Exim::shared() else { return };
    let mut account = engine::open(&settings(exim)).unwrap();
    let mails = json!([engine::mail("b0@batch.example"), engine::mail("unknown@batch.example"), {"to": ["not an address"], "text": "x"}, engine::mail("b3@batch.example")]);
    let error = account.send_document(&mails.to_string(), &[], &Cancel::new(Some(PATIENCE))).unwrap_err();
    let error = serde_json::to_value(&error).unwrap();
    assert_eq!(error["status"], 12, "{error:#}");
    let results = error["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    assert_eq!((results[0]["status"].as_i64(), results[3]["status"].as_i64()), (Some(0), Some(0)), "{error:#}");
    assert_eq!((results[1]["status"].as_i64(), results[2]["status"].as_i64()), (Some(10), Some(1)), "{error:#}");
    assert!(exim.delivery("b0@batch.example").is_some() && exim.delivery("b3@batch.example").is_some());
}
