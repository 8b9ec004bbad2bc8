//! Page D: the server type Exchange, before the double.

use crate::form::{host_with_log, mail, patience, plugins_of_d};
use crate::page_d_setup::Page;
use postkontor_core::Status;
use postkontor_tests::certificates::Kind;
use postkontor_tests::exchange::{Exchange, PASSWORD};
use postkontor_tests::folder::Folder;
use postkontor_tests::kerberos::{Domain, USER};
use postkontor_tests::skip;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};

const CONNECTIONS: [&str; 3] = ["exchange-sales", "exchange-support", "exchange-windows"];

fn subjects(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["subject"].as_str().unwrap()).collect()
}

fn addresses(receipt: &Value) -> Vec<&str> {
    receipt["recipients"].as_array().unwrap().iter().map(|recipient| recipient["address"].as_str().unwrap()).collect()
}

#[test]
fn server_type_exchange_sends_by_ews_and_the_settings_choose_the_type() {
    let Some(page) = Page::new() else { return };
    let to = page.exchange.user().unwrap();
    let form = page.form.with(json!({"send": {"account": "exchange-support"}}));
    let receipt = form.send(None, &to).unwrap();
    assert_eq!((&receipt["account"], &receipt["transport"]), (&json!("exchange-support"), &json!("exchange-ews")));
    assert_eq!((page.messages(&to, "inbox").len(), page.messages(&page.support, "sentitems").len()), (1, 1));
}

#[test]
fn each_of_the_named_connections_has_a_purpose_of_its_own() {
    let Some(page) = Page::new() else { return };
    let to = page.exchange.user().unwrap();
    for id in CONNECTIONS {
        let letter = json!({"to": [to], "subject": id, "text": "x"});
        let receipt = page.form.send_mail(Some(id), &letter).unwrap_or_else(|error| panic!("{id}: {error:?}"));
        assert_eq!(receipt["account"], id);
        assert_eq!(page.form.good(id, "login")["status"], "ok");
    }
    assert_eq!(subjects(&page.messages(&page.sales, "sentitems")), ["exchange-sales"]);
    assert_eq!(subjects(&page.messages(&page.support, "sentitems")), ["exchange-support", "exchange-windows"]);
    let arrived = page.messages(&to, "inbox");
    let from: Vec<&Value> = arrived.iter().map(|message| &message["from"]).collect();
    assert_eq!(from, [&json!(page.sales), &json!(page.support), &json!(page.support)]);
}

#[test]
fn a_connection_moves_to_graph_by_its_transport() {
    let Some(page) = Page::new() else { return };
    page.form.send(Some("exchange-sales"), &page.support).unwrap();
    let url = format!("{}/v1.0", page.exchange.secure());
    let moved = page.with_account("exchange-sales", json!({"transport": "graph", "exchange": {"url": url}}));
    assert_eq!((moved.form.problems("en"), moved.form.warnings()), (vec![], vec![]));
    let receipt = moved.form.send(Some("exchange-sales"), &page.support).unwrap();
    assert_eq!((&receipt["transport"], addresses(&receipt)), (&json!("graph"), vec![page.support.as_str(), page.sales.as_str()]));
    assert_eq!(moved.form.good("exchange-sales", "login")["status"], "ok");
    assert_eq!((page.messages(&page.sales, "sentitems").len(), page.messages(&page.sales, "inbox").len()), (2, 2));
    assert_eq!(page.messages(&page.support, "inbox").len(), 2);
    // The SMTP connection goes on taking its data from there, and asks for a token of its own.
    page.form.exim.dovecot().trust_tokens_of(page.exchange);
    moved.form.send(Some("smtp-oauth"), "moved@oauth.example").unwrap();
    assert!(page.form.exim.delivery("moved@oauth.example").is_some());
}

#[test]
fn by_oauth_the_token_is_got_before_sending_and_kept_until_it_expires() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let Some(page) = Page::at(&exchange) else { return };
    assert_eq!(page.token_requests(), 0);
    let mut account = page.form.account("exchange-sales");
    assert_eq!(page.token_requests(), 0, "opening asks for nothing");
    let mut send = || account.send_document(&mail(&page.support).to_string(), &[], &patience()).map(|receipt| json!(receipt)).unwrap();
    send();
    assert_eq!(page.token_requests(), 1);
    send();
    // Another account of the same connection's data, and another handle.
    page.form.send(Some("exchange-sales"), &page.support).unwrap();
    assert_eq!(page.form.good("exchange-sales", "login")["status"], "ok");
    assert_eq!(page.token_requests(), 1, "the token is kept");
    exchange.control("POST", "/tokens/expire", &json!({})).unwrap();
    send();
    assert_eq!(page.token_requests(), 2, "an expired token is replaced once");
    assert_eq!((page.messages(&page.support, "inbox").len(), page.messages(&page.sales, "sentitems").len()), (4, 4));
}

