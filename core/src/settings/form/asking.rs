//! Conditions that ask for members.

use serde_json::{Value, json};

/// Lets a condition that asks for members hold of groups only: before anything is filled in there may be no data at all.
pub(super) fn ask_for_groups(test: &mut Value) {
    match test {
        Value::Object(keywords) => {
            keywords.values_mut().for_each(ask_for_groups);
            if keywords.contains_key("required") {
                keywords.insert("type".to_owned(), json!("object"));
            }
        }
        Value::Array(tests) => tests.iter_mut().for_each(ask_for_groups),
        _ => (),
    }
}
