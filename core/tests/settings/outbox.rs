//! The groups `outbox` and `bridge`: what may stand in them, and what is risky.

use super::{Plugins, checked, is, problems};
use postkontor_core::settings::{Document, Limit, Login, OnUncertain, Password, Pauses, ServerTlsMode};
use serde_json::{Value, json};

/// A document with these groups beside two accounts.
fn document(outbox: &Value, bridge: &Value) -> Value {
    let account = json!({"transport": "sendmail"});
    json!({"accounts": {"a": account, "b": account}, "send": {"account": "a"}, "outbox": outbox, "bridge": bridge})
}

/// A bridge in which nothing is wrong, with this at its place.
fn bridge(pointer: &str, value: Value) -> Value {
    let mut bridge = json!({"smtp": {"listen": "127.0.0.1:2525", "tls": {}}, "logins": [{"user": "scanner", "password": "geheim"}]});
    if let Some((group, name)) = pointer.rsplit_once('/') {
        bridge.pointer_mut(group).unwrap()[name] = value;
    }
    bridge
}

fn store() -> Value {
    json!({"store": "sqlite:/var/lib/erp/outbox.db"})
}

#[test]
fn neither_group_is_needed_and_an_empty_one_is_none() {
    let filled_in_by_forms = json!({"smtp": {"tls": {"mode": "none"}, "max_bytes": 52_428_800}, "pop3": null, "logins": []});
    for (outbox, bridge) in [
        (Value::Null, Value::Null),
        (json!({}), json!({})),
        (json!({"retry": {}, "keep_days": 30, "on_uncertain": "hold", "store": ""}), filled_in_by_forms),
    ] {
        let given = document(&outbox, &bridge);
        assert_eq!(problems(&given), []);
        let parsed = Document::parse(&given.to_string(), &Plugins).unwrap();
        assert!(parsed.outbox.is_none() && parsed.bridge.is_none());
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let parsed = Document::parse(&document(&store(), &bridge("", Value::Null)).to_string(), &Plugins).unwrap();
    let (outbox, bridge) = (parsed.outbox.unwrap(), parsed.bridge.unwrap());
    let pauses = Pauses { first_seconds: 60, factor: 2, max_seconds: 3600, give_up_hours: 48 };
    assert_eq!((outbox.keep_days, &outbox.retry, outbox.on_uncertain, outbox.limits.as_slice()), (30, &pauses, OnUncertain::Hold, &[][..]));
    assert!(matches!(outbox.store, Some(Password::Literal(path)) if path.reveal() == "sqlite:/var/lib/erp/outbox.db"));
    let smtp = bridge.smtp.unwrap();
    assert_eq!((smtp.tls.mode, smtp.max_bytes, smtp.anonymous), (ServerTlsMode::None, 52_428_800, None));
    assert!(bridge.pop3.is_none());
    assert!(matches!(bridge.logins.as_slice(), [Login { user, account: None, sender: None, .. }] if user == "scanner"));
}

#[test]
fn what_is_given_is_read() {
    let outbox = json!({
        "store": {"secret": "outbox"}, "keep_days": 7, "on_uncertain": "send_again", "retry": {"first_seconds": 5},
        "limits": [{"account": "b", "per_minute": 30, "connections": 2}],
    });
    let tls = json!({"mode": "starttls", "certificate": {"file": "server.p12", "password": {"secret": "p12"}}, "minimum": "1.3"});
    let bridge = json!({
        "smtp": {"listen": "[::]:587", "tls": tls}, "pop3": {"listen": "localhost:1100"},
        "logins": [{"user": "u", "password": {"secret": "p"}, "account": "b", "sender": "scanner@example.com"}],
    });
    let given = document(&outbox, &bridge);
    assert_eq!(problems(&given), []);
    let parsed = Document::parse(&given.to_string(), &Plugins).unwrap();
    let outbox = parsed.outbox.unwrap();
    assert_eq!(outbox.store, Some(Password::Reference { secret: "outbox".to_owned() }));
    assert_eq!((outbox.retry.first_seconds, outbox.retry.factor), (5, 2));
    assert_eq!(outbox.limits, [Limit { account: "b".to_owned(), per_minute: Some(30), connections: Some(2) }]);
    let certificate = parsed.bridge.unwrap().smtp.unwrap().tls.certificate.unwrap();
    assert_eq!(certificate.password, Some(Password::Reference { secret: "p12".to_owned() }));
}

#[test]
fn no_secret_of_theirs_is_shown() {
    let outbox = json!({"store": "postgresql://erp:geheim@db.example.com/erp?sslmode=prefer"});
    let answer = checked(
        &document(&outbox, &bridge("/smtp/tls", json!({"mode": "implicit", "certificate": {"file": "a", "password": "geheim"}})))
            .to_string(),
    );
    assert_eq!(answer["secrets"], json!(["/outbox/store", "/bridge/smtp/tls/certificate/password", "/bridge/logins/0/password"]));
    assert_eq!((&answer["ok"], answer.to_string().contains("geheim")), (&json!(true), false), "{answer:#}");
    let answer = checked(&document(&json!({"store": "postgres:erp:geheim@db"}), &Value::Null).to_string());
    assert_eq!((&answer["ok"], answer.to_string().contains("geheim")), (&json!(false), false), "{answer:#}");
}

#[test]
fn a_store_that_does_not_last_is_refused_and_a_risky_one_noted() {
    let found = |store: &str| problems(&document(&json!({"store": store}), &Value::Null));
    for store in ["outbox.db", "sqlite:", "sqlite::memory:", "mysql://a/b"] {
        assert_eq!(found(store), is("/outbox/store", "settings.store_unknown"), "{store}");
    }
    assert_eq!(found("sqlite:outbox.db"), is("/outbox/store", "settings.store_relative"));
    assert_eq!(found("postgresql://db.example.com/erp?sslmode=disable"), is("/outbox/store", "settings.store_in_clear"));
    for store in [r"sqlite:C:\Erp\outbox.db", "postgresql://db.example.com/erp", "postgresql://127.0.0.1/erp?sslmode=disable"] {
        assert_eq!(found(store), [], "{store}");
    }
    assert_eq!(problems(&document(&json!({"keep_days": 7}), &Value::Null)), []);
}

#[test]
fn a_limit_names_an_account_once() {
    let limits = |limits: Value| {
        let mut outbox = store();
        outbox["limits"] = limits;
        problems(&document(&outbox, &Value::Null))
    };
    assert_eq!(limits(json!([{"account": "a"}, {"account": "b"}])), []);
    assert_eq!(limits(json!([{"account": "c", "per_minute": 1}])), is("/outbox/limits/0/account", "settings.account_unknown"));
    assert_eq!(limits(json!([{"account": "a"}, {"account": "a"}])), is("/outbox/limits/1/account", "settings.limit_twice"));
    assert_eq!(limits(json!([{"per_minute": 1}])), is("/outbox/limits/0/account", "settings.required"));
}

#[test]
fn a_bridge_that_others_reach_needs_tls_and_a_login() {
    let found = |pointer: &str, value: Value| problems(&document(&store(), &bridge(pointer, value)));
    assert_eq!(found("", Value::Null), []);
    for here in ["127.0.0.2:25", "[::1]:2525", "localhost:0", "[::ffff:127.0.0.1]:25"] {
        assert_eq!(found("/smtp/listen", json!(here)), [], "{here}");
    }
    for elsewhere in ["0.0.0.0:25", "[::]:25", "192.0.2.1:2525"] {
        assert_eq!(found("/smtp/listen", json!(elsewhere)), is("/bridge/smtp/tls/mode", "settings.listen_without_tls"), "{elsewhere}");
    }
    for wrong in ["2525", "localhost", "db.example.com:25", "127.0.0.1", "::1:25:x"] {
        assert_eq!(found("/smtp/listen", json!(wrong)), is("/bridge/smtp/listen", "settings.listen_invalid"), "{wrong}");
    }
    assert_eq!(found("/smtp/anonymous", json!("b")), []);
    let tls = json!({"mode": "implicit", "certificate": {"file": "a.p12"}});
    let mut open = json!({"listen": "0.0.0.0:25", "tls": tls});
    assert_eq!(found("/smtp", open.clone()), []);
    open["anonymous"] = json!("a");
    assert_eq!(found("/smtp", open), is("/bridge/smtp/anonymous", "settings.listen_without_login"));
    assert_eq!(found("/pop3", json!({"listen": "0.0.0.0:110"})), is("/bridge/pop3/tls/mode", "settings.listen_without_tls"));
    assert_eq!(found("/smtp/tls", json!({"mode": "starttls"})), is("/bridge/smtp/tls/certificate/file", "settings.required"));
    let outdated = json!({"mode": "starttls", "certificate": {"file": "a"}, "minimum": "1.0"});
    assert_eq!(found("/smtp/tls", outdated), is("/bridge/smtp/tls/minimum", "settings.tls_outdated"));
}

#[test]
fn a_bridge_that_could_do_nothing_is_refused() {
    let found = |outbox: &Value, bridge: Value| problems(&document(outbox, &bridge));
    let logins = json!([{"user": "u", "password": "p"}]);
    assert_eq!(found(&store(), json!({"logins": logins})), is("/bridge/smtp/listen", "settings.bridge_without_server"));
    assert_eq!(found(&Value::Null, bridge("", Value::Null)), is("/outbox/store", "settings.bridge_without_outbox"));
    assert_eq!(found(&Value::Null, json!({"pop3": {"listen": "127.0.0.1:1100"}, "logins": logins})), []);
    assert_eq!(found(&store(), bridge("/logins", json!([]))), is("/bridge/logins", "settings.bridge_without_login"));
    assert_eq!(found(&store(), json!({"smtp": {"listen": "127.0.0.1:25", "anonymous": "a"}})), []);
    let twice = json!([{"user": "u", "password": "p"}, {"user": "u", "password": "q"}]);
    assert_eq!(found(&store(), bridge("/logins", twice)), is("/bridge/logins/1/user", "settings.login_twice"));
    assert_eq!(found(&store(), bridge("/pop3", json!({"listen": "127.0.0.1:2525"}))), is("/bridge/pop3/listen", "settings.listen_twice"));
    assert_eq!(found(&store(), bridge("/logins/0/account", json!("c"))), is("/bridge/logins/0/account", "settings.account_unknown"));
}
