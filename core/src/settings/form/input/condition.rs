//! Conditions of a member on those beside it, as schemas test them.

use super::node::{Kind, Node};
use serde_json::{Map, Value, json};

/// The condition under which a member shows; nothing where it always does.
///
/// `with` names a member that must be given, `without` those that must not, `when` members and the values that they must have.
pub(super) fn condition(node: &Node) -> Option<Value> {
    let (mut tests, mut required) = (Map::new(), Vec::new());
    if let Some(name) = node.annotations.get("with").and_then(Value::as_str) {
        tests.insert(name.to_owned(), given());
        required.push(json!(name));
    }
    for name in node.annotations.get("without").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        tests.insert(name.to_owned(), json!({"type": "null"}));
    }
    for (name, values) in node.annotations.get("when").and_then(Value::as_object).into_iter().flatten() {
        tests.insert(name.clone(), json!({ "enum": values }));
        required.push(json!(name));
    }
    if tests.is_empty() {
        return None;
    }
    let mut test = json!({ "properties": tests });
    if !required.is_empty() {
        test["required"] = json!(required);
    }
    Some(test)
}

/// A value that is not left out.
pub(super) fn given() -> Value {
    json!({"not": {"type": "null"}})
}

/// That a group has a member which is not left out.
pub(super) fn has(name: &str) -> Value {
    has_such(name, given())
}

/// That a group has a member such as this.
pub(super) fn has_such(name: &str, value: Value) -> Value {
    json!({"properties": {name: value}, "required": [name]})
}

/// The same words where no form draws what they name.
pub(super) fn undrawn(schema: Value) -> Value {
    json!({"not": {"not": schema}})
}

/// That a group has one of these members, or several.
pub(super) fn has_any(names: &[&str]) -> Value {
    undrawn(json!({"anyOf": names.iter().map(|name| has(name)).collect::<Vec<_>>()}))
}

/// That a member, where it is there at all, holds nothing that counts: what is `idle`, or, without that, that it is not there.
pub(super) fn is_idle(name: &str, idle: Option<&Value>) -> Value {
    let anything = json!({});
    json!({"not": has_such(name, idle.map_or(anything, |idle| json!({ "not": idle })))})
}

/// Both conditions at once.
pub(super) fn both(one: Option<Value>, other: Value) -> Value {
    let Some(mut one) = one else { return other };
    if let (Some(tests), Some(more)) = (one["properties"].as_object_mut(), other["properties"].as_object()) {
        tests.extend(more.clone());
    }
    let mut required = one["required"].as_array().cloned().unwrap_or_default();
    required.extend(other["required"].as_array().cloned().unwrap_or_default());
    if !required.is_empty() {
        one["required"] = json!(required);
    }
    one
}

/// The types of values that a kind has in JSON.
pub(super) fn type_of(node: &Node) -> &'static str {
    match node.kind {
        Kind::Text | Kind::Choice(_) => "string",
        Kind::Integer => "integer",
        Kind::Boolean => "boolean",
        Kind::List(_) => "array",
        Kind::Group(_) | Kind::Named(_) | Kind::Either(_) | Kind::Open => "object",
    }
}

/// That a value is of none of these types, nor `null`.
pub(super) fn of_no_type(types: &[&str]) -> Value {
    let others = ["string", "number", "boolean", "array", "object"].iter().filter(|other| !types.contains(other));
    json!({"anyOf": others.map(|other| json!({"type": other})).collect::<Vec<_>>()})
}
