//! What applies: defaults, what other fields decide, what "empty" means, and the sender of an account of its own.

use super::{Plugins, checked, is, problems, smtp};
use postkontor_core::settings::Document;
use serde_json::{Value, json};

fn account(patch: Value) -> Value {
    checked(&smtp(patch).to_string())["settings"]["accounts"]["a"].clone()
}

#[test]
fn the_settings_of_check_are_complete_with_the_port_that_would_be_used() {
    for (patch, port) in [
        (json!({}), 587),
        (json!({"tls": {"mode": "none"}}), 25),
        (json!({"tls": {"mode": "implicit"}}), 465),
        (json!({"server": {"port": 26}}), 26),
        (json!({"server": {"host": "mail.example.com:2525"}}), 2525),
        (json!({"server": {"host": "[2001:db8::1]:2525"}}), 2525),
    ] {
        assert_eq!(account(patch.clone())["server"]["port"], port, "{patch}");
    }
    let after_pop3 =
        account(json!({"auth": {"method": "pop-before-smtp"}, "smtp": {"pop3": {"host": "pop.example.com", "mode": "implicit"}}}));
    assert_eq!(after_pop3["smtp"]["pop3"], json!({"host": "pop.example.com", "port": 995, "mode": "implicit"}));
    // What check has completed means the same when it is given back.
    let again = json!({"accounts": {"a": account(json!({"server": {"host": "mail.example.com:2525"}, "auth": {"method": "none"}}))}});
    let errors: Vec<_> = problems(&again).into_iter().filter(|(_, code)| code != "settings.not_used").collect();
    assert_eq!(errors, []);
}

#[test]
fn a_group_that_is_left_out_means_the_same_as_an_empty_one() {
    let pop3 = |smtp: Value| {
        let mut document = super::smtp(json!({}));
        document["accounts"]["a"]["smtp"] = smtp;
        (problems(&document), checked(&document.to_string())["settings"].clone())
    };
    let expected = pop3(Value::Null);
    assert_eq!(expected.0, []);
    for given in [json!({}), json!({"pop3": null}), json!({"pop3": {}}), json!({"pop3": {"mode": "required"}}), json!({"ehlo": ""})] {
        assert_eq!(pop3(given.clone()), expected, "{given}");
    }
    // With something in it that would not apply anyway, it does not count and says so.
    assert_eq!(pop3(json!({"pop3": {"host": "pop.example.com"}})).0, is("/accounts/a/smtp/pop3", "settings.not_used"));
    let secret = |password: Value| problems(&smtp(json!({"tls": {"client_certificate": {"file": "c.p12", "password": password}}})));
    assert_eq!((secret(json!({})), secret(Value::Null)), (vec![], vec![]));
}

#[test]
fn what_is_said_of_tls_holds_for_pop3_before_smtp_also_where_smtp_has_none() {
    let told =
        json!({"mode": "none", "verify": false, "minimum": "1.3", "ca_file": "/ca.pem", "pin": format!("sha256:{}", "0".repeat(64))});
    let with = |method: &str, mode: &str| {
        json!({"tls": told.clone(), "auth": {"method": method, "user": "u", "password": "p", "allow_cleartext": true},
            "smtp": {"pop3": {"host": "pop.example.com", "mode": mode}}})
    };
    for mode in ["starttls", "auto", "implicit", "required"] {
        assert_eq!(account(with("pop-before-smtp", mode))["tls"], told, "{mode}");
        let problems = problems(&smtp(with("pop-before-smtp", mode)));
        assert!(problems.iter().all(|(_, code)| code != "settings.not_used"), "{problems:?}");
    }
    // Where nothing uses them they count for nothing, as before.
    for (method, mode) in [("pop-before-smtp", "none"), ("plain", "starttls")] {
        assert_eq!(account(with(method, mode))["tls"], json!({"mode": "none"}), "{method} {mode}");
        assert!(problems(&smtp(with(method, mode))).contains(&("/accounts/a/tls/pin".to_owned(), "settings.not_used".to_owned())));
    }
}

