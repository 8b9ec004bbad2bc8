//! What a test of the settings says of each fault.

use super::setup::{User, host_in, patience};
use postkontor_core::Account;
use postkontor_tests::exchange::Exchange;
use postkontor_tests::strangers::root;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A fault: its name, what the double does, and the settings that differ.
struct Fault {
    name: &'static str,
    action: Value,
    patch: Value,
}

fn at_server(name: &'static str, action: Value) -> Fault {
    Fault { name, action, patch: json!({}) }
}

fn in_settings(name: &'static str, patch: Value) -> Fault {
    Fault { name, action: Value::Null, patch }
}

fn by_token(exchange: &Exchange, audience: &str) -> Value {
    let given = exchange.control("POST", "/tokens/give", &json!({"user": "anna@example.com", "audience": audience})).unwrap();
    json!({"auth": {"method": "oauth2", "password": null, "oauth2": {"access_token": given["access_token"]}}})
}

fn refused_token(name: &'static str, exchange: &Exchange, diagnostics: &str) -> Fault {
    let fields = json!({"x-ms-diagnostics": diagnostics, "WWW-Authenticate": "Bearer"});
    let patch = by_token(exchange, "https://outlook.office365.com");
    Fault { patch, ..at_server(name, json!({"status": 401, "body": "", "fields": fields})) }
}

fn faults(exchange: &Exchange) -> Vec<Fault> {
    let soap = |name, code: &str| at_server(name, json!({"fault": code, "text": "The service says why."}));
    vec![
        in_settings("the password is wrong", json!({"auth": {"password": "falsch"}})),
        in_settings("NTLM is wanted and not offered", json!({"auth": {"method": "ntlm"}})),
        soap("the password has expired", "ErrorPasswordExpired"),
        at_server("403 without a body: EWS is switched off", json!({"forbidden": true})),
        at_server("403 of a proxy", json!({"page": "proxy"})),
        soap("no right to impersonate", "ErrorImpersonateUserDenied"),
        Fault {
            patch: json!({"exchange": {"mailbox": "anna@example.com"}}),
            ..soap("an application says not whom it acts for", "ErrorInvalidExchangeImpersonationHeaderData")
        },
        soap("no such mailbox", "ErrorNonExistentMailbox"),
        soap("the login has no mailbox of its own", "ErrorMissingEmailAddress"),
        at_server("no right on the mailbox", json!({"code": "ErrorAccessDenied", "text": "The service says why."})),
        soap("the server is older than 2013", "ErrorInvalidServerVersion"),
        at_server("the login page of Outlook on the web", json!({"page": "login"})),
        at_server("a redirect to another host", json!({"redirect": "https://elsewhere.example/portal"})),
        in_settings("the URL leads to another place of the server", json!({"exchange": {"url": format!("{}/owa/", exchange.secure())}})),
        in_settings("the server's name is wrong", json!({"exchange": {"url": "https://exchange.invalid/EWS/Exchange.asmx"}})),
        in_settings("the certificate is of an unknown authority", json!({"tls": {"ca_file": null}})),
        in_settings("no such folder", json!({"exchange": {"inbox": "Rechnungen"}})),
        at_server("the service wants a pause of an hour", json!({"throttle": 3_600_000})),
        at_server("503 for an hour", json!({"unavailable": 3600})),
        at_server("500 without a fault", json!({"status": 500, "body": "error"})),
        at_server("a document type in the answer", json!({"bomb": "entities"})),
        at_server("an answer that is nested without end", json!({"bomb": "depth"})),
        at_server("418", json!({"status": 418, "body": ""})),
        refused_token("the token is for another service", exchange, "2000003;reason=\"audience\";error_category=\"invalid_resource\""),
        refused_token("the token gives no right", exchange, "2000008;reason=\"no permissions\";error_category=\"invalid_grant\""),
        refused_token("the token is over", exchange, "2000001;reason=\"expired\";error_category=\"invalid_lifetime\""),
    ]
}

fn report(user: &User<'_>, language: &str, patch: &Value) -> Value {
    let mut account =
        Account::open(&host_in(language), &user.settings(patch).to_string(), None).unwrap_or_else(|error| panic!("{error:?}"));
    json!(account.test("", &patience()).unwrap())
}

/// The first step that failed.
fn failed(report: &Value) -> Value {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["status"] == "fail").cloned().unwrap_or_else(|| panic!("{report:#}"))
}

