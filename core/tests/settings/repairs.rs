//! Problems come with the patch that repairs them, and each patch keeps its promise.

use super::{checked, smtp};
use serde_json::{Map, Value, json};

/// Applies a merge patch (RFC 7396).
fn merge(target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, value) in members {
        match value {
            Value::Null => drop(target.as_object_mut().unwrap().shift_remove(name)),
            value => merge(&mut target[name], value),
        }
    }
}

/// The patch of the one problem with this code.
fn patch(document: &Value, code: &str) -> Value {
    let answer = checked(&document.to_string());
    let problems: Vec<_> = answer["problems"].as_array().unwrap().iter().filter(|problem| problem["code"] == code).collect();
    assert_eq!(problems.len(), 1, "{code}: {:#}", answer["problems"]);
    problems[0]["patch"].clone()
}

/// The same in the account `a` of a document without layers.
fn account_patch(settings: Value, code: &str) -> Value {
    patch(&smtp(settings), code)["accounts"]["a"].clone()
}

#[test]
fn a_port_that_contradicts_the_encryption_keeps_its_number_and_gets_the_mode_that_works_there() {
    let of = |port: u16, mode: &str| json!({"server": {"port": port}, "tls": {"mode": mode}});
    assert_eq!(account_patch(of(465, "starttls"), "settings.port_begins_with_tls"), json!({"tls": {"mode": "implicit"}}));
    assert_eq!(account_patch(of(25, "implicit"), "settings.port_begins_in_clear"), json!({"tls": {"mode": "starttls"}}));
    let named = json!({"server": {"host": "mail.example.com:465"}, "tls": {"mode": "starttls"}});
    let answer = checked(&smtp(named).to_string());
    assert_eq!(answer["problems"][0]["pointer"], "/accounts/a/server/host");
}

#[test]
fn what_is_risky_has_a_patch_back_to_what_is_not() {
    assert_eq!(account_patch(json!({"tls": {"verify": false}}), "settings.unverified"), json!({"tls": {"verify": true}}));
    assert_eq!(account_patch(json!({"tls": {"minimum": "1.0"}}), "settings.tls_outdated"), json!({"tls": {"minimum": "1.2"}}));
    assert_eq!(account_patch(json!({"tls": {"mode": "none"}}), "settings.unencrypted"), json!({"tls": {"mode": "required"}}));
    let allowed = json!({"auth": {"allow_cleartext": true}});
    assert_eq!(account_patch(allowed, "settings.password_in_clear"), json!({"auth": {"allow_cleartext": false}}));
    let pinned = json!({"tls": {"verify": false, "pin": format!("sha256:{}", "0".repeat(64))}});
    assert_eq!(checked(&smtp(pinned).to_string())["problems"], json!([]), "the pin alone decides");
}

#[test]
fn what_was_evidently_meant_is_offered() {
    assert_eq!(account_patch(json!({"server": {"port": "587"}}), "settings.wrong_type"), json!({"server": {"port": 587}}));
    assert_eq!(account_patch(json!({"server": {"port": 70000}}), "settings.out_of_range"), json!({"server": {"port": null}}));
    assert_eq!(account_patch(json!({"tls": {"mode": "STARTLS"}}), "settings.not_a_choice"), json!({"tls": {"mode": "starttls"}}));
    let misspelt = json!({"server": {"prot": 587}});
    assert_eq!(account_patch(misspelt, "settings.unknown_member"), json!({"server": {"prot": null, "port": 587}}));
    let user = json!({"server": {"host": "smtp.gmail.com"}, "auth": {"user": "anna"}});
    assert_eq!(account_patch(user.clone(), "settings.user_no_address"), json!({"auth": {"user": "anna@gmail.com"}}));
    let mut document = smtp(user);
    document["sender"] = json!({"address": "anna@example.com"});
    let whole = patch(&document, "settings.user_no_address");
    assert_eq!(whole["accounts"]["a"]["auth"]["user"], "anna@example.com", "a company's address at the same provider");
}

#[test]
fn an_entry_of_a_list_is_repaired_within_the_whole_list() {
    let mut document = smtp(json!({}));
    document["accounts"]["b"] = document["accounts"]["a"].clone();
    document["send"] = json!({"account": "a", "fallback": [null, "a", "b"]});
    assert_eq!(patch(&document, "settings.fallback_itself"), json!({"send": {"fallback": [null, "b"]}}));
    document["send"]["fallback"] = json!("b; a");
    let answer = checked(&document.to_string());
    assert_eq!(answer["problems"][0]["pointer"], "/send/fallback");
    assert_eq!(answer["problems"][0]["patch"], json!({"send": {"fallback": ["b"]}}));
}

#[test]
fn no_patch_shows_a_secret() {
    let (misspelt, shown) = (json!({"auth": {"pasword": "geheim"}}), json!({"tsl": {"client_certificate": {"password": "geheim"}}}));
    for document in [
        smtp(misspelt),
        smtp(shown),
        json!({"company": {"accounts": {"a": {"auth": {"password": "geheim"}}}}, "user": {"accounts": {"a": {"transport": "smtp"}}}}),
        json!({"company": {"accounts": {"a": {"autth": {"password": "geheim"}}}}, "user": {"accounts": {"a": {"transport": "smtp"}}}}),
    ] {
        let answer = checked(&document.to_string()).to_string();
        assert!(!answer.contains("geheim"), "{answer}");
    }
}