#[test]
fn pop3_before_smtp_shows_with_its_method_only_and_is_asked_for_then() {
    let shows = |method: &str| {
        let answer = checked(&smtp(json!({"auth": {"method": method}})).to_string());
        answer["visible"].as_array().unwrap().contains(&json!("/accounts/a/smtp/pop3/host"))
    };
    assert_eq!((shows("plain"), shows("pop-before-smtp")), (false, true));
    assert_eq!(problems(&smtp(json!({"auth": {"method": "pop-before-smtp"}}))), is("/accounts/a/smtp/pop3/host", "settings.required"));
}

#[test]
fn what_empty_means_is_told() {
    let answer = checked(&smtp(json!({})).to_string());
    assert_eq!(answer["empty"]["/send/account"], "Empty: the only account, where there is just one.");
    assert_eq!(answer["empty"]["/sender/address"], "Empty: each message names its own.");
    let named = checked(r#"{"sender": {"address": "a@example.com"}}"#);
    assert_eq!(named["empty"].get("/sender/address"), None);
}

#[test]
fn the_sender_of_an_account_is_laid_over_that_of_the_document_field_by_field() {
    let mut document = smtp(json!({}));
    document["accounts"]["b"] = document["accounts"]["a"].clone();
    document["accounts"]["b"]["sender"] = json!({"address": "sales@example.com", "html": {"enabled": true}});
    document["sender"] = json!({"address": "office@example.com", "name": "Office", "charset": "iso-8859-2", "bcc_to_sender": true});
    assert_eq!(problems(&document), []);
    let parsed = Document::parse(&document.to_string(), &Plugins).unwrap();
    let sender = parsed.account("b").unwrap().sender.clone();
    assert_eq!((sender.address.as_deref(), sender.name.as_deref()), (Some("sales@example.com"), Some("Office")));
    assert_eq!((sender.charset.as_str(), sender.bcc_to_sender, sender.html.unwrap().enabled), ("iso-8859-2", true, true));
    assert_eq!(parsed.account("a").unwrap().sender, parsed.sender);
    // What the account does not say is not written into it.
    let shown = checked(&document.to_string())["settings"]["accounts"]["b"]["sender"].clone();
    assert_eq!(shown, json!({"address": "sales@example.com", "html": {"enabled": true}}));

    for (sender, field, code) in [
        (json!({"address": "sales"}), "/address", "settings.address_invalid"),
        (json!({"charset": "ebcdic"}), "/charset", "settings.charset_unknown"),
        (json!({"adress": "x"}), "/adress", "settings.unknown_member"),
        (json!("sales"), "", "settings.wrong_type"),
        (json!({"html": {"enabled": true, "logo": "/nowhere/logo.png"}}), "/html/logo", "sender.logo_unreadable"),
    ] {
        document["accounts"]["b"]["sender"] = sender;
        assert_eq!(problems(&document), is(&format!("/accounts/b/sender{field}"), code));
    }
}

#[test]
fn an_account_s_sender_belongs_to_the_user_or_to_the_company_whose_account_it_is() {
    let account = json!({"transport": "sendmail", "sender": {"address": "a@example.com"}});
    let layered =
        |layer: &str| problems(&json!({layer: {"accounts": {"a": account}}, "user": {"accounts": {"a": account}}, "company": {}}));
    assert_eq!(layered("user"), []);
    let on_workstation =
        json!({"user": {"accounts": {"a": {"transport": "sendmail"}}}, "workstation": {"accounts": {"a": {"sender": {"name": "x"}}}}});
    assert_eq!(problems(&on_workstation), is("/workstation/accounts/a/sender/name", "settings.wrong_scope"));
    assert_eq!(problems(&json!({"company": {"accounts": {"a": account}}})), []);
}
