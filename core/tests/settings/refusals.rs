//! What cannot work is refused where it is written, and what was probably meant is named.

use super::{Plugins, checked, is, problems, smtp};
use postkontor_core::settings::{Document, check};
use postkontor_core::texts::Texts;
use serde_json::{Value, json};

/// Accounts of every kind, with what refers to them.
fn with(groups: Value) -> Value {
    let server = json!({"host": "mail.example.com"});
    let auth = json!({"user": "u", "password": "p"});
    let mut document = json!({"accounts": {
        "out": {"transport": "smtp", "server": server, "auth": auth},
        "in": {"transport": "pop3", "server": server, "auth": auth},
        "box": {"transport": "imap", "server": server, "auth": auth},
    }});
    for (name, group) in groups.as_object().unwrap() {
        document[name] = group.clone();
    }
    document
}

/// The sentences of the errors in a language.
fn sentences(document: &Value, language: &str) -> Vec<String> {
    let answer = json!(check(&document.to_string(), &Plugins, || Box::new(Texts::new()), language));
    answer["problems"].as_array().unwrap().iter().map(|problem| problem["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_account_that_is_to_send_or_to_fetch_must_be_able_to() {
    for (groups, pointer, code) in [
        (json!({"send": {"account": "in"}}), "/send/account", "settings.sending_account_unable"),
        (json!({"send": {"account": "out", "fallback": ["in"]}}), "/send/fallback/0", "settings.sending_account_unable"),
        (json!({"send": {"account": "out", "fallback": "in"}}), "/send/fallback", "settings.sending_account_unable"),
        (json!({"receive": {"account": "out"}}), "/receive/account", "settings.receiving_account_unable"),
    ] {
        let document = with(groups);
        assert_eq!(problems(&document), is(pointer, code), "{document}");
        assert!(Document::parse(&document.to_string(), &Plugins).is_err(), "{document}");
    }
    assert_eq!(problems(&with(json!({"send": {"account": "box", "fallback": ["out"]}, "receive": {"account": "in"}}))), []);
    let wrong = with(json!({"send": {"account": "in"}}));
    for (language, sentence) in [
        ("en", "The account “in” uses the transport pop3, which cannot send. Did you mean “out”?"),
        ("de", "Das Konto „in“ verwendet den Transport pop3, der nicht senden kann. Meinten Sie „out“?"),
        ("sl", "Račun »in« uporablja prenos pop3, ki ne more pošiljati. Ste mislili »out«?"),
    ] {
        assert_eq!(sentences(&wrong, language), [sentence]);
    }
}

#[test]
fn of_a_group_with_nothing_but_an_unknown_member_only_that_is_said() {
    let unknown = |name: &str| (format!("/accounts/a/tls/client_certificate/{name}"), "settings.unknown_member".to_owned());
    for (given, name) in [
        (json!({"fil": "own.p12"}), "fil"),
        (json!({"no_such_member": 1, "file": "", "password": {"secret": null}}), "no_such_member"),
        (json!({"no_such_member": 1, "password": null}), "no_such_member"),
    ] {
        assert_eq!(problems(&smtp(json!({"tls": {"client_certificate": given}}))), [unknown(name)], "{given}");
    }
    let required = ("/accounts/a/tls/client_certificate/file".to_owned(), "settings.required".to_owned());
    let meant = smtp(json!({"tls": {"client_certificate": {"no_such_member": 1, "password": {"secret": "kept"}}}}));
    assert_eq!(problems(&meant), [unknown("no_such_member"), required]);
}

#[test]
fn an_account_that_sends_by_itself_or_in_a_circle_is_refused() {
    let sends_by = |document: &mut Value, account: &str, via: &str| document["accounts"][account]["imap"] = json!({ "via": via });
    let mut document = with(json!({}));
    sends_by(&mut document, "box", "box");
    assert_eq!(problems(&document), is("/accounts/box/imap/via", "settings.via_loop"));
    document["accounts"]["box2"] = document["accounts"]["box"].clone();
    document["accounts"]["box3"] = document["accounts"]["box"].clone();
    sends_by(&mut document, "box", "box2");
    sends_by(&mut document, "box2", "box");
    sends_by(&mut document, "box3", "box");
    let found: Vec<_> =
        ["box", "box2", "box3"].iter().flat_map(|id| is(&format!("/accounts/{id}/imap/via"), "settings.via_loop")).collect();
    assert_eq!(problems(&document), found);
    sends_by(&mut document, "box2", "out");
    assert_eq!(problems(&document), []);
    sends_by(&mut document, "box2", "in");
    assert_eq!(problems(&document), is("/accounts/box2/imap/via", "settings.sending_account_unable"));
}

#[test]
fn a_host_that_no_resolver_can_find_is_refused_and_blanks_around_one_are_cut_off() {
    for host in ["101.202.303.404:88", "a..b", "-x.de", ".de", "x-.de:25", "1.2.3"] {
        assert_eq!(problems(&smtp(json!({"server": {"host": host}}))), is("/accounts/a/server/host", "settings.host_invalid"), "{host}");
        let mut second = smtp(json!({"auth": {"method": "pop-before-smtp"}}));
        second["accounts"]["a"]["smtp"] = json!({"pop3": {"host": host}});
        assert_eq!(problems(&second), is("/accounts/a/smtp/pop3/host", "settings.host_invalid"), "{host}");
    }
    let pasted = smtp(json!({"server": {"host": " mail.example.com:587 "}}));
    assert_eq!(problems(&pasted), []);
    let account = Document::parse(&pasted.to_string(), &Plugins).unwrap().account("a").unwrap();
    assert_eq!(account.settings["server"]["host"], "mail.example.com:587");
}

#[test]
fn a_template_or_logo_that_no_mail_could_be_made_with_is_refused() {
    let folder = format!("{}/../tests/pages", env!("CARGO_MANIFEST_DIR"));
    let html = |member: &str, file: &str| json!({"sender": {"html": {"enabled": true, member: format!("{folder}/{file}")}}});
    for (document, pointer, code) in [
        (html("logo", "nowhere.png"), "/sender/html/logo", "sender.logo_unreadable"),
        (html("template", "nowhere.html"), "/sender/html/template", "sender.template_unreadable"),
        (html("template", "logo.png"), "/sender/html/template", "sender.template_unreadable"),
        (html("template", "page-a.json"), "/sender/html/template", "sender.template_without_content"),
    ] {
        assert_eq!(problems(&document), is(pointer, code));
        // What only the files lack may be mended without a word to the settings, so they can be opened.
        assert!(Document::parse(&document.to_string(), &Plugins).is_ok());
    }
    assert_eq!(problems(&html("logo", "logo.png")), []);
    let layered = json!({"company": html("logo", "nowhere.png"), "user": {}});
    assert_eq!(problems(&layered), is("/company/sender/html/logo", "sender.logo_unreadable"));
}

#[test]
fn operators_that_are_missing_are_an_error_and_sending_goes_on() {
    let document = with(json!({"send": {"account": "out"}, "receive": {"account": "in", "routing": true}}));
    let answer = checked(&document.to_string());
    assert_eq!(problems(&document), is("/receive/operators", "receive.operator_missing"));
    assert_eq!(answer["problems"][0]["severity"], "error");
    assert!(Document::parse(&document.to_string(), &Plugins).unwrap().account("out").is_ok());
}

#[test]
fn a_number_that_can_only_be_one_of_the_choices_is_that_choice() {
    for (given, taken) in [(json!(1.2), "1.2"), (json!(1.0), "1.0"), (json!("1.3"), "1.3")] {
        let answer = checked(&smtp(json!({"tls": {"minimum": given}})).to_string());
        assert_eq!(answer["settings"]["accounts"]["a"]["tls"]["minimum"], taken);
    }
    let found = problems(&smtp(json!({"tls": {"minimum": 1.25}})));
    assert_eq!(found, is("/accounts/a/tls/minimum", "settings.not_a_choice"));
}

#[test]
fn a_slip_in_a_transport_or_a_member_is_recognised() {
    for (document, pointer, sentence) in [
        (
            json!({"accounts": {"a": {"transport": "smpt"}}}),
            "/accounts/a/transport",
            "There is no transport “smpt” here that works. Did you mean “smtp”?",
        ),
        (json!({"acounts": {}}), "/acounts", "There is no setting “acounts” here. Did you mean “accounts”?"),
        (json!({"compny": {}}), "/compny", "There is no setting “compny” here. Did you mean “company”?"),
        (
            json!({"user": {}, "compny": {}}),
            "/compny",
            "“compny” must stand in one of the layers company, user, workstation, not beside them. Did you mean “company”?",
        ),
        (json!({"send": {"acount": "x"}}), "/send/acount", "There is no setting “acount” here. Did you mean “account”?"),
        (
            json!({"accounts": {"a": {"transport": "sendmail", "sendr": {}}}}),
            "/accounts/a/sendr",
            "There is no setting “sendr” here. Did you mean “sender”?",
        ),
    ] {
        let answer = checked(&document.to_string());
        assert_eq!((&answer["problems"][0]["pointer"], &answer["problems"][0]["message"]), (&json!(pointer), &json!(sentence)));
    }
    let missing = problems(&json!({"accounts": {"a": {"transprot": "smtp"}}}));
    assert_eq!(
        missing,
        [is("/accounts/a/transport", "settings.required"), is("/accounts/a/transprot", "settings.unknown_member")].concat()
    );
}

#[test]
fn the_names_of_all_accounts_are_searched_for_the_first_unknown_ones_only() {
    // How often a name was searched among all others: as often in a document of twice the size.
    let searches = |count: usize| {
        let account = |index: usize| json!({"transport": "smtp", "server": {"host": "h"}, "auth": {"method": "account", "account": format!("konto{index}x")}});
        let accounts: serde_json::Map<_, _> = (0..count).map(|index| (format!("konto{index}"), account(index))).collect();
        let answer = checked(&json!({ "accounts": accounts }).to_string());
        let messages = answer["problems"].as_array().unwrap().iter().map(|problem| problem["message"].as_str().unwrap());
        let (with, without): (Vec<_>, Vec<_>) = messages.partition(|message| message.contains("Did you mean"));
        (with.len(), without.len())
    };
    assert_eq!((searches(150), searches(300)), ((100, 50), (100, 200)));
}
