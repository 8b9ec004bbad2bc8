//! Answers that are lost, late, or cut: nothing is sent twice, nothing is told as sent that was not accepted.

use super::setup::{Setup, send};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postkontor_core::{Error, Status};
use postkontor_plugin::serde_json::{Value, json};

/// A mail to a recipient of its own; with an attachment that needs an upload session, where it is large.
fn mail(setup: &Setup, name: &str, is_large: bool) -> Value {
    let mut mail =
        json!({"to": [format!("{name}-{}", setup.user)], "subject": name, "text": "t", "message_id": format!("{name}-{}", setup.user)});
    if is_large {
        let file = setup.exchange.folder().join(format!("{}.bin", setup.user));
        std::fs::write(&file, super::setup::content(4_000_000)).unwrap();
        mail["attachments"] = json!([{"name": "a.bin", "file": file}]);
    }
    mail
}

fn outcome(result: Result<Value, Error>) -> Status {
    result.map_or_else(
        |error| error.status,
        |receipt| if receipt["recipients"][0]["status"] == "accepted" { Status::Ok } else { Status::Internal },
    )
}

#[test]
fn a_connection_that_ends_at_any_byte_of_the_answer_sends_once_and_says_so() {
    let Some(setup) = Setup::alone() else { return };
    let mut account = setup.account();
    // The head of an answer has some three hundred bytes; a cut behind it is none.
    for cut in (0..60).chain([100, 150, 200, 250, 290]) {
        setup.fault("sendMail", 1, json!({"cut": cut}));
        let name = format!("cut{cut}");
        assert_eq!(outcome(send(&mut account, &mail(&setup, &name, false))), Status::Ok, "{cut}");
        assert_eq!(setup.delivered(&format!("{name}-{}", setup.user)).len(), 1, "{cut}");
    }
}

#[test]
fn a_reset_before_the_service_acted_is_uncertain_and_one_behind_it_is_found_out() {
    let Some(setup) = Setup::alone() else { return };
    for (operation, is_large) in [("sendMail", false), ("messages.send", true)] {
        let mut account = setup.account();
        setup.fault(operation, 1, json!({"reset": "after"}));
        let name = format!("after-{is_large}");
        assert_eq!(outcome(send(&mut account, &mail(&setup, &name, is_large))), Status::Ok);
        assert_eq!(setup.delivered(&format!("{name}-{}", setup.user)).len(), 1);
        setup.fault(operation, 1, json!({"reset": "before"}));
        let name = format!("before-{is_large}");
        let error = send(&mut account, &mail(&setup, &name, is_large)).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Uncertain, "delivery.uncertain"), "{error:?}");
        assert!(error.detail.contains("not found among the sent ones"), "{}", error.detail);
        assert_eq!(setup.delivered(&format!("{name}-{}", setup.user)).len(), 0);
    }
}

#[test]
fn an_answer_that_is_not_202_is_no_acceptance() {
    let Some(setup) = Setup::alone() else { return };
    let mut account = setup.account();
    setup.fault("sendMail", 1, json!({"status": 200, "body": "{}", "type": "application/json"}));
    assert_eq!(outcome(send(&mut account, &mail(&setup, "ok", false))), Status::Uncertain);
    setup.fault("sendMail", 1, json!({"status": 504, "body": "gateway", "act": true}));
    assert_eq!(outcome(send(&mut account, &mail(&setup, "gateway", false))), Status::Ok);
    assert_eq!(setup.delivered(&format!("gateway-{}", setup.user)).len(), 1);
}

#[test]
fn throttling_is_waited_for_within_the_deadline_and_is_later_beyond_it() {
    let Some(setup) = Setup::alone() else { return };
    let mut account = setup.account();
    for action in [json!({"too_many": 1}), json!({"unavailable": 1})] {
        setup.fault("sendMail", 2, action);
        assert_eq!(outcome(send(&mut account, &mail(&setup, "throttled", false))), Status::Ok);
    }
    assert_eq!(setup.delivered(&format!("throttled-{}", setup.user)).len(), 2);
    assert!(setup.log.lock().unwrap().iter().any(|line| line.contains("asked again in 1 s")), "{:?}", setup.log.lock().unwrap());
    setup.fault("sendMail", 1, json!({"too_many": 3600}));
    let error = send(&mut account, &mail(&setup, "late", false)).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Later, "graph.throttled"), "{error:?}");
    assert!(error.message.contains("3600"), "{}", error.message);
    assert_eq!(setup.delivered(&format!("late-{}", setup.user)).len(), 0);
}