#[test]
fn a_value_moves_into_its_layer_whole() {
    let document = json!({
        "user": {"accounts": {"a": {"transport": "smtp", "server": {"host": "mail.example.com"}}}},
        "workstation": {"accounts": {"a": {"auth": {"user": "anna", "password": {"secret": "anna"}}}}}
    });
    let answer = checked(&document.to_string());
    let found = |pointer: &str| {
        answer["problems"].as_array().unwrap().iter().find(|problem| problem["pointer"] == pointer).unwrap()["patch"].clone()
    };
    assert_eq!(
        found("/user/accounts/a/server/host"),
        json!({"user": {"accounts": {"a": {"server": null}}}, "workstation": {"accounts": {"a": {"server": {"host": "mail.example.com"}}}}})
    );
    assert_eq!(
        found("/workstation/accounts/a/auth/password/secret"),
        json!({"workstation": {"accounts": {"a": {"auth": {"password": null}}}}, "user": {"accounts": {"a": {"auth": {"password": {"secret": "anna"}}}}}})
    );
}

/// Settings of an account that are wrong in one way each.
fn broken() -> Vec<Value> {
    let mut all = Vec::new();
    for port in [json!("587"), json!(0), json!(70000), json!(465), json!(25)] {
        for mode in ["none", "starttls", "implicit", "STARTTLS"] {
            all.push(json!({"server": {"port": port}, "tls": {"mode": mode}}));
        }
    }
    for (group, members) in [
        (
            "server",
            json!([{"prot": 25}, {"Port": "25"}, {"timeout": 5}, {"timeout_secnds": 5}, {"timeout_seconds": 99999}, {"proxy": "x"}]),
        ),
        (
            "server",
            json!([{"host": "smtp://mail.example.com/"}, {"host": "smtp.gmail.com"}, {"host": "mail.example.com\n"}, {"hots": "a"}]),
        ),
        ("tls", json!([{"verify": "no"}, {"verify": false}, {"minimum": "1.0"}, {"minimum": 1.1}, {"minium": "1.0"}, {"pin": "abc"}])),
        ("auth", json!([{"methd": "ntlm"}, {"method": "NTLM"}, {"method": "oauth2"}, {"usr": "anna"}, {"pasword": "x"}, {"user": 17}])),
        ("auth", json!([{"allow_cleartext": true}, {"allow_cleartext": "true"}, {"account": "a"}, {"method": "account", "account": "c"}])),
        ("smtp", json!([{"ehlo": 5}, {"ehol": "x"}, {"pop3": {"host": "pop.example.com"}}])),
        ("smpt", json!([{"ehlo": "x"}])),
        ("sender", json!([{"address": "Anna <anna@example.com>"}, {"adress": "anna@example.com"}, {"charset": "utf9"}])),
    ] {
        all.extend(members.as_array().unwrap().iter().map(|members| json!({ group: members })));
    }
    all
}

/// A document in layers, each value in the layer that `layer` names.
fn layered(document: &Value, layer: &dyn Fn(usize) -> &'static str) -> Value {
    fn spread(value: &Value, path: &mut Vec<String>, count: &mut usize, layers: &mut Value, layer: &dyn Fn(usize) -> &'static str) {
        if let Some(members) = value.as_object().filter(|members| !members.is_empty() && !members.contains_key("secret")) {
            for (name, value) in members {
                path.push(name.clone());
                spread(value, path, count, layers, layer);
                path.pop();
            }
            return;
        }
        *count += 1;
        let place = path.iter().fold(&mut layers[layer(*count)], |place, name| &mut place[name.as_str()]);
        *place = value.clone();
    }
    let mut layers = json!({"user": {}});
    spread(document, &mut Vec::new(), &mut 0, &mut layers, layer);
    layers
}

/// Each patch that is offered takes its problem away and brings no error; how many there were.
fn keep_their_promise(document: &Value) -> usize {
    let place = |problem: &Value| (problem["pointer"].as_str().unwrap().to_owned(), problem["code"].as_str().unwrap().to_owned());
    // A value that has moved is wrong in another layer, which is the same error.
    let plain = |(pointer, code): (String, String)| {
        let layers = ["/company", "/user", "/workstation"];
        (layers.iter().find_map(|layer| pointer.strip_prefix(layer)).map(str::to_owned).unwrap_or(pointer), code)
    };
    let before = checked(&document.to_string());
    let problems = before["problems"].as_array().unwrap();
    let errors: Vec<_> = problems.iter().filter(|problem| problem["severity"] == "error").map(|problem| plain(place(problem))).collect();
    let mut count = 0;
    for problem in problems.iter().filter(|problem| problem["patch"].is_object()) {
        count += 1;
        let mut repaired = document.clone();
        merge(&mut repaired, &problem["patch"]);
        for after in checked(&repaired.to_string())["problems"].as_array().unwrap() {
            assert_ne!(plain(place(after)), plain(place(problem)), "{document:#}\nis as before with {}", problem["patch"]);
            let is_new = after["severity"] == "error" && !errors.contains(&plain(place(after)));
            assert!(!is_new, "{document:#}\nhas with {}\na new error {after:#}", problem["patch"]);
        }
    }
    count
}

#[test]
fn every_patch_takes_its_problem_away_and_brings_no_error() {
    let mut count = 0;
    for settings in broken() {
        for transport in ["smtp", "imap", "sendmail", "exchange-ews"] {
            let mut document = smtp(settings.clone());
            document["accounts"]["a"]["transport"] = json!(transport);
            document["accounts"]["other"] = smtp(json!({}))["accounts"]["a"].clone();
            document["send"] = json!({"account": "othr", "fallback": ["other", "a"]});
            count += keep_their_promise(&document);
            for layer in [
                |_| "user",
                |count: usize| ["company", "user", "workstation"][count % 3],
                |count: usize| ["user", "workstation"][count / 2 % 2],
            ] {
                let layer: &dyn Fn(usize) -> &'static str = &layer;
                count += keep_their_promise(&layered(&document, layer));
            }
        }
    }
    assert!(count > 1500, "{count} patches");
}
