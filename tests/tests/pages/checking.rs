//! Both pages as `check` sees them: layers, problems with their places, and what shows.

use crate::form::Form;
use serde_json::{Value, json};

#[test]
fn both_pages_are_free_of_problems_and_name_their_secrets() {
    let (Some(a), Some(b)) = (Form::a(), Form::b()) else { return };
    assert_eq!((a.problems("en"), a.warnings()), (vec![], vec![]));
    assert_eq!((b.problems("en"), b.warnings()), (vec![], vec![]));
    let secrets = ["company-smtp", "company-imap", "pop3"].map(|id| json!(format!("/accounts/{id}/auth/password")));
    assert_eq!(a.check("en")["secrets"], json!(secrets));
    assert_eq!(b.check("en")["secrets"], json!(["/accounts/in/auth/password", "/accounts/out-own/auth/password"]));
}

#[test]
fn page_a_is_merged_of_three_layers_and_each_value_tells_its_layer() {
    let Some(form) = Form::a() else { return };
    let check = form.check("en");
    assert_eq!(check["settings"]["accounts"]["imap"]["server"]["host"], "localhost");
    for (pointer, layer) in [
        ("/accounts/imap/server/host", "workstation"),
        ("/accounts/imap/server/port", "user"),
        ("/accounts/imap/server/timeout_seconds", "user"),
        ("/accounts/imap/imap/outbox", "user"),
        ("/accounts/pop3/auth/user", "user"),
        ("/accounts/imap/tls/verify", "default"),
        ("/accounts/company-imap/server/host", "company"),
        ("/accounts/company-imap/imap/inbox", "company"),
        ("/sender/charset", "company"),
        ("/send/fallback", "company"),
    ] {
        assert_eq!(check["origin"][pointer], layer, "{pointer}");
    }
}

#[test]
fn page_a_a_layer_sets_only_what_is_its_own() {
    for (layer, patch, pointer) in [
        ("user", json!({"accounts": {"imap": {"server": {"host": "a"}}}}), "/user/accounts/imap/server/host"),
        ("user", json!({"accounts": {"pop3": {"tls": {"ca_file": "a"}}}}), "/user/accounts/pop3/tls/ca_file"),
        ("user", json!({"accounts": {"company-imap": {"imap": {"outbox": "a"}}}}), "/user/accounts/company-imap/imap/outbox"),
        ("user", json!({"sender": {"charset": "utf-8"}}), "/user/sender/charset"),
        ("user", json!({"send": {"fallback": ["smtp"]}}), "/user/send/fallback"),
        ("workstation", json!({"accounts": {"imap": {"server": {"port": 993}}}}), "/workstation/accounts/imap/server/port"),
        ("workstation", json!({"accounts": {"imap": {"imap": {"outbox": "a"}}}}), "/workstation/accounts/imap/imap/outbox"),
        ("workstation", json!({"accounts": {"pop3": {"auth": {"user": "a"}}}}), "/workstation/accounts/pop3/auth/user"),
        ("workstation", json!({"accounts": {"company-smtp": {"server": {"host": "a"}}}}), "/workstation/accounts/company-smtp/server/host"),
        ("company", json!({"accounts": {"smtp": {"smtp": {"ehlo": "a"}}}}), "/company/accounts/smtp/smtp/ehlo"),
        ("company", json!({"receive": {"number": "0001"}}), "/company/receive/number"),
    ] {
        let Some(form) = Form::a() else { return };
        let form = form.with(json!({ layer: patch }));
        for (language, word) in [("de", "gehört"), ("sl", "sodi"), ("en", "belongs")] {
            let problems = form.problems(language);
            let found: Vec<_> = problems.iter().map(|(pointer, code, _)| (pointer.as_str(), code.as_str())).collect();
            assert_eq!(found, [(pointer, "settings.wrong_scope")], "{layer}: {patch}");
            assert!(problems[0].2.contains(word), "{}", problems[0].2);
        }
        // It is refused, not ignored.
        let id = pointer.split("/accounts/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or("imap");
        assert!(form.open(Some(id)).is_err(), "{pointer}");
    }
}

#[test]
fn page_a_problems_point_into_the_layer_that_can_repair_them() {
    let Some(form) = Form::a() else { return };
    let form = form.with(json!({
        "company": {"sender": {"charset": "ebcdic"}, "accounts": {"company-imap": {"tls": {"mode": "ssl"}}}},
        "user": {"accounts": {"imap": {"server": {"port": 0}, "imap": {"outbox": "a\r\nb"}}}},
        "workstation": {"accounts": {"pop3": {"server": {"host": ""}}}},
    }));
    let problems = form.problems("de");
    let found: Vec<_> = problems.iter().map(|(pointer, code, _)| (pointer.as_str(), code.as_str())).collect();
    for expected in [
        ("/company/sender/charset", "settings.charset_unknown"),
        ("/company/accounts/company-imap/tls/mode", "settings.not_a_choice"),
        ("/user/accounts/imap/server/port", "settings.out_of_range"),
        ("/user/accounts/imap/imap/outbox", "settings.line_break"),
        ("/workstation/accounts/pop3/server/host", "settings.required"),
    ] {
        assert!(found.contains(&expected), "{expected:?}: {found:#?}");
    }
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(problems.iter().all(|(_, code, message)| message != code && !message.is_empty()));
}

#[test]
fn the_fields_that_show_follow_from_the_choices() {
    let shows = |form: &Form, pointer: &str| {
        let visible: Value = form.check("en")["visible"].clone();
        visible.as_array().unwrap().contains(&json!(pointer))
    };
    let (Some(a), Some(b)) = (Form::a(), Form::b()) else { return };
    for field in ["imap/inbox", "imap/outbox", "imap/via", "server/port", "server/timeout_seconds", "tls/minimum", "auth/account"] {
        assert!(shows(&a, &format!("/accounts/imap/{field}")), "{field}");
    }
    // "Use POP3 account" hides name and password, and no TLS what belongs to it.
    assert!(!shows(&a, "/accounts/imap/auth/user") && !shows(&a, "/accounts/imap/auth/password"));
    assert!(shows(&a, "/accounts/pop3/auth/user") && !shows(&a, "/accounts/pop3/imap/outbox"));
    let a = a.with_account("imap", json!({"tls": {"mode": "none", "minimum": null}}));
    assert!(!shows(&a, "/accounts/imap/tls/minimum"));
    assert!(shows(&b, "/accounts/out/auth/method") && shows(&b, "/receive/operators") && shows(&b, "/receive/number"));
    let b = b.with_account("out", json!({"auth": {"method": "none", "account": null}}));
    assert!(!shows(&b, "/accounts/out/auth/user") && !shows(&b, "/accounts/out/auth/account"));
}