#[test]
fn whatever_breaks_an_upload_leaves_no_draft_and_sends_nothing() {
    let Some(setup) = Setup::alone() else { return };
    let mut account = setup.account();
    let refused = json!({"graph_error": {"status": 400, "code": "ErrorInvalidRequest", "message": "no"}});
    for operation in ["messages.create", "attachments.createUploadSession", "upload", "messages.send"] {
        setup.fault(operation, 1, refused.clone());
        let error = send(&mut account, &mail(&setup, "broken", true)).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Refused, "graph.refused"), "{operation}: {error:?}");
        assert_eq!(setup.messages("drafts").len(), 0, "{operation}");
    }
    assert_eq!(setup.delivered(&format!("broken-{}", setup.user)).len(), 0);
}

#[test]
fn an_upload_goes_on_after_lost_answers_and_a_draft_that_is_not_known_yet() {
    let Some(setup) = Setup::alone() else { return };
    let mut account = setup.account();
    setup.exchange.control("POST", "/options", &json!({"first_chunk_missing": 2})).unwrap();
    assert_eq!(outcome(send(&mut account, &mail(&setup, "missing", true))), Status::Ok);
    setup.exchange.control("POST", "/options", &json!({"first_chunk_missing": 0})).unwrap();
    for (name, action) in
        [("reset-before", json!({"reset": "before"})), ("reset-after", json!({"reset": "after"})), ("busy", json!({"unavailable": 1}))]
    {
        setup.fault("upload", 1, action);
        assert_eq!(outcome(send(&mut account, &mail(&setup, name, true))), Status::Ok, "{name}");
        let delivered = setup.delivered(&format!("{name}-{}", setup.user));
        assert_eq!(delivered.len(), 1, "{name}");
        let read = super::setup::opened(&setup.bytes(&delivered[0]));
        assert_eq!(read.attachments, [("a.bin".to_owned(), 4_000_000, true)], "{name}");
    }
    assert_eq!(setup.messages("drafts").len(), 0);
}

/// A secret as it is, and in base64 at each alignment, without the letters that share bits with what stands beside it.
fn forms(secret: &str) -> Vec<String> {
    let shifted = (0..3).map(|shift| STANDARD.encode([&b"abc"[..shift], secret.as_bytes()].concat()));
    shifted.map(|text| text[4..text.len() - 4].to_owned()).chain([secret.to_owned()]).collect()
}

#[test]
fn the_token_goes_to_graph_only() {
    let Some(setup) = Setup::alone() else { return };
    let settings = setup.settings();
    let token = settings["accounts"]["main"]["auth"]["oauth2"]["access_token"].as_str().unwrap().to_owned();
    let mut account = setup.open(&settings);
    send(&mut account, &mail(&setup, "upload", true)).unwrap();
    let log = setup.exchange.log().unwrap();
    let uploads: Vec<&Value> = log.iter().filter(|entry| entry["operation"] == "upload").collect();
    assert!(!uploads.is_empty());
    for entry in uploads {
        let raw = setup.exchange.raw(entry).unwrap();
        for form in forms(&token) {
            assert!(!raw.windows(form.len()).any(|window| window == form.as_bytes()), "{form}");
        }
    }
    setup.fault("messages.delta", 1, json!({"redirect": setup.exchange.stranger()}));
    let (received, _) = super::setup::fetch(&mut account, &json!({}), |_| postkontor_core::Action::Keep);
    assert_eq!(received.unwrap_err().code, "graph.redirected");
    let link = json!({"status": 200, "type": "application/json", "body": json!({"value": [], "@odata.nextLink": format!("{}/v1.0/x", setup.exchange.stranger())}).to_string()});
    setup.fault("messages.delta", 1, link);
    let (received, _) = super::setup::fetch(&mut account, &json!({}), |_| postkontor_core::Action::Keep);
    assert_eq!(received.unwrap_err().code, "graph.link_foreign");
    assert!(setup.exchange.log().unwrap().iter().all(|entry| entry["listener"] != "stranger"));
}
