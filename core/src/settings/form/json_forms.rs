//! The UI schema of JSON Forms: a layout with a rule for each field that shows under a condition.

use super::asking::ask_for_groups;
use super::member::{Member, group_of_items, is_group, is_secret, is_yes_or_no, members};
use super::shape::when_beyond;
use crate::pointer::child;
use crate::settings::conditions::looks_beyond;
use crate::texts::Texts;
use serde_json::{Map, Value, json};

/// The layout of a whole form. `scope` is the place of its schema, `#` where it is the root.
pub(super) fn layout(schema: &Value, scope: &str, texts: &Texts, language: &str) -> Value {
    let writer = Writer { texts, language };
    json!({"type": "VerticalLayout", "elements": writer.elements(schema, scope, &|test| test)})
}

struct Writer<'a> {
    texts: &'a Texts,
    language: &'a str,
}

impl Writer<'_> {
    /// The elements of a group. `around` wraps a condition of this group into one on the whole form's data, so that a group which is
    /// not there yet counts like an empty one.
    fn elements(&self, group: &Value, scope: &str, around: &dyn Fn(Value) -> Value) -> Vec<Value> {
        let mut elements = Vec::new();
        for member in members(group) {
            let scope = child(&format!("{scope}/properties"), member.name);
            if is_secret(member.schema) {
                elements.extend(self.secret(&member, &scope, around));
                continue;
            }
            let mut element = if is_group(member.schema) {
                let around = |test: Value| around(within(member.name, test));
                json!({"type": "Group", "label": member.schema["title"], "elements": self.elements(member.schema, &scope, &around)})
            } else {
                json!({"type": "Control", "scope": scope})
            };
            let mut options = options(member.schema);
            if let Some(items) = group_of_items(member.schema) {
                // Each item is a form of its own, whose conditions look at the item.
                let elements = self.elements(items, "#", &|test| test);
                options.insert("detail".to_owned(), json!({"type": "VerticalLayout", "elements": elements}));
            }
            if !options.is_empty() {
                element["options"] = Value::Object(options);
            }
            let beyond = looks_beyond(member.schema).map(when_beyond);
            show(&mut element, beyond.or_else(|| any_of(&member.conditions, &|test| around(test))));
            elements.push(element);
        }
        elements
    }

    /// Two controls for a secret: one for the text, and one for the name under which it is kept, where that is what stands there.
    fn secret(&self, member: &Member, scope: &str, around: &dyn Fn(Value) -> Value) -> [Value; 2] {
        let always = json!({});
        let conditions = if member.conditions.is_empty() { vec![&always] } else { member.conditions.clone() };
        let as_is = |kind: Value, given: bool| {
            move |mut test: Value| {
                test["properties"][member.name] = json!({ "type": kind });
                if given {
                    let mut names = test["required"].as_array().cloned().unwrap_or_default();
                    names.push(json!(member.name));
                    test["required"] = json!(names);
                }
                test
            }
        };
        let mut options = options(member.schema);
        options.insert("format".to_owned(), json!("password"));
        let mut text = json!({"type": "Control", "scope": scope, "options": options});
        let is_text = as_is(json!(["string", "null"]), false);
        show(&mut text, any_of(&conditions, &|test| around(is_text(test))));
        let title = member.schema["title"].as_str().unwrap_or(member.name);
        let label = self.texts.form(self.language, "reference", &[("title", title)]);
        let mut reference = json!({"type": "Control", "scope": format!("{scope}/properties/secret"), "label": label});
        let is_reference = as_is(json!("object"), true);
        show(&mut reference, any_of(&conditions, &|test| around(is_reference(test))));
        [text, reference]
    }
}

/// A condition of a group as one of the group around it.
fn within(name: &str, test: Value) -> Value {
    let mut outer = json!({"properties": {name: test}});
    if test.get("required").is_some() {
        outer["required"] = json!([name]);
    }
    outer
}

fn any_of(conditions: &[&Value], around: &dyn Fn(Value) -> Value) -> Option<Value> {
    match conditions {
        [] => None,
        [only] => Some(around((*only).clone())),
        several => Some(json!({"anyOf": several.iter().map(|test| around((*test).clone())).collect::<Vec<_>>()})),
    }
}

fn show(element: &mut Value, test: Option<Value>) {
    if let Some(mut test) = test {
        ask_for_groups(&mut test);
        element["rule"] = json!({"effect": "SHOW", "condition": {"scope": "#", "schema": test}});
    }
}

fn options(schema: &Value) -> Map<String, Value> {
    let mut options = Map::new();
    if schema["x-postkontor"]["advanced"] == true {
        options.insert("advanced".to_owned(), json!(true));
    }
    if is_group(schema) {
        return options;
    }
    // What applies where a field is empty stands in the description, which otherwise shows only while the field is being used.
    if schema.get("description").is_some() {
        options.insert("showUnfocusedDescription".to_owned(), json!(true));
    }
    if is_yes_or_no(schema) {
        options.insert("format".to_owned(), json!("radio"));
    } else if schema.get("oneOf").is_some() {
        // The first choice is the default.
        options.insert("hideEmptyOption".to_owned(), json!(true));
    }
    options
}
