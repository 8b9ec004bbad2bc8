//! Conditions hold of a field that was cleared as of one that was left out.

use super::member::is_group;
use serde_json::{Map, Value, json};

/// Lets the conditions of a group, and of the groups in it, take `null` and an empty text for fields that were left out.
pub(super) fn allow_in_conditions(group: &mut Value) {
    for branch in group.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(test) = branch.get_mut("if") {
            allow(test);
        }
        members(&mut branch["then"]).for_each(allow_in_conditions);
    }
    members(group).for_each(allow_in_conditions);
}

fn members(group: &mut Value) -> impl Iterator<Item = &mut Value> {
    let members = group.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    // Of a list of groups, what is in each.
    let inner = members.map(|(_, member)| if member.get("items").is_some_and(is_group) { &mut member["items"] } else { member });
    inner.filter(|member| is_group(member))
}

/// One test: what it does not ask for (`required`) may be left out.
fn allow(test: &mut Value) {
    let asked = test["required"].as_array().cloned().unwrap_or_default();
    let tests = test.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, allowed) in tests.filter(|(name, _)| !asked.contains(&json!(name))) {
        if *allowed == Value::Bool(false) {
            *allowed = json!({"enum": [null, ""]});
            continue;
        }
        let Some(words) = allowed.as_object_mut() else { continue };
        let values = one_of(words);
        if !values.is_empty() {
            words.insert("enum".to_owned(), json!([values, vec![Value::Null]].concat()));
        }
    }
}

/// Takes the values out of `const` or `enum`.
fn one_of(words: &mut Map<String, Value>) -> Vec<Value> {
    match (words.shift_remove("const"), words.shift_remove("enum")) {
        (Some(only), _) => vec![only],
        (None, Some(Value::Array(values))) => values,
        _ => Vec::new(),
    }
}
