//! A refresh token that the provider exchanges and the program cannot keep: the call goes on, and its result says so.

use super::setup::{Servers, authorize, browse, open, patience, plugins, servers};
use super::sharing::connected;
use postkontor_core::{Account, Callbacks, Error, Host, Secret};
use postkontor_tests::exchange::CLIENT;
use serde_json::{Value, json};
use std::sync::Arc;

/// A program that has a refresh token and keeps no other.
struct Forgetful(Option<String>);

impl Callbacks for Forgetful {
    fn secret_get(&self, _name: &str) -> Option<Secret> {
        self.0.as_ref().map(Secret::new)
    }
}

fn host(program: Forgetful) -> Arc<Host> {
    Host::open(&json!({"language": "en", "plugins": [plugins()]}).to_string(), Box::new(program)).unwrap()
}

const WORDS: &str = "The provider has issued a new refresh token, and it could not be stored as consent. \
    When the old one ends, consent is needed again.";

/// The scopes of a person's consent to all protocols of a service.
fn scopes(service: &str, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{service}/{name}")).chain(["offline_access".to_owned()]).collect()
}

/// An account of a transport with a refresh token of its own, which the first token that it gets exchanges.
fn account(servers: &Servers, transport: &str) -> Account {
    let consented = match transport {
        "graph" => scopes("https://graph.microsoft.com", &["Mail.ReadWrite", "Mail.Send"]),
        _ => scopes("https://outlook.office.com", &["EWS.AccessAsUser.All", "SMTP.Send", "IMAP.AccessAsUser.All", "POP.AccessAsUser.All"]),
    };
    let given = json!({"user": "anna@example.com", "audience": "https://outlook.office365.com", "refresh_scopes": consented});
    let token = servers.entra.control("POST", "/tokens/give", &given).unwrap()["refresh_token"].as_str().unwrap().to_owned();
    let oauth2 = json!({"grant": "refresh_token", "client_id": CLIENT, "refresh_token": {"secret": "consent"}});
    let settings = connected(servers, &oauth2);
    let name = if transport == "exchange-ews" { "exchange" } else { transport };
    Account::open(&host(Forgetful(Some(token))), &settings.to_string(), Some(name)).unwrap_or_else(|error| panic!("{error:?}"))
}

/// What a transport can do, each as one call.
fn operations(transport: &str) -> Vec<&'static str> {
    match transport {
        "smtp" => vec!["send"],
        "pop3" => vec!["list", "receive"],
        _ => vec!["send", "list", "receive", "apply"],
    }
}

fn perform(account: &mut Account, operation: &str) -> Result<Value, Error> {
    let patience = patience();
    match operation {
        "send" => account.send_document(r#"{"to":["a@token.example"],"text":"x"}"#, &[], &patience).map(|receipt| json!(receipt)),
        "list" => account.list("", &patience).map(|listing| json!(listing)),
        "receive" => account.receive(r#"{"max_messages":1}"#, None, &patience).map(|received| json!(received)),
        // There is no such message; what is asked is asked all the same.
        _ => account.apply(r#"{"messages":["AAMkADc1"],"action":"seen"}"#, &patience).map(|applied| json!(applied)),
    }
}

#[test]
fn a_refresh_token_that_the_program_cannot_keep_is_a_warning_of_each_call() {
    let Some((servers, _turn)) = servers() else { return };
    for transport in ["exchange-ews", "graph", "smtp", "imap", "pop3"] {
        for operation in operations(transport) {
            let mut account = account(servers, transport);
            let result = perform(&mut account, operation).unwrap_or_else(|error| json!(error));
            let warning = &result["warnings"][0];
            assert_eq!(
                (&warning["code"], &warning["message"], &warning["transport"]),
                (&json!("oauth.refresh_not_kept"), &json!(WORDS), &json!(transport)),
                "{transport} {operation}: {result:#}"
            );
            let pointer = warning["at"][0]["pointer"].as_str().unwrap();
            assert!(pointer.ends_with("/auth/oauth2/refresh_token"), "{transport} {operation}: {warning:#}");
            // It is said once.
            let again = perform(&mut account, operation).unwrap_or_else(|error| json!(error));
            assert_eq!(again.get("warnings"), None, "{transport} {operation}");
        }
    }
}

#[test]
fn a_test_says_it_in_a_step() {
    let Some((servers, _turn)) = servers() else { return };
    for transport in ["exchange-ews", "graph", "smtp", "imap", "pop3"] {
        let report = account(servers, transport).test("", &patience()).unwrap();
        let steps: Vec<_> = report.steps.iter().filter(|step| step.code == "oauth.refresh_not_kept").collect();
        assert_eq!(steps.len(), 1, "{transport}: {:#}", json!(report));
        assert_eq!((steps[0].message.as_str(), json!(steps[0].status)), (WORDS, json!("warn")), "{transport}");
    }
}

#[test]
fn a_consent_that_cannot_be_kept_is_a_warning_of_its_call() {
    let Some((servers, _turn)) = servers() else { return };
    let oauth2 = json!({"grant": "authorization_code", "client_id": CLIENT, "refresh_token": {"secret": "consent"}});
    let mut settings = servers.settings("imap", "oauth2", &oauth2);
    settings["accounts"]["main"]["auth"]["oauth2"]["authority"] = json!(servers.entra.clear());
    settings["accounts"]["main"]["auth"]["allow_cleartext"] = json!(true);
    let mut account = open(&host(Forgetful(None)), &settings);
    let begun = authorize(&mut account, &json!({"begin": true})).unwrap();
    let url = begun["url"].as_str().unwrap().replace("login_hint=anna&", "");
    let browser = std::thread::spawn(move || browse(&url));
    let done = authorize(&mut account, &json!({"finish": true})).unwrap();
    browser.join().unwrap();
    assert_eq!((&done["kept"], &done["message"]), (&json!(false), &json!(WORDS)), "{done:#}");
    assert_eq!((&done["warnings"][0]["code"], &done["warnings"][0]["message"]), (&json!("oauth.refresh_not_kept"), &json!(WORDS)));
}
