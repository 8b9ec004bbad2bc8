//! The step `smime` of the test of an account.

use super::issued::issued;
use super::people::PASSWORD;
use super::{Program, document, host, signing};
use postkontor_core::{Account, Cancel};
use serde_json::{Value, json};

fn steps(given: &Value) -> Vec<Value> {
    let mut account = Account::open(&host(&Program::default()), &given.to_string(), None).unwrap();
    json!(account.test("", &Cancel::default()).unwrap())["steps"].as_array().unwrap().clone()
}

fn smime(given: &Value) -> Value {
    steps(given).into_iter().find(|step| step["step"] == "smime").unwrap_or_default()
}

#[test]
fn an_identity_is_opened_with_its_secret_and_told() {
    let folder = issued();
    let mut sender = signing(folder, "good.p12", "anna@example.com", json!({"secret": "certificate"}));
    sender["smime"]["encrypt"] = json!({"when": "if_possible", "certificates": [folder.path("both.p7b"), folder.path("berta.pem")]});
    let given = document(sender, json!({}));
    let names: Vec<String> = steps(&given).iter().map(|step| step["step"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["settings", "secret", "smime", "connect"]);
    let step = smime(&given);
    assert_eq!((&step["status"], &step["message"]), (&json!("ok"), &json!("Open the certificates (S/MIME)")));
    let facts = &step["facts"];
    assert_eq!((&facts["addresses"], &facts["not_after"]), (&json!(["anna@example.com"]), &json!("2095-12-31T23:59:59Z")));
    assert_eq!((&facts["certificates"], facts["fingerprint"].as_str().unwrap().len()), (&json!(3), 95));
    assert!(facts["subject"].as_str().unwrap().contains("Anna Muster"));
    assert_eq!(smime(&document(json!({"address": "anna@example.com"}), json!({}))), Value::Null);
}

#[test]
fn what_is_wrong_fails_or_warns_with_pointer_and_advice() {
    for (file, password, status, code, pointer) in [
        ("none.p12", json!(PASSWORD), "fail", "smime.file_missing", "certificate"),
        ("good.p12", json!("wrong"), "fail", "smime.password_wrong", "password"),
        ("good.p12", json!({"secret": "unknown"}), "fail", "secret.not_found", "password"),
        ("keyless.pem", json!(""), "fail", "smime.no_key", "certificate"),
        ("expired.p12", json!(PASSWORD), "fail", "smime.certificate_expired", "certificate"),
        ("berta.p12", json!(PASSWORD), "fail", "smime.certificate_other_address", "certificate"),
        ("ending.p12", json!(PASSWORD), "warn", "smime.certificate_expires", "certificate"),
    ] {
        let sender = signing(issued(), file, "anna@example.com", password);
        let step = smime(&json!({"company": {"sender": sender}, "user": {"accounts": {"main": {"transport": "pigeonhole"}}}}));
        assert_eq!((&step["status"], &step["code"]), (&json!(status), &json!(code)), "{file}: {step:#}");
        assert_eq!(step["pointer"], format!("/company/sender/smime/sign/{pointer}"), "{file}");
        assert_eq!(step["status_number"] == 0, status == "warn", "{file}");
        assert!(!step["message"].as_str().unwrap().contains('{'), "{step:#}");
        assert_eq!(step["advice"].as_array().map_or(0, Vec::len), usize::from(code != "secret.not_found"), "{step:#}");
    }
    let sender = json!({"smime": {"encrypt": {"when": "always", "certificates": [issued().path("none")]}}});
    let step = smime(&document(sender, json!({})));
    assert_eq!((&step["code"], &step["pointer"]), (&json!("smime.file_missing"), &json!("/sender/smime/encrypt/certificates/0")));
}
