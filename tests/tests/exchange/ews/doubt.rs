//! Answers that are lost, late, or cut: nothing is sent twice, nothing is told as sent that was not accepted.

use super::setup::{User, fetch, mail, send};
use postkontor_core::{Action, Error, Status};
use postkontor_tests::exchange::Exchange;
use serde_json::{Value, json};

fn fault(exchange: &Exchange, operation: &str, times: u32, action: Value) {
    exchange.fault(&json!({"match": {"operation": operation}, "times": times, "action": action})).unwrap();
}

fn status(result: &Result<Value, Error>) -> Status {
    result.as_ref().map_or_else(|error| error.status, |_| Status::Ok)
}

#[test]
fn a_lost_answer_is_looked_for_among_the_sent_mail_and_never_sent_again() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let (user, to) = (User::new(&exchange), User::new(&exchange));
    let mut account = user.account(&json!({}));
    send(&mut account, &mail(&to.address)).unwrap();
    for (action, expected, arrived) in [
        (json!({"reset": "after"}), Status::Ok, 1),
        (json!({"reset": "before"}), Status::Uncertain, 0),
        (json!({"cut": 20}), Status::Ok, 1),
        (json!({"cut": 700}), Status::Ok, 1),
        (json!({"status": 504, "body": "gateway", "act": true}), Status::Ok, 1),
        (json!({"status": 502, "body": "gateway"}), Status::Uncertain, 0),
        (json!({"fault": "ErrorInternalServerError"}), Status::Uncertain, 0),
        (json!({"code": "ErrorTimeoutExpired"}), Status::Uncertain, 0),
    ] {
        let before = to.messages("inbox").len();
        fault(&exchange, "CreateItem", 1, action.clone());
        let result = send(&mut account, &mail(&to.address));
        assert_eq!(status(&result), expected, "{action}: {result:?}");
        assert_eq!(to.messages("inbox").len() - before, arrived, "{action}");
    }
    // Without a copy nothing can be found out.
    fault(&exchange, "CreateItem", 1, json!({"reset": "after"}));
    let result = send(&mut user.account(&json!({"exchange": {"save": false}})), &mail(&to.address));
    assert_eq!(status(&result), Status::Uncertain);
}

#[test]
fn the_same_mail_to_others_before_proves_nothing() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let (user, to, other) = (User::new(&exchange), User::new(&exchange), User::new(&exchange));
    let mut account = user.account(&json!({}));
    let mut first = mail(&other.address);
    first["message_id"] = json!("gleich@example.com");
    send(&mut account, &first).unwrap();
    let mut second = mail(&to.address);
    second["message_id"] = json!("gleich@example.com");
    fault(&exchange, "CreateItem", 1, json!({"reset": "before"}));
    assert_eq!(status(&send(&mut account, &second)), Status::Uncertain);
}

#[test]
fn throttling_is_waited_for_within_the_deadline_and_is_later_beyond_it() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let (user, to) = (User::new(&exchange), User::new(&exchange));
    let mut account = user.account(&json!({}));
    for action in [json!({"throttle": 1000}), json!({"unavailable": 1}), json!({"throttle": null}), json!({"code": "ErrorServerBusy"})] {
        let before = to.messages("inbox").len();
        fault(&exchange, "CreateItem", 1, action.clone());
        let result = send(&mut account, &mail(&to.address));
        assert_eq!((status(&result), to.messages("inbox").len() - before), (Status::Ok, 1), "{action}: {result:?}");
    }
    fault(&exchange, "CreateItem", 1, json!({"throttle": 3_600_000}));
    let error = send(&mut account, &mail(&to.address)).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Later, "ews.busy"), "{error:?}");
    user.deliver(&json!({"count": 3}));
    fault(&exchange, "GetItem", 1, json!({"throttle": 1000}));
    let (result, got) = fetch(&mut account, &json!({}), |_| Action::Keep);
    assert_eq!(got.len(), 3, "{result:?}");
}

#[test]
fn a_fetch_that_breaks_anywhere_loses_nothing_and_fetches_nothing_twice() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    for (operation, action) in [
        ("SyncFolderItems", json!({"reset": "after"})),
        ("GetItem", json!({"cut": 900})),
        ("GetItem", json!({"reset": "before"})),
        ("UpdateItem", json!({"reset": "after"})),
        ("DeleteItem", json!({"reset": "after"})),
        ("DeleteItem", json!({"reset": "before"})),
    ] {
        let user = User::new(&exchange);
        user.deliver(&json!({"count": 12}));
        let (mut state, mut all, mut number) = (Value::Null, Vec::new(), 0);
        exchange.fault(&json!({"match": {"operation": operation}, "times": 5, "action": action})).unwrap();
        for _ in 0..8 {
            let request = if state.is_null() { json!({}) } else { json!({"state": state}) };
            let (result, got) = fetch(&mut user.account(&json!({})), &request, |_| {
                number += 1;
                if number % 2 == 0 { Action::Delete } else { Action::Seen }
            });
            all.extend(got.iter().map(|got| got.summary["id"].to_string()));
            let given = result.map_or_else(|error| error.more.get("state").cloned(), |result| Some(result["state"].clone()));
            state = given.unwrap_or(state);
        }
        exchange.control("DELETE", "/faults", &Value::Null).unwrap();
        let (fetched, distinct) = (all.len(), all.iter().collect::<std::collections::BTreeSet<_>>().len());
        assert_eq!((fetched, distinct), (12, 12), "{operation} {action}");
        let inbox = user.messages("inbox");
        assert_eq!((inbox.len(), inbox.iter().filter(|message| message["read"] == true).count()), (6, 6), "{operation} {action}");
    }
}
