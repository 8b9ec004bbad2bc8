//! The form of a document in its layers, as the generators draw it.

use super::{document, draw, drawing, field, generators, host};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What rjsf draws of the company's account; JSON Forms draws no members of any name.
const HOST: &str = "/company/accounts/main/server/host";

/// The layer of a pointer, and the rest of it.
fn in_layer(pointer: &str) -> (&str, &str) {
    let at = pointer[1..].find('/').map_or(pointer.len(), |at| at + 1);
    (&pointer[1..at], &pointer[at..])
}

#[test]
fn a_document_in_layers_is_drawn_with_what_check_says_and_saved_in_its_layers() {
    let Some(work) = generators() else { return };
    let host = host();
    let account = json!({"transport": "smtp", "server": {"host": "mail.example.com"}, "auth": {"method": "none"}});
    let data = json!({"company": {"accounts": {"main": account}}, "user": {}, "workstation": {}});
    let typed = json!({"/company/sender/address": "office@example.com"});
    let mut forms: Vec<Value> =
        ["en", "de", "sl"].iter().map(|language| drawing(&host, "layers", language, data.clone(), typed.clone())).collect();
    for form in &mut forms {
        form["titles"][HOST] = json!("");
    }
    let result = draw(&work, &forms);
    assert_eq!((&result["complaints"], &result["console"]), (&json!([]), &json!([])));
    let mut whole = data;
    whole["company"]["sender"] = document(&typed)["company"]["sender"].clone();
    let checked = host.check(&whole.to_string());
    assert!(checked.ok, "{:?}", checked.problems);
    let drawn = result["drawn"].as_array().unwrap();
    assert_eq!(drawn.len(), 4 * forms.len());
    for drawn in drawn {
        let about = format!("{} {}", drawn["generator"], drawn["language"]);
        let by_rjsf = drawn["generator"].as_str().unwrap().starts_with("rjsf");
        let shown: BTreeSet<&str> = drawn["shown"].as_object().unwrap().keys().map(String::as_str).collect();
        let titles = forms[0]["titles"].as_object().unwrap().keys().map(String::as_str);
        // Of a list each item is drawn, and there is none.
        let is_list = |pointer: &str| {
            let names: Vec<&str> = pointer.split('/').skip(1).collect();
            field(&forms[0]["form"]["schema"], &names).is_some_and(|field| field["type"][0] == "array")
        };
        let is_visible = |pointer: &str| checked.visible.iter().any(|visible| visible == in_layer(pointer).1);
        let expected = titles.filter(|pointer| *pointer != HOST && is_visible(pointer) && !is_list(pointer));
        let missing: Vec<&str> = expected.filter(|pointer| !shown.contains(pointer)).collect();
        assert!(missing.is_empty(), "{about} does not show {missing:?}");
        let layers: BTreeSet<&str> = shown.iter().map(|pointer| in_layer(pointer).0).collect();
        assert!(["company", "user"].iter().all(|layer| layers.contains(layer)), "{about} shows {layers:?}");
        if by_rjsf {
            assert_eq!(drawn["shown"][HOST]["value"], "mail.example.com", "{about}");
        }
        assert_eq!(drawn["saved"]["errors"], json!([]), "{about}");
        let saved = &drawn["saved"]["data"];
        assert_eq!(saved["company"]["sender"]["address"], "office@example.com", "{about}: {saved}");
        assert_eq!(saved["company"]["accounts"]["main"]["server"]["host"], "mail.example.com", "{about}: {saved}");
        let answer = host.check(&saved.to_string());
        assert!(answer.ok, "{about}: {:?} in {saved}", answer.problems);
    }
}
