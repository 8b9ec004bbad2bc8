//! The uiSchema of react-jsonschema-form.

use super::member::{Member, group_of_items, is_group, is_secret, is_yes_or_no, members_of_any};
use serde_json::{Value, json};

/// Order, password fields, and what shows in the place of a default that the generator does not fill in.
///
/// The uiSchema goes by names, so `groups` are all that may stand at one place, each under a condition of its own; `first` are names that
/// stand before theirs.
pub(super) fn ui_schema(groups: &[&Value], first: &[&str]) -> Value {
    let members = members_of_any(groups);
    let order: Vec<_> = first.iter().copied().chain(members.iter().map(|(name, _)| *name)).chain(["*"]).collect();
    let mut ui = json!({ "ui:order": order });
    for (name, members) in members {
        let groups: Vec<&Value> = members.iter().map(|member| member.schema).filter(|schema| is_group(schema)).collect();
        let options = if groups.is_empty() { agreed(&members) } else { ui_schema(&groups, &[]) };
        if options.as_object().is_some_and(|options| !options.is_empty()) {
            ui[name] = options;
        }
    }
    ui
}

/// What fields of one name have in common: a widget of one kind may be none for another, but whatever may be a secret is hidden.
fn agreed(members: &[Member]) -> Value {
    let options: Vec<Value> = members.iter().map(|member| field(member.schema, !member.conditions.is_empty())).collect();
    let secret = members.iter().position(|member| is_secret(member.schema));
    match (options.first(), secret) {
        (_, Some(place)) => options[place].clone(),
        (Some(first), None) if options.iter().all(|options| options == first) => first.clone(),
        _ => json!({}),
    }
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
    if let Some(items) = group_of_items(schema) {
        return json!({"items": ui_schema(&[items], &[])});
    }
    match default {
        Some(Value::Number(number)) => json!({"ui:placeholder": number.to_string()}),
        Some(Value::String(text)) if schema.get("oneOf").is_none() => json!({"ui:placeholder": text}),
        _ => json!({}),
    }
}
