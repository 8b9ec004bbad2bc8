//! JSON merge patches (RFC 7396), as the reports of tests offer them.

use serde_json::{Map, Value};

/// Applies a patch to a document.
pub fn apply(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, value) in patch {
        match (target.as_object_mut(), value) {
            (Some(members), Value::Null) => drop(members.remove(&name)),
            (_, value) => apply(&mut target[name], value),
        }
    }
}
