//! Who may do what: logins, tokens, other people's mailboxes.

use super::setup::{User, fetch, in_folder, mail, patience, send};
use postkontor_core::{Action, Status};
use postkontor_tests::exchange::{CLIENT, Exchange, SECRET, TENANT};
use serde_json::{Value, json};

/// Settings of an application that acts for the owner of this mailbox.
fn application(exchange: &Exchange, mailbox: &str) -> Value {
    json!({"exchange": {"mailbox": mailbox, "impersonate": true}, "auth": {"method": "oauth2", "user": mailbox, "password": null, "oauth2": {
        "grant": "client_credentials", "provider": "microsoft", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET,
        "authority": exchange.secure()}}})
}

/// How many tokens the application has got.
fn tokens_got(exchange: &Exchange) -> u64 {
    let statistics = exchange.control("GET", "/statistics", &Value::Null).unwrap();
    statistics["tokens"]["client_credentials"].as_u64().unwrap_or_else(|| panic!("{statistics}"))
}

#[test]
fn each_login_sends_and_fetches_on_one_connection() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    for (methods, binding, method) in [
        (json!(["Basic"]), "none", "password"),
        (json!(["NTLM"]), "required", "ntlm"),
        (json!(["NTLM"]), "none", "windows"),
        (json!(["Negotiate", "NTLM", "Basic"]), "required", "auto"),
    ] {
        exchange.control("POST", "/options", &json!({"methods": methods, "channel_binding": binding})).unwrap();
        exchange.control("DELETE", "/log", &Value::Null).unwrap();
        let (user, to) = (User::new(&exchange), User::new(&exchange));
        let mut account = user.account(&json!({"auth": {"method": method}}));
        for _ in 0..3 {
            send(&mut account, &mail(&to.address)).unwrap_or_else(|error| panic!("{method}: {error:?}"));
        }
        user.deliver(&json!({"count": 3}));
        let (result, got) = fetch(&mut account, &json!({}), |_| Action::Keep);
        assert_eq!((got.len(), to.messages("inbox").len()), (3, 3), "{method}: {result:?}");
        let connections: std::collections::BTreeSet<String> =
            exchange.log().unwrap().iter().map(|request| request["connection"].to_string()).collect();
        assert_eq!(connections.len(), 1, "{method}: {connections:?}");
    }
}

#[test]
fn an_application_acts_for_the_owner_of_a_mailbox_and_renews_its_token_once() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let (user, to) = (User::new(&exchange), User::new(&exchange));
    let mut account = user.account(&application(&exchange, &user.address));
    send(&mut account, &mail(&to.address)).unwrap();
    assert_eq!((user.messages("sentitems").len(), to.messages("inbox").len()), (1, 1));
    exchange.control("POST", "/tokens/expire", &json!({})).unwrap();
    send(&mut account, &mail(&to.address)).unwrap();
    assert_eq!(to.messages("inbox").len(), 2);
    assert_eq!(tokens_got(&exchange), 2);
    let report = json!(account.test("", &patience()).unwrap());
    assert_eq!(report["ok"], true, "{report:#}");
    // A token that is revoked in mid-run costs one renewal, and one that nothing renews is told of.
    exchange.control("POST", "/tokens/revoke", &json!({})).unwrap();
    user.deliver(&json!({"count": 2}));
    let (result, got) = fetch(&mut account, &json!({}), |_| Action::Seen);
    assert_eq!((got.len(), tokens_got(&exchange)), (2, 3), "{result:?}");
    exchange.fault(&json!({"match": {"path": "/EWS/.*"}, "times": 9, "action": {"status": 401, "body": "", "fields": {"WWW-Authenticate": "Bearer"}}})).unwrap();
    let error = send(&mut account, &mail(&to.address)).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), tokens_got(&exchange)), (Status::Auth, "auth.token_refused", 4), "{error:?}");
    assert_eq!(to.messages("inbox").len(), 2);
}

#[test]
fn a_shared_mailbox_is_opened_with_rights_or_not_at_all() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let (user, to) = (User::new(exchange), User::new(exchange));
    let shared = format!("gemeinsam-{}", user.address);
    exchange.control("POST", "/mailboxes", &json!({"address": shared, "name": "Bestellungen"})).unwrap();
    let settings = json!({"exchange": {"mailbox": shared}});
    let mut mail = mail(&to.address);
    mail["from"] = json!(shared);
    let error = send(&mut user.account(&settings), &mail).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "ews.access_denied"), "{error:?}");

    exchange.control("POST", "/rights", &json!({"mailbox": shared, "full_access": [user.address]})).unwrap();
    let error = send(&mut user.account(&settings), &mail).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Refused, "ews.send_as_denied"), "{error:?}");
    assert_eq!((user.messages("drafts"), in_folder(exchange, &shared, "drafts")), (vec![], vec![]));

    exchange.control("POST", "/rights", &json!({"mailbox": shared, "send_as": [user.address]})).unwrap();
    send(&mut user.account(&settings), &mail).unwrap();
    assert_eq!((in_folder(exchange, &shared, "sentitems").len(), user.messages("sentitems").len()), (1, 0));
    let inbox = to.messages("inbox");
    assert_eq!((inbox.len(), &inbox[0]["from"]), (1, &json!(shared)));
}
