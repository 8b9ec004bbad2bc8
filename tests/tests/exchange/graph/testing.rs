//! The report of a test, and what it says of each fault.

use super::setup::{Setup, patience};
use postkontor_plugin::serde_json::{Value, json};

fn report(setup: &Setup, settings: &Value) -> Value {
    json!(setup.open(settings).test("", &patience()).unwrap())
}

fn failed(report: &Value) -> &Value {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["status"] == "fail").unwrap_or_else(|| panic!("nothing has failed: {report:#}"))
}

#[test]
fn a_good_test_reads_may_send_and_sends_nothing() {
    let Some(setup) = Setup::new() else { return };
    let report = report(&setup, &setup.settings());
    assert_eq!(report["ok"], true, "{report:#}");
    let steps = report["steps"].as_array().unwrap();
    let right = steps.iter().find(|step| step["facts"]["right"] == "Mail.Send").unwrap();
    assert_eq!(right["status"], "ok");
    assert!(steps.iter().any(|step| step["step"] == "login" && step["status"] == "ok"));
    let transcript = report["transcript"].to_string();
    assert!(transcript.contains("Bearer ***") && transcript.contains("client-request-id"), "{transcript}");
    assert_eq!((setup.messages("sentitems").len(), setup.messages("drafts").len()), (0, 0));
}

#[test]
fn each_fault_has_its_code_its_advice_and_where_one_is_known_its_patch() {
    let Some(setup) = Setup::new() else { return };
    let with = |change: &dyn Fn(&mut Value)| {
        let mut settings = setup.settings();
        change(&mut settings["accounts"]["main"]);
        failed(&report(&setup, &settings)).clone()
    };
    let token = |roles: &[&str]| setup.token(roles);
    let elsewhere = format!("onprem-{}", setup.user);
    setup.control("/mailboxes", json!({"address": elsewhere, "on_premises": true}));
    let fails: Vec<(&str, Value, &str)> = vec![
        ("graph.role_missing", with(&|account| account["auth"]["oauth2"]["access_token"] = json!(token(&["Mail.Send"]))), "Mail.Read"),
        ("graph.role_missing", with(&|account| account["auth"]["oauth2"]["access_token"] = json!(token(&["Mail.Read"]))), "Mail.Send"),
        ("graph.mailbox_unknown", with(&|account| account["exchange"]["mailbox"] = json!("nobody@example.com")), "address of the mailbox"),
        ("graph.mailbox_elsewhere", with(&|account| account["exchange"]["mailbox"] = json!(elsewhere)), "exchange-ews"),
        ("graph.token_refused", with(&|account| account["auth"]["oauth2"]["access_token"] = json!("wrong")), "token"),
        ("graph.folder_missing", with(&|account| account["exchange"]["inbox"] = json!("Niemand")), "list"),
    ];
    for (code, step, word) in fails {
        assert_eq!(step["code"], code, "{step:#}");
        assert!(step["advice"].to_string().contains(word), "{step:#}");
    }
    let step = with(&|account| account["exchange"]["mailbox"] = json!(elsewhere));
    assert_eq!(step["patch"]["accounts"]["main"]["transport"], "exchange-ews", "{step:#}");
}

#[test]
fn what_the_service_says_is_told_apart() {
    let Some(setup) = Setup::alone() else { return };
    let settings = setup.settings();
    let error = |status: u16, code: &str| json!({"graph_error": {"status": status, "code": code, "message": "said so"}});
    for (action, code, number) in [
        (error(403, "ErrorAccessDenied"), "graph.mailbox_out_of_scope", 5),
        (json!({"forbidden": true}), "graph.forbidden", 5),
        (json!({"page": "login"}), "graph.web_page", 18),
        (json!({"page": "proxy"}), "http.proxy_refused", 10),
        (error(500, "ErrorInternalServerError"), "graph.later", 11),
        (error(429, "ErrorSubmissionQuotaExceeded"), "graph.sending_limit", 11),
        (json!({"redirect": setup.exchange.stranger()}), "graph.redirected", 18),
        (json!({"status": 404, "body": "not here"}), "graph.not_graph", 18),
        (json!({"status": 200, "body": "nonsense", "type": "application/json"}), "graph.answer_malformed", 18),
    ] {
        setup.fault("folders.get", 3, action.clone());
        let mut account = setup.open(&settings);
        let report = json!(account.test("", &postkontor_core::Cancel::new(Some(std::time::Duration::from_secs(8)))).unwrap());
        let step = failed(&report);
        assert_eq!((&step["code"], &step["status_number"]), (&json!(code), &json!(number)), "{action}: {step:#}");
        setup.exchange.control("DELETE", "/faults", &Value::Null).unwrap();
    }
}
