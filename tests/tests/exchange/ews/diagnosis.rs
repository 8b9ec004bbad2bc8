//! What a test of the settings says of each fault.

use super::setup::{User, patience};
use postkontor_tests::exchange::Exchange;
use serde_json::{Value, json};

fn report(user: &User<'_>, patch: &Value) -> Value {
    json!(user.account(patch).test("", &patience()).unwrap())
}

/// The first step that failed.
fn failed(report: &Value) -> Value {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["status"] == "fail").cloned().unwrap_or_else(|| panic!("{report:#}"))
}

#[test]
fn each_fault_has_its_code_its_advice_and_where_one_is_known_its_patch() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let user = User::new(&exchange);
    let url = format!("{}/EWS/Exchange.asmx", exchange.secure());
    for (action, code, patch) in [
        (json!({"forbidden": true}), "ews.switched_off", json!({"accounts": {"main": {"transport": "graph", "exchange": {"url": null}}}})),
        (json!({"page": "proxy"}), "ews.forbidden_on_the_way", Value::Null),
        (json!({"page": "login"}), "ews.page_instead", Value::Null),
        (json!({"fault": "ErrorImpersonateUserDenied"}), "ews.impersonation_denied", Value::Null),
        (json!({"fault": "ErrorNonExistentMailbox"}), "ews.mailbox_missing", Value::Null),
        (json!({"code": "ErrorAccessDenied"}), "ews.access_denied", Value::Null),
        (json!({"fault": "ErrorInvalidServerVersion"}), "ews.version_refused", Value::Null),
        (json!({"fault": "ErrorPasswordExpired"}), "ews.account_blocked", Value::Null),
        (json!({"status": 404, "body": ""}), "ews.url_wrong", Value::Null),
        (json!({"redirect": "https://elsewhere.example/owa/"}), "ews.redirected", Value::Null),
        (json!({"bomb": "entities"}), "ews.answer_has_dtd", Value::Null),
        (json!({"bomb": "depth"}), "ews.answer_too_deep", Value::Null),
    ] {
        exchange.fault(&json!({"match": {"operation": "GetFolder"}, "action": action})).unwrap();
        let step = failed(&report(&user, &json!({})));
        assert_eq!((&step["code"], &step["patch"]), (&json!(code), &patch), "{action}: {step:#}");
        assert!(step["message"].as_str().is_some_and(|message| message.len() > 10 && !message.contains('{')), "{step:#}");
        assert!(code.starts_with("ews.answer") || step["advice"].as_array().is_some_and(|advice| !advice.is_empty()), "{step:#}");
        exchange.control("DELETE", "/faults", &Value::Null).unwrap();
    }
    let step = failed(&report(&user, &json!({"exchange": {"url": format!("{}/owa/", exchange.secure())}})));
    assert_eq!(
        (&step["code"], &step["patch"]),
        (&json!("ews.url_wrong"), &json!({"accounts": {"main": {"exchange": {"url": url}}}})),
        "{step:#}"
    );
    let step = failed(&report(&user, &json!({"exchange": {"inbox": "Gibt es nicht"}})));
    assert_eq!((&step["code"], &step["pointer"]), (&json!("ews.folder_missing"), &json!("/accounts/main/exchange/inbox")), "{step:#}");
}

#[test]
fn hostile_answers_are_clean_errors() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let user = User::new(&exchange);
    for action in [
        json!({"bomb": "entities"}),
        json!({"bomb": "external"}),
        json!({"bomb": "depth"}),
        json!({"bomb": "attributes"}),
        json!({"bomb": "gzip", "megabytes": 1000}),
        json!({"bomb": "endless", "megabytes": 300}),
        json!({"bomb": "endless_header", "megabytes": 300}),
        json!({"type": "application/json"}),
        json!({"length": 100}),
        json!({"length": -100}),
        json!({"redirect": format!("{}{{target}}", exchange.stranger()), "status": 307}),
        json!({"redirect": format!("{}{{target}}", exchange.stranger())}),
    ] {
        exchange.fault(&json!({"match": {"path": "/EWS/.*"}, "action": action})).unwrap();
        let step = failed(&report(&user, &json!({"server": {"timeout_seconds": 10}})));
        assert!(!step["code"].as_str().unwrap().is_empty(), "{action}");
        exchange.control("DELETE", "/faults", &Value::Null).unwrap();
    }
    let strangers = exchange.log().unwrap().into_iter().filter(|request| request["listener"] == "stranger").count();
    assert_eq!(strangers, 0, "no other host was asked");
}
