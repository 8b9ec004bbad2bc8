//! The form of the whole document: its own groups, and all accounts by their names.

use super::{AccountKind, Form, account_form, json_forms, rjsf, shape, titled};
use crate::settings::{VERSION, document_schema};
use crate::texts::Texts;
use serde_json::{Map, Value, json};

/// The form of a document without layers. What is switched off shows nothing but its switch, as [`check`](crate::settings::check) says.
///
/// JSON Forms has no renderer for members of any name, so its layout leaves the accounts out: each of them is drawn as
/// [`account_form`] says, at the path `accounts.NAME`.
pub fn document_form(kinds: &[AccountKind], texts: &Texts, language: &str) -> Form {
    let account = account_form(kinds, texts, language);
    let titled = titled(document_schema(), texts, language);
    let mut shaped = shape::shape(&titled, texts, language);
    let mut members = shaped["properties"].as_object_mut().map(std::mem::take).unwrap_or_default();
    let switch: Map<_, _> = SWITCH.iter().filter_map(|name| Some(((*name).to_owned(), members.shift_remove(*name)?))).collect();
    members.shift_insert(0, "accounts".to_owned(), accounts(account.schema, texts, language));
    shaped["properties"] = Value::Object(switch);
    shaped["properties"]["version"] = version(texts, language);
    shaped["if"] = switched_on();
    shaped["then"] = json!({"properties": members});
    let mut ui = rjsf::ui_schema(&[&titled], &["accounts"]);
    // People have nothing to say there.
    ui["version"] = json!({"ui:widget": "hidden"});
    ui["accounts"] = json!({"additionalProperties": account.rjsf});
    Form { schema: shaped, uischema: layout(&titled, texts, language), rjsf: ui }
}

/// The version, which no form shows.
fn version(texts: &Texts, language: &str) -> Value {
    let title = texts.form(language, "version_title", &[]);
    json!({"type": ["integer", "null"], "title": title, "minimum": 0, "maximum": VERSION, "x-postkontor": {"order": 5}})
}

/// What shows in any case.
const SWITCH: [&str; 1] = ["enabled"];

fn switched_on() -> Value {
    json!({"properties": {"enabled": {"not": {"const": false}}}})
}

const NO_CONTROL_CHARACTERS: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";

/// The accounts by their names.
pub(super) fn accounts(mut account: Value, texts: &Texts, language: &str) -> Value {
    // One that a layer or a form has taken away is `null`.
    account["type"] = json!(["object", "null"]);
    json!({
        "type": ["object", "null"],
        "title": texts.form(language, "accounts_title", &[]),
        "description": texts.form(language, "accounts_description", &[]),
        "propertyNames": {"minLength": 1, "maxLength": 64, "pattern": NO_CONTROL_CHARACTERS},
        "additionalProperties": account,
        "x-postkontor": {"order": 15},
    })
}

fn layout(titled: &Value, texts: &Texts, language: &str) -> Value {
    let mut layout = json_forms::layout(titled, "#", texts, language);
    let is_switch = |element: &Value| SWITCH.iter().any(|name| element["scope"] == format!("#/properties/{name}"));
    let (mut always, rest): (Vec<Value>, Vec<Value>) =
        layout["elements"].as_array_mut().map(std::mem::take).into_iter().flatten().partition(is_switch);
    let rule = json!({"effect": "SHOW", "condition": {"scope": "#", "schema": switched_on()}});
    always.push(json!({"type": "VerticalLayout", "elements": rest, "rule": rule}));
    layout["elements"] = json!(always);
    layout
}
