//! The uiSchema of react-jsonschema-form.

use super::member::{Member, is_group, is_secret, is_yes_or_no, members};
use serde_json::{Value, json};

/// Order, password fields, and what shows in the place of a default that the generator does not fill in.
pub(super) fn ui_schema(group: &Value) -> Value {
    let members = members(group);
    let order: Vec<_> = members.iter().map(|member| member.name).chain(["*"]).collect();
    let mut ui = json!({ "ui:order": order });
    for Member { name, schema, conditions } in members {
        let options = if is_group(schema) { ui_schema(schema) } else { field(schema, !conditions.is_empty()) };
        if options.as_object().is_some_and(|options| !options.is_empty()) {
            ui[name] = options;
        }
    }
    ui
}

fn field(schema: &Value, is_conditional: bool) -> Value {
    if is_secret(schema) {
        return json!({"ui:widget": "password", "ui:autocomplete": "off"});
    }
    // Defaults under a condition are not filled in.
    let default = schema.get("default").filter(|_| is_conditional);
    if is_yes_or_no(schema) && (default.is_some() || schema.get("default").is_none()) {
        return json!({"ui:widget": "select"});
    }
    match default {
        Some(Value::Number(number)) => json!({"ui:placeholder": number.to_string()}),
        Some(Value::String(text)) if schema.get("oneOf").is_none() => json!({"ui:placeholder": text}),
        _ => json!({}),
    }
}
