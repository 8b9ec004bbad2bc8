//! The sender that an account has of its own, laid over the document's.

use super::fields;
use super::findings::Findings;
use super::secrets::{Wiped, wipe};
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

/// Takes the defaults of a group, and the conditions: what the others are, only the document knows. What belongs to another member that is
/// given (`dependentRequired`) goes with that one, and is not the document's.
fn leave_to_document(group: &mut Value) {
    let Some(members) = group.as_object_mut() else { return };
    members.shift_remove("default");
    let branches = members.shift_remove("allOf");
    let belonging: Vec<String> =
        members.get("dependentRequired").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect();
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        for branch in branches.as_ref().and_then(Value::as_array).into_iter().flatten() {
            properties.extend(branch["then"]["properties"].as_object().cloned().unwrap_or_default());
        }
        for (name, member) in properties.iter_mut() {
            leave_to_document(member);
            if belonging.contains(name)
                && let Some(annotations) = member.get_mut("x-postkontor").and_then(Value::as_object_mut)
            {
                annotations.shift_remove("default_by");
            }
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
pub(super) fn merged(document: &Value, own: &Value) -> Wiped {
    let mut merged = Wiped(document.clone());
    // A certificate of its own has a password of its own.
    if own.pointer(SIGN).is_some()
        && let Some(sign) = merged.0.pointer_mut(SIGN)
    {
        wipe(sign);
        *sign = Value::Null;
    }
    layers::patch(&mut merged.0, own);
    let none = Map::new();
    // What is wrong in either has been noted.
    let mut findings = Findings::default();
    let schema = &document_schema()["properties"]["sender"];
    Wiped(Value::Object(fields::group(schema, merged.as_object().unwrap_or(&none), "", &mut findings)))
}

/// The group that an account has as a whole or not at all.
const SIGN: &str = "/smime/sign";

/// Whether an account says something of a field of the sender by itself.
pub(super) fn is_own(own: &Value, field: &str) -> bool {
    let place = if field.starts_with(SIGN) { SIGN } else { field };
    own.pointer(place).is_some()
}
