//! The groups for S/MIME, and with them secrets in the document's own groups and in an account's sender.

use super::{Plugins, is};
use postkontor_core::message::When;
use postkontor_core::settings::{Document, Migrated, Password};
use serde_json::{Value, json};

/// A document with a secret at each place that is no transport's.
fn document(password: &Value) -> Value {
    let sign = |name: &str| json!({"certificate": name, "password": password});
    json!({
        "accounts": {"a": {"transport": "sendmail", "sender": {"smime": {"sign": sign("own.p12")}}}},
        "sender": {"smime": {"sign": sign("all.p12")}},
        "receive": {"smime": {"keys": [null, sign("old.p12"), {"certificate": "plain.pem"}, sign("new.p12")]}},
    })
}

/// The answer of a check; that the files are not there is not the matter here.
fn checked(text: &str) -> Value {
    let mut answer = super::checked(text);
    answer["problems"].as_array_mut().unwrap().retain(|problem| problem["code"] != "smime.file_missing");
    answer["ok"] = json!(answer["problems"].as_array().unwrap().iter().all(|problem| problem["severity"] == "warning"));
    answer
}

fn problems(document: &Value) -> Vec<(String, String)> {
    super::problems(document).into_iter().filter(|(_, code)| code != "smime.file_missing").collect()
}

/// Where the secrets are in what `check` makes of it.
const PLACES: [&str; 4] = [
    "/sender/smime/sign/password",
    "/receive/smime/keys/0/password",
    "/receive/smime/keys/2/password",
    "/accounts/a/sender/smime/sign/password",
];