#[test]
fn mailbox_client_tenant_and_secret_are_those_of_the_settings() {
    let Some(page) = Page::new() else { return };
    for (member, value, code) in [
        ("client_secret", "falsch-9", "oauth.secret_wrong"),
        ("tenant", "nirgends.example", "oauth.tenant_unknown"),
        ("client_id", "99999999-0000-0000-0000-000000000000", "oauth.client_unknown"),
    ] {
        let changed = page.with_account("exchange-sales", json!({"auth": {"oauth2": {member: value}}}));
        let error = changed.form.send(Some("exchange-sales"), &page.support).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Auth, code), "{error:?}");
        assert!(!format!("{error:?}").contains("falsch-9"));
        let step = changed.form.failed("exchange-sales");
        assert_eq!((&step["code"], &step["step"]), (&json!(code), &json!("token")), "{step:#}");
    }
    let nobody = json!({"exchange": {"mailbox": "niemand@example.com"}});
    let error = page.with_account("exchange-sales", nobody).form.send(Some("exchange-sales"), &page.support).unwrap_err();
    assert_eq!(error.code, "ews.mailbox_missing", "{error:?}");
    assert_eq!(page.messages(&page.support, "inbox").len(), 0);
}

#[test]
fn by_password_and_by_windows_the_given_user_logs_in() {
    let Some(page) = Page::new() else { return };
    let windows = page.with_account("exchange-support", json!({"auth": {"method": "ntlm"}}));
    page.form.send(Some("exchange-support"), &page.sales).unwrap();
    windows.form.send(Some("exchange-support"), &page.sales).unwrap();
    page.form.send(Some("exchange-windows"), &page.sales).unwrap();
    let logins = page.logins(&page.support);
    let methods: Vec<&str> = logins.iter().map(|(scheme, _)| scheme.as_str()).collect();
    assert!(methods.contains(&"Basic") && methods.iter().any(|scheme| ["NTLM", "Negotiate"].contains(scheme)), "{logins:?}");
    assert_eq!(page.messages(&page.sales, "inbox").len(), 3);
    // A bare refusal of NTLM may mean Extended Protection, too, which the sentence says.
    for (id, code) in [("exchange-support", "auth.refused"), ("exchange-windows", "auth.binding_refused")] {
        let wrong = page.with_account(id, json!({"auth": {"password": "falsch-9"}}));
        let error = wrong.form.send(Some(id), &page.sales).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Auth, code), "{id}");
    }
}

#[test]
fn windows_without_a_user_is_the_one_who_is_logged_on() {
    if !Domain::is_installed() {
        return skip::because("krb5-kdc, krb5-admin-server or krb5-user is not installed");
    }
    let domain = Domain::start().unwrap();
    let Some(exchange) = Exchange::start_with(Kind::Good, Some(&domain)).unwrap() else { return };
    let Some(page) = Page::at(&exchange) else { return };
    let page = page.with_account("exchange-windows", json!({"auth": {"user": null, "password": null}}));
    let folder = Folder::new().unwrap();
    std::fs::write(folder.file("settings.json"), page.form.document.to_string()).unwrap();
    let test = || -> Value {
        let settings = folder.file("settings.json").display().to_string();
        let mut command = postkontor(["test", &settings, "--account", "exchange-windows", "--json", "--plugins", plugins_of_d()]).unwrap();
        let output = command.envs(domain.environment()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    };
    let without = test();
    let failed = without["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail").unwrap();
    assert_eq!(failed["code"], "auth.ticket_missing", "{failed:#}");
    domain.log_on().unwrap();
    let report = test();
    assert_eq!(report["ok"], true, "{report:#}");
    let logins = page.logins(USER);
    assert!(logins.iter().any(|(_, login)| login["protocol"] == "kerberos"), "{logins:?}");
}

#[test]
fn the_sender_address_is_that_of_the_connection_and_a_message_may_bring_its_own() {
    let Some(page) = Page::new() else { return };
    let to = page.exchange.user().unwrap();
    let mut own = mail(&to);
    own["from"] = json!("shared@example.com");
    page.exchange.control("POST", "/rights", &json!({"mailbox": "shared@example.com", "send_as": [page.support]})).unwrap();
    let receipt = page.form.send_mail(Some("exchange-support"), &own).unwrap();
    assert_eq!(addresses(&receipt), [to.as_str(), "shared@example.com"], "the copy goes to the address of the From field");
    assert_eq!(page.messages(&to, "inbox")[0]["from"], "shared@example.com");
    // Who has no right to it is refused, and nothing stays behind.
    let error = page.form.send_mail(Some("exchange-sales"), &own).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Refused, "ews.send_as_denied"), "{error:?}");
    assert_eq!((page.messages(&page.sales, "drafts").len(), page.messages(&to, "inbox").len()), (0, 1));
}

