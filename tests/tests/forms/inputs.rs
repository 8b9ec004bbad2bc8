//! The forms of requests and of the message: every generator draws them, and what it saves the call takes.

use super::{LANGUAGES, draw, generators, host, titles};
use postkontor_core::{Error, Host};
use postkontor_tests::inputs;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a form is drawn with, and what a person types into it.
struct Drawn {
    name: &'static str,
    data: Value,
    typed: Value,
}

fn drawn() -> Vec<Drawn> {
    let lists = json!({"to": ["berta@example.com"], "cc": [{"name": "Carl", "address": "carl@example.com"}],
        "bcc": {"name": "Dora", "address": "dora@example.com"}, "attachments": []});
    [
        ("receive", Value::Null, json!({"/folder": "INBOX", "/filter/subject": "Rechnung"})),
        ("receive", json!({"message": "7.1.INBOX"}), json!({"/section": "2.1"})),
        ("receive", json!({"filter": {"not": {"from": "x"}, "header": {"name": "X-Kunde"}}}), json!({"/filter/not/subject": "Werbung"})),
        ("list", Value::Null, json!({"/folder": "INBOX"})),
        ("apply", json!({"messages": ["7.1.INBOX"], "action": "move"}), json!({"/folder": "Ablage"})),
        ("test", Value::Null, json!({})),
        ("test", json!({"loop": {}}), json!({"/loop/to": "anna@example.com"})),
        ("authorize", Value::Null, json!({})),
        ("discover", Value::Null, json!({"/address": "anna@example.com"})),
        ("message", Value::Null, json!({"/to": "berta@example.com", "/subject": "Rechnung"})),
        ("message", lists, json!({"/subject": "Rechnung", "/bcc/name": "Dora D."})),
        ("message", json!({"append": {"folder": "x"}}), json!({"/append/folder": "<drafts>", "/subject": "Entwurf"})),
        ("message", json!({"file": "ready.eml", "to": "a@example.com"}), json!({"/to": "berta@example.com"})),
    ]
    .map(|(name, data, typed)| Drawn { name, data, typed })
    .into()
}

/// What the call has against what a form has saved.
fn refused(host: &Arc<Host>, name: &str, saved: &Value) -> Option<String> {
    // That there is no such file the call says behind everything that a form could have got wrong.
    let is_form = |error: &Error| error.code != "message.file_missing";
    inputs::read(host, name, saved)
        .err()
        .filter(is_form)
        .map(|error| format!("{}: {:?}", error.code, error.at.iter().map(|at| &at.pointer).collect::<Vec<_>>()))
}

#[test]
fn requests_and_messages_are_drawn_and_saved_as_the_calls_take_them() {
    let Some(work) = generators() else { return };
    let host = host();
    let mut forms = Vec::new();
    for language in LANGUAGES {
        for Drawn { name, data, typed } in drawn() {
            let form = json!(host.schema(name, language).unwrap());
            let mut fields = Map::new();
            titles(&form["schema"], "", &mut fields);
            forms.push(json!({"name": name, "language": language, "form": form, "data": data, "type": typed, "titles": fields}));
        }
    }
    let result = draw(&work, &forms);
    assert_eq!(result["complaints"], json!([]), "what ajv has against the schemas in strict mode");
    let drawn = result["drawn"].as_array().unwrap();
    assert_eq!(drawn.len(), 4 * forms.len());
    let mut wrong = Vec::new();
    for (place, drawn) in drawn.iter().enumerate() {
        let form = &forms[place % forms.len()];
        let (name, about) =
            (drawn["name"].as_str().unwrap(), format!("{} {} {} {}", drawn["generator"], drawn["name"], drawn["language"], drawn["data"]));
        let saved = &drawn["saved"];
        if saved["errors"] != json!([]) {
            wrong.push(format!("{about}: was not saved: {}", saved["errors"]));
            continue;
        }
        wrong.extend(refused(&host, name, &saved["data"]).map(|what| format!("{about}: {} is refused: {what}", saved["data"])));
        for (pointer, text) in form["type"].as_object().unwrap() {
            if saved["data"].pointer(pointer) != Some(text) {
                wrong.push(format!("{about}: {pointer} is not in {}", saved["data"]));
            }
            if drawn["shown"].get(pointer).is_none() {
                wrong.push(format!("{about}: {pointer} does not show"));
            }
        }
        if !drawn["text"].as_str().unwrap().contains(
            form["form"]["schema"]["properties"]
                .as_object()
                .unwrap()
                .values()
                .find_map(|member| member["title"].as_str())
                .unwrap_or_default(),
        ) {
            wrong.push(format!("{about}: the titles are not there"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