#[test]
fn a_secret_of_the_own_groups_is_named_and_not_shown() {
    let answer = checked(&document(&json!("geheim-1")).to_string());
    assert!(!answer.to_string().contains("geheim"), "{answer:#}");
    assert_eq!(answer["secrets"], json!(PLACES));
    let visible: Vec<&str> = answer["visible"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for place in PLACES {
        assert!(visible.contains(&place), "{place} in {visible:?}");
        assert_eq!(answer["origin"][place], "document", "{place}");
    }
    assert_eq!(answer["settings"]["receive"]["smime"]["keys"][1], json!({"certificate": "plain.pem"}));
    assert_eq!(answer["settings"]["accounts"]["a"]["sender"]["smime"], json!({"sign": {"certificate": "own.p12"}}));

    let answer = checked(&document(&json!({"secret": "name-of-it"})).to_string());
    assert_eq!((&answer["problems"], &answer["secrets"]), (&json!([]), &json!(PLACES)));
    for place in PLACES {
        assert_eq!(answer["settings"].pointer(place), Some(&json!({"secret": "name-of-it"})), "{place}");
    }
}

#[test]
fn a_secret_of_the_own_groups_is_not_repeated_where_it_is_wrong() {
    for wrong in [json!("geheim\n"), json!(["geheim"]), json!({"secret": "geheim\n"}), json!({"geheim": 1}), json!(5)] {
        let given = document(&wrong);
        let answer = checked(&given.to_string());
        assert_eq!(answer["problems"].as_array().unwrap().len(), 4, "{answer:#}");
        assert!(!answer.to_string().contains("geheim"), "{answer:#}");
        assert!(!format!("{:?}", Document::parse(&given.to_string(), &Plugins)).contains("geheim"));
    }
    // Where a name is wrong no patch brings the neighbours along.
    let key = json!({"certificate": "a.p12", "pasword": "geheim-1", "password": "geheim-2"});
    let answer = checked(&json!({"receive": {"smime": {"keys": [key, {"certificate": "b.p12", "password": "geheim-3"}]}}}).to_string());
    assert_eq!(answer["problems"][0]["pointer"], "/receive/smime/keys/0/pasword");
    assert!(!answer.to_string().contains("geheim"), "{answer:#}");
    let answer = checked(&json!({"receive": {"smime": {"keys": {"certificate": "a.p12", "password": "geheim"}}}}).to_string());
    assert_eq!((&answer["problems"][0]["code"], answer.to_string().contains("geheim")), (&json!("settings.wrong_type"), false));
}

#[test]
fn secrets_of_the_own_groups_obey_the_rules_of_layers() {
    let receive = |password: &Value| json!({"smime": {"keys": [{"certificate": "a.p12", "password": password}]}});
    let layered = |layer: &str, groups: Value| {
        let mut document = json!({"company": {}, "user": {}, "workstation": {}});
        document[layer] = groups;
        document
    };
    let answer = checked(&layered("user", json!({"receive": receive(&json!("geheim"))})).to_string());
    assert_eq!((&answer["ok"], &answer["origin"]["/receive/smime/keys/0/password"]), (&json!(true), &json!("user")), "{answer:#}");
    // What stands in a wrong layer is not moved: the patch would show it.
    let answer = checked(&layered("company", json!({"receive": receive(&json!("geheim"))})).to_string());
    assert_eq!((&answer["problems"][0]["code"], answer["problems"][0].get("patch")), (&json!("settings.wrong_scope"), None));
    assert!(!answer.to_string().contains("geheim"), "{answer:#}");
    // One that is kept on a workstation is warned of, besides.
    let codes = |password: Value| {
        let answer = checked(&layered("workstation", json!({"receive": receive(&password)})).to_string());
        let codes = answer["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap().to_owned());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes(json!("geheim")), ["settings.wrong_scope", "settings.secret_on_workstation"]);
    assert_eq!(codes(json!({"secret": "name"})), ["settings.wrong_scope"]);
}

#[test]
fn a_migration_shows_no_secret_of_the_own_groups() {
    let mut given = document(&json!("geheim-1"));
    given["version"] = json!(0);
    given["user"] = Value::Null;
    let answer = checked(&given.to_string());
    assert!(answer["migrated"].is_object() && !answer.to_string().contains("geheim"), "{answer:#}");
    let shown = Migrated::of(&given.to_string(), &Plugins).unwrap().without_secrets(&Plugins).settings;
    assert_eq!(shown["receive"]["smime"]["keys"][1], json!({"certificate": "old.p12"}));
    assert_eq!(shown["sender"], json!({"smime": {"sign": {"certificate": "all.p12"}}}));
    assert_eq!(shown["accounts"]["a"]["sender"], json!({"smime": {"sign": {"certificate": "own.p12"}}}));
    let layers = json!({"version": 0, "company": {"sender": given["sender"]}, "user": {"receive": given["receive"]}});
    let shown = Migrated::of(&layers.to_string(), &Plugins).unwrap().without_secrets(&Plugins).settings;
    assert!(!shown.to_string().contains("geheim"), "{shown:#}");
}

#[test]
fn an_account_with_a_certificate_of_its_own_takes_no_password_of_another() {
    let mut given = document(&json!({"secret": "all"}));
    given["accounts"]["a"]["sender"]["smime"]["sign"] = json!({"certificate": "own.p12"});
    given["sender"]["smime"]["encrypt"] = json!({"when": "if_possible", "certificates": "certs; more.pem"});
    assert_eq!(problems(&given), []);
    let parsed = Document::parse(&given.to_string(), &Plugins).unwrap();
    let smime = parsed.account("a").unwrap().sender.smime.clone().unwrap();
    let (sign, encrypt) = (smime.sign.unwrap(), smime.encrypt.unwrap());
    assert_eq!((sign.certificate.as_str(), sign.password), ("own.p12", None));
    assert_eq!((encrypt.when, encrypt.certificates.join("|"), encrypt.to_self), (When::IfPossible, "certs|more.pem".to_owned(), true));
    assert_eq!(parsed.sender_pointer("a", "/sender/smime/sign/password"), "/accounts/a/sender/smime/sign/password");
    assert_eq!(parsed.sender_pointer("a", "/sender/smime/encrypt/certificates/1"), "/sender/smime/encrypt/certificates/1");
    let all = parsed.sender.smime.as_ref().unwrap().sign.as_ref().unwrap();
    assert_eq!(all.password, Some(Password::Reference { secret: "all".to_owned() }));
    assert_eq!(parsed.receive.smime.unwrap().keys.len(), 3);
}

#[test]
fn a_password_without_a_file_is_a_problem_of_the_file() {
    for (pointer, given) in [
        ("/sender/smime/sign/certificate", json!({"sender": {"smime": {"sign": {"password": "geheim"}}}})),
        ("/receive/smime/keys/0/certificate", json!({"receive": {"smime": {"keys": [{"password": "geheim"}]}}})),
    ] {
        assert_eq!(problems(&given), is(pointer, "settings.required"));
    }
    assert_eq!(problems(&json!({"sender": {"smime": {"sign": {"certificate": "", "password": null}, "encrypt": {}}}})), []);
}
