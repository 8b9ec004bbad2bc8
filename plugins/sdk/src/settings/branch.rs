//! The conditions of a group, as JSON Schema says them: `if` and `then`.

use serde_json::{Map, Value, json};

/// What a group has more under a condition.
pub(super) struct Branch {
    test: Value,
    pub(super) members: Map<String, Value>,
    pub(super) required: Vec<Value>,
}

impl Branch {
    /// The branch with this condition; a new one where there is none yet.
    pub(super) fn of(test: Value, branches: &mut Vec<Branch>) -> &mut Branch {
        let index = branches.iter().position(|branch| branch.test == test).unwrap_or_else(|| {
            branches.push(Branch { test, members: Map::new(), required: Vec::new() });
            branches.len() - 1
        });
        &mut branches[index]
    }

    pub(super) fn into_schema(self) -> Value {
        let mut then = Map::new();
        if !self.members.is_empty() {
            then.insert("properties".to_owned(), Value::Object(self.members));
        }
        if !self.required.is_empty() {
            then.insert("required".to_owned(), Value::Array(self.required));
        }
        json!({"if": self.test, "then": then})
    }
}

/// The `if` of a condition: each member named has one of the values, or is left out where its default is one of them.
pub(super) fn test(when: &Value, defaults: &Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, values) in when.as_object().into_iter().flatten() {
        let allowed = match values {
            Value::Null => json!(false),
            Value::Array(values) => match values.as_slice() {
                [only] => json!({ "const": only }),
                values => json!({ "enum": values }),
            },
            only => json!({ "const": only }),
        };
        let by_default = match (values, defaults.get(name)) {
            (Value::Null, _) => true,
            (Value::Array(values), Some(default)) => values.contains(default),
            (only, Some(default)) => only == default,
            (_, None) => false,
        };
        if !by_default {
            required.push(json!(name));
        }
        properties.insert(name.clone(), allowed);
    }
    let mut test = json!({ "properties": properties });
    if !required.is_empty() {
        test["required"] = Value::Array(required);
    }
    test
}