#[test]
fn bcc_to_sender_brings_the_mail_to_the_mailbox_too_and_no_header_shows_it() {
    let Some(page) = Page::new() else { return };
    let to = page.exchange.user().unwrap();
    for (id, mailbox) in [("exchange-sales", &page.sales), ("exchange-support", &page.support)] {
        let receipt = page.form.send(Some(id), &to).unwrap();
        assert_eq!(addresses(&receipt), [&to, mailbox]);
        let own = page.messages(mailbox, "inbox");
        assert_eq!((own.len(), &own[0]["bcc"]), (1, &json!([])));
    }
    let arrived = page.messages(&to, "inbox");
    assert!(arrived.len() == 2 && arrived.iter().all(|message| message["bcc"] == json!([])), "{arrived:?}");
    for message in &arrived {
        let raw = page.exchange.control_bytes("POST", "/mime", &json!({"mailbox": to, "id": message["id"]})).unwrap();
        assert!(!String::from_utf8_lossy(&raw).to_ascii_lowercase().contains("\nbcc:"));
    }
    let off = page.form.with(json!({"sender": {"bcc_to_sender": false}}));
    assert_eq!(addresses(&off.send(Some("exchange-sales"), &to).unwrap()), [&to]);
    assert_eq!(page.messages(&page.sales, "inbox").len(), 1);
}

#[test]
fn the_timeout_of_a_connection_is_in_seconds() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let Some(page) = Page::at(&exchange) else { return };
    exchange.fault(&json!({"match": {"path": "/EWS/Exchange.asmx"}, "action": {"delay": 20}})).unwrap();
    let page = page.with_account("exchange-support", json!({"server": {"timeout_seconds": 1}}));
    let error = page.form.account("exchange-support").list("{}", &patience()).unwrap_err();
    assert_eq!(error.status, Status::Timeout, "{error:?}");
    let page = page.with_account("exchange-support", json!({"server": {"timeout_seconds": "soon"}}));
    let found: Vec<_> = page.form.problems("en").into_iter().map(|(pointer, code, _)| (pointer, code)).collect();
    assert_eq!(found, [("/accounts/exchange-support/server/timeout_seconds".to_owned(), "settings.wrong_type".to_owned())]);
}

#[test]
fn the_test_button_says_what_failed_at_exchange_and_the_log_file_has_the_details() {
    let Some(page) = Page::new() else { return };
    let page = page.with_account("exchange-support", json!({"auth": {"password": "falsch-9"}}));
    let folder = Folder::new().unwrap();
    let host = host_with_log("de", &json!({"file": folder.file("mail.log"), "level": "trace"}));
    let report = json!(page.form.open_in(&host, Some("exchange-support")).unwrap().test("{}", &patience()).unwrap());
    let steps = report["steps"].as_array().unwrap();
    let failed = steps.iter().find(|step| step["status"] == "fail").unwrap();
    assert_eq!((&report["ok"], &failed["step"], &failed["code"]), (&json!(false), &json!("login"), &json!("auth.refused")), "{failed:#}");
    assert!(failed["message"].as_str().unwrap().contains("Anmeldung") && !failed["advice"].as_array().unwrap().is_empty(), "{failed:#}");
    json!(page.form.open_in(&host, Some("exchange-sales")).unwrap().test("{}", &patience()).unwrap());
    let log = std::fs::read_to_string(folder.file("mail.log")).unwrap();
    for detail in [
        "exchange-support: test, step login: fail auth.refused",
        "C: POST /EWS/Exchange.asmx",
        "S: HTTP/1.1 401",
        "exchange-sales: test of ",
    ] {
        assert!(log.contains(detail), "{detail} in {log}");
    }
    for secret in ["falsch-9", PASSWORD, "app~Secret.8Q", "ZmFsc2NoLTk", "eyJ"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn a_saved_change_of_the_connection_is_used_by_the_next_call() {
    let Some(page) = Page::new() else { return };
    let host = host_with_log("en", &Value::Null);
    let to = page.exchange.user().unwrap();
    let send = |page: &Page<'_>| {
        let mut account = page.form.open_in(&host, Some("exchange-sales")).unwrap();
        account.send_document(&mail(&to).to_string(), &[], &patience()).map(drop)
    };
    send(&page).unwrap();
    let wrong = page.with_account("exchange-sales", json!({"auth": {"oauth2": {"client_secret": "falsch-9"}}}));
    assert_eq!(send(&wrong).unwrap_err().status, Status::Auth, "the token of the old secret is not that of the new one");
    let moved = json!({"exchange": {"mailbox": page.support}, "sender": {"address": page.support}});
    send(&page.with_account("exchange-sales", moved)).unwrap();
    assert_eq!((page.messages(&page.sales, "sentitems").len(), page.messages(&page.support, "sentitems").len()), (1, 1));
}
