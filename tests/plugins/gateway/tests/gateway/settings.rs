//! Form, check and opening, which know the transport's settings from its own schema.

use crate::{Program, document};
use postkontor_core::{Account, Status};
use serde_json::{Value, json};

/// The problems that check finds at a pointer.
fn problems(document: &Value, pointer: &str) -> Vec<String> {
    let checked = json!(Program::default().host().check(&document.to_string()));
    let problems = checked["problems"].as_array().unwrap().iter().filter(|problem| problem["pointer"] == pointer);
    problems.map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_form_has_the_transports_groups_and_methods_in_each_language() {
    for (language, choices) in [
        ("en", ["By a refresh token", "By name and password of the program"]),
        ("de", ["Mit einem Aktualisierungstoken", "Mit Name und Kennwort des Programms"]),
        ("sl", ["Z žetonom za osvežitev", "Z imenom in geslom programa"]),
    ] {
        let form = json!(Program::default().host().schema("gateway", language).unwrap());
        let groups: Vec<&String> = form["schema"]["properties"].as_object().unwrap().keys().collect();
        assert!(groups.iter().any(|name| *name == "gateway") && groups.iter().all(|name| *name != "server"), "{groups:?}");
        let methods = &form["schema"]["properties"]["auth"]["properties"]["method"]["oneOf"];
        // Beside them stands the choice to leave it to the default.
        let methods = methods.as_array().unwrap().iter().filter(|choice| choice["const"].is_string());
        let titles: Vec<(&Value, &Value)> = methods.map(|choice| (&choice["const"], &choice["title"])).collect();
        let expected = ["token", "client-credentials"].map(Value::from).into_iter().zip(choices.map(Value::from)).collect::<Vec<_>>();
        assert!(titles.into_iter().eq(expected.iter().map(|(name, title)| (name, title))), "{form:#}");
    }
}

#[test]
fn check_and_open_take_the_transports_methods_and_no_other() {
    let pointer = "/accounts/main/auth/method";
    for (method, is_good) in [("token", true), ("client-credentials", true), ("password", false), ("oauth2", false), ("nonsense", false)] {
        let mut document = document(80);
        document["accounts"]["main"]["auth"]["method"] = json!(method);
        document["accounts"]["main"]["auth"]["client_id"] = json!("erp");
        document["accounts"]["main"]["auth"]["client_secret"] = json!("pass");
        assert_eq!(problems(&document, pointer).is_empty(), is_good, "{method}");
        let program = Program::default();
        let opened = Account::open(&program.host(), &document.to_string(), None);
        assert_eq!(opened.is_ok(), is_good, "{method}");
        if let Err(error) = opened {
            assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Settings, pointer), "{error:?}");
        }
    }
}

#[test]
fn an_address_that_is_none_opens_no_account() {
    for url in ["ftp://mail.example.com", "https://", "https://mail.example.com/a?b"] {
        let mut document = document(80);
        document["accounts"]["main"]["gateway"]["url"] = json!(url);
        let error = Account::open(&Program::default().host(), &document.to_string(), None).err().unwrap();
        let at = &error.at[0];
        assert_eq!((at.pointer.as_str(), at.code.as_str()), ("/accounts/main/gateway/url", "settings.url_invalid"), "{url}: {error:?}");
    }
}

#[test]
fn an_address_that_cannot_be_is_found_when_the_account_is_tested() {
    for (url, code) in [("https://:443/", "settings.url_invalid"), ("http://mail.example.com", "gateway.clear_text_forbidden")] {
        let mut document = document(80);
        document["accounts"]["main"]["gateway"]["url"] = json!(url);
        document["accounts"]["main"]["auth"] = json!({"refresh_token": "r"});
        let mut account = Account::open(&Program::default().host(), &document.to_string(), None).unwrap();
        let report = json!(account.test("", &crate::patience()).unwrap());
        let settings = &report["steps"][0];
        assert_eq!((&settings["step"], &settings["code"]), (&json!("settings"), &json!(code)), "{url}: {report:#}");
        assert_eq!(settings["pointer"], "/accounts/main/gateway/url");
    }
}