/// The codes of advice by their English sentences.
fn advice() -> BTreeMap<String, String> {
    let texts = |folder: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(root().join(folder).join("locales/en.json")).unwrap()).unwrap()
    };
    let codes = |folder| texts(folder)["advice"].as_object().unwrap().clone().into_iter();
    codes("plugins/exchange-ews").chain(codes("plugins/sdk")).map(|(code, text)| (text.as_str().unwrap().to_owned(), code)).collect()
}

/// A row of the table in docs/diagnosis.md.
fn row(name: &str, step: &Value, advice: &BTreeMap<String, String>, origin: &str) -> String {
    let pointer = step["pointer"].as_str().unwrap_or_default().trim_start_matches("/accounts/main");
    let first = step["advice"][0].as_str().map(|sentence| advice.get(sentence).map_or(sentence, String::as_str)).unwrap_or_default();
    let patch = step["patch"]["accounts"]["main"].to_string().replace(origin, "https://mail.example.com");
    // The certificate of the double is another one each time.
    let patch = patch.split_once("sha256:").map_or(patch.clone(), |(before, behind)| format!("{before}sha256:…{}", &behind[64..]));
    let quoted = |text: &str| if text.is_empty() || text == "null" { String::new() } else { format!("`{text}`") };
    let code = step["code"].as_str().unwrap();
    format!("| {name} | `{}` | `{code}` | {} | {} | {} |\n", step["step"].as_str().unwrap(), quoted(pointer), quoted(first), quoted(&patch))
}

#[test]
fn each_fault_has_its_row_in_the_docs_and_its_sentences_in_three_languages() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let (user, advice) = (User::new(&exchange), advice());
    let mut table = String::from("| Fault | Step | Code | Setting | First advice | Patch |\n|---|---|---|---|---|---|\n");
    for fault in faults(&exchange) {
        let methods = if fault.name.starts_with("NTLM") { json!(["Basic"]) } else { json!(["Negotiate", "NTLM", "Basic"]) };
        exchange.control("POST", "/options", &json!({"methods": methods})).unwrap();
        let mut messages = Vec::new();
        for language in ["en", "de", "sl"] {
            if !fault.action.is_null() {
                exchange.fault(&json!({"match": {"path": "/EWS/.*"}, "times": 10, "action": fault.action})).unwrap();
            }
            let step = failed(&report(&user, language, &fault.patch));
            exchange.control("DELETE", "/faults", &Value::Null).unwrap();
            let message = step["message"].as_str().unwrap().to_owned();
            assert!(message.len() > 10 && !message.contains(['{', '}']), "{}: {step:#}", fault.name);
            if language == "en" {
                table.push_str(&row(fault.name, &step, &advice, &exchange.secure()));
            }
            messages.push(message);
        }
        assert!(messages[0] != messages[1] && messages[1] != messages[2] && messages[0] != messages[2], "{}: {messages:?}", fault.name);
    }
    let path = root().join("docs/diagnosis.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- faults of EWS -->\n").unwrap();
    let (written, behind) = rest.split_once("<!-- end of the faults of EWS -->").unwrap();
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        let page = format!("{before}<!-- faults of EWS -->\n{table}<!-- end of the faults of EWS -->{behind}");
        std::fs::write(&path, page).unwrap();
    } else {
        assert_eq!(written, table, "write docs/diagnosis.md anew: POSTKONTOR_WRITE_DOCS=1");
    }
}

#[test]
fn the_right_url_is_offered_and_the_end_of_ews_is_told() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let user = User::new(exchange);
    let url = format!("{}/EWS/Exchange.asmx", exchange.secure());
    let step = failed(&report(&user, "en", &json!({"exchange": {"url": format!("{}/owa/", exchange.secure())}})));
    assert_eq!(step["patch"], json!({"accounts": {"main": {"exchange": {"url": url}}}}), "{step:#}");
    let online = json!({"exchange": {"url": "https://outlook.office365.com/EWS/Exchange.asmx"}, "server": {"proxy": "http://127.0.0.1:1"}});
    let report = report(&user, "en", &online);
    let warning = &report["steps"].as_array().unwrap().iter().find(|step| step["code"] == "ews.ends_online").cloned().unwrap();
    assert!(warning["message"].as_str().unwrap().contains("2027"), "{warning:#}");
    assert_eq!(warning["patch"]["accounts"]["main"]["transport"], "graph");
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
        let step = failed(&report(&user, "en", &json!({"server": {"timeout_seconds": 10}})));
        assert!(!step["code"].as_str().unwrap().is_empty(), "{action}");
        exchange.control("DELETE", "/faults", &Value::Null).unwrap();
    }
    let strangers = exchange.log().unwrap().into_iter().filter(|request| request["listener"] == "stranger").count();
    assert_eq!(strangers, 0, "no other host was asked");
}
