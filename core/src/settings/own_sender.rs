//! The sender that an account has of its own, laid over the document's.

use super::fields;
use super::findings::Findings;
use super::values::wrong_type;
use super::{document_schema, layers, rules};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// The schema of the sender as an account may have its own: every field may be left out, and then the document's applies.
pub(super) fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = document_schema()["properties"]["sender"].clone();
        leave_to_document(&mut schema);
        schema["x-postkontor"] = json!({"order": 900, "optional": true, "advanced": true});
        schema
    })
}

/// Takes the defaults of a group, and the conditions: what the others are, only the document knows.
fn leave_to_document(group: &mut Value) {
    let Some(members) = group.as_object_mut() else { return };
    members.shift_remove("default");
    let branches = members.shift_remove("allOf");
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        for branch in branches.as_ref().and_then(Value::as_array).into_iter().flatten() {
            properties.extend(branch["then"]["properties"].as_object().cloned().unwrap_or_default());
        }
        for member in properties.values_mut() {
            leave_to_document(member);
        }
    }
    if !members.contains_key("properties")
        && let Some(annotations) = members.get_mut("x-postkontor").and_then(Value::as_object_mut)
    {
        annotations.insert("scope".to_owned(), json!("user"));
        annotations.insert("default_by".to_owned(), json!("document"));
    }
}

/// Reads what an account says of its own sender.
pub(super) fn read(own: &Value, pointer: &str, findings: &mut Findings) -> Value {
    let none = Map::new();
    let members = match own {
        Value::Object(members) => members,
        // Its fields show all the same.
        Value::Null => &none,
        _ => {
            findings.problems.push(wrong_type(pointer, "object"));
            return Value::Null;
        }
    };
    let own = fields::group(schema(), members, pointer, findings);
    if own.is_empty() {
        return Value::Null;
    }
    let own = Value::Object(own);
    rules::sender(&own, pointer, &mut findings.problems);
    own
}

/// The document's sender with what an account says of its own laid over it, complete with its defaults.
pub(super) fn merged(document: &Value, own: &Value) -> Value {
    let mut merged = document.clone();
    layers::patch(&mut merged, own);
    let given = merged.as_object().cloned().unwrap_or_else(Map::new);
    // What is wrong in either has been noted.
    let mut findings = Findings::default();
    Value::Object(fields::group(&document_schema()["properties"]["sender"], &given, "", &mut findings))
}
