//! The schema as form generators draw it, and as validators of JSON Schema accept it, 2020-12 and draft-07, in strict mode.
//!
//! It differs from what a plugin describes where that would be drawn as something which does not apply, or would refuse what
//! [`check`](crate::settings::check) takes:
//!
//! - what may be left out may be `null`; a choice has `null` as its first, under the name of the default, which is what generators show
//!   that fill in nothing;
//! - yes or no with the default yes is a choice, as a box that is not ticked would say no;
//! - what must be given is no empty text, and what may be left out may be one, whatever else is asked of it;
//! - an address is a pattern and no `format`: validators differ in whether they look at formats, and refuse addresses that mail reaches;
//! - a secret is a text or a reference `{"secret": "name"}`, each in a branch of its own, so that either is drawn as what it is;
//! - a member that shows by what stands in another group stands in `then` of the whole; one that must be given by it is asked for there;
//! - members that are asked for when others are given are asked for by `if`, and not because of a value that applies anyway.

use super::asking::ask_for_groups;
use super::member::{group_of_items, is_group, is_secret, is_yes_or_no};
use crate::pointer::child;
use crate::settings::conditions::{Whole, default_at, looks_beyond, required_beyond};
use crate::settings::fields;
use crate::settings::findings::Findings;
use crate::texts::Texts;
use serde_json::{Map, Value, json};

/// Shapes a schema that has its titles already.
pub(super) fn shape(schema: &Value, texts: &Texts, language: &str) -> Value {
    let hidden = Whole { schema, given: &Value::Null }.hidden(schema, "");
    let shaper = Shaper { texts, language, hidden };
    let mut beyond = Vec::new();
    let mut shaped = shaper.group(schema, &mut Vec::new(), &mut beyond);
    let mut branches: Vec<Value> = asked_for_beyond(schema, schema, &mut Vec::new());
    for Beyond { when, path, member, required } in beyond {
        let then = path.iter().rev().enumerate().fold(member, |inner, (depth, name)| {
            let mut group = json!({"type": "object", "properties": {name.as_str(): inner}});
            if required {
                group["required"] = json!([name]);
            }
            // The whole is an object as it is.
            if depth + 1 == path.len() {
                group.as_object_mut().map(|group| group.shift_remove("type"));
            }
            group
        });
        branches.push(json!({"if": when_beyond(&when), "then": then}));
    }
    ask_for_both(&mut shaped);
    if let (Some(shaped), Some(branch)) = (shaped.as_object_mut(), branches.first().and_then(Value::as_object)) {
        match branches.as_slice() {
            // Without `allOf` at the root, which not every generator draws.
            [_] => shaped.extend(branch.clone()),
            several => drop(shaped.insert("allOf".to_owned(), json!(several))),
        }
    }
    shaped
}

/// A value that says something: no field that was cleared, and no reference without a name.
fn given() -> Value {
    json!({"not": {"enum": [null, "", {}, {"secret": null}, {"secret": ""}]}})
}

/// Lets the login ask for user name and password together where the method is found out, as the rule of [`check`](crate::settings::check) does.
fn ask_for_both(shaped: &mut Value) {
    let Some(auth) = shaped.pointer_mut("/properties/auth") else { return };
    if auth["properties"]["method"]["default"] != "auto" {
        return;
    }
    let given = given();
    let both = [("user", "password"), ("password", "user")].map(|(one, other)| {
        let test = json!({"properties": {"method": {"enum": ["auto", null]}, one: given}, "required": [one]});
        json!({"if": test, "then": {"properties": {other: given}, "required": [other]}})
    });
    if let Some(branches) = auth.get_mut("allOf").and_then(Value::as_array_mut) {
        branches.extend(both);
    }
}

/// The condition on the whole for a member that shows by what stands in other groups.
pub(super) fn when_beyond(when: &Map<String, Value>) -> Value {
    let mut test = json!({});
    for (place, allowed) in when {
        let allowed = match allowed {
            Value::Null => json!(false),
            Value::Array(values) if values.len() == 1 => json!({"const": values[0]}),
            Value::Array(values) => json!({ "enum": values }),
            only => json!({ "const": only }),
        };
        let names: Vec<&str> = place.split('/').filter(|name| !name.is_empty()).collect();
        let inner = names.iter().rev().enumerate().fold(allowed, |inner, (depth, name)| {
            let mut group = json!({"properties": {*name: inner}, "required": [name]});
            if depth + 1 < names.len() {
                group["type"] = json!("object");
            }
            group
        });
        merge(&mut test, inner);
    }
    test
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => from.into_iter().for_each(|(name, value)| match into.get_mut(&name) {
            Some(known) => merge(known, value),
            None => drop(into.insert(name, value)),
        }),
        // Of two types that are asked for, the narrower one holds.
        (Value::String(kind), Value::Array(kinds)) if kinds.iter().any(|allowed| allowed == kind.as_str()) => {}
        (Value::Array(into), Value::Array(from)) => into.extend(from.into_iter().filter(|value| !into.contains(value)).collect::<Vec<_>>()),
        (into, from) => *into = from,
    }
}

/// The branches of the whole that ask for members by what stands in other groups.
fn asked_for_beyond(root: &Value, group: &Value, path: &mut Vec<String>) -> Vec<Value> {
    let mut branches = Vec::new();
    for (name, member) in group["properties"].as_object().into_iter().flatten() {
        path.push(name.clone());
        branches.extend(asked_for_beyond(root, member, path));
        let tests: Vec<Value> = required_beyond(member).map(|when| stands_so(root, when)).collect();
        let test = match tests.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(json!({ "anyOf": several })),
        };
        if let Some(test) = test {
            let then =
                path.iter().rev().enumerate().fold(given(), |inner, (depth, name)| within(name, inner, depth + 1 < path.len(), true));
            branches.push(json!({"if": test, "then": then}));
        }
        path.pop();
    }
    branches
}

/// The condition on the whole that each place has one of its values, given or by default.
fn stands_so(root: &Value, when: &Map<String, Value>) -> Value {
    let mut test = json!({});
    for (place, allowed) in when {
        let mut values = match allowed {
            Value::Null => vec![json!("")],
            Value::Array(values) => values.clone(),
            only => vec![only.clone()],
        };
        // Forms leave `null` behind where a field was cleared.
        let may_be_left_out = allowed.is_null() || default_at(root, place).is_some_and(|default| values.contains(default));
        if may_be_left_out {
            values.push(Value::Null);
        }
        let names: Vec<&str> = place.split('/').filter(|name| !name.is_empty()).collect();
        let value = json!({ "enum": values });
        let inner = names
            .iter()
            .rev()
            .enumerate()
            .fold(value, |inner, (depth, name)| within(name, inner, depth + 1 < names.len(), !may_be_left_out));
        merge(&mut test, inner);
    }
    test
}

/// A test of one member as a test of the group that has it.
fn within(name: &str, member: Value, is_inner: bool, is_required: bool) -> Value {
    let mut group = json!({"properties": {name: member}});
    if is_inner {
        group["type"] = if is_required { json!("object") } else { json!(["object", "null"]) };
    }
    if is_required {
        group["required"] = json!([name]);
    }
    group
}

/// A member that shows by what stands in another group.
struct Beyond {
    when: Map<String, Value>,
    path: Vec<String>,
    member: Value,
    required: bool,
}

/// What a group has more under a condition.
struct Branch {
    test: Value,
    members: Map<String, Value>,
    required: Vec<Value>,
}

struct Shaper<'a> {
    texts: &'a Texts,
    language: &'a str,
    /// What does not show while nothing is given.
    hidden: Vec<String>,
}

impl Shaper<'_> {
    /// Shapes a group: its members, and the branches of `allOf`.
    fn group(&self, group: &Value, path: &mut Vec<String>, beyond: &mut Vec<Beyond>) -> Value {
        let required = |group: &Value| group["required"].as_array().cloned().unwrap_or_default();
        let properties = |group: &Value| group["properties"].as_object().cloned().unwrap_or_default();
        let mut always = Branch { test: json!({}), members: Map::new(), required: required(group) };
        let mut branches = Vec::new();
        for (name, member) in properties(group) {
            path.push(name.clone());
            self.ask_for_group(&name, &member, path, &mut always.required);
            let is_required = always.required.contains(&json!(name));
            if let Some(when) = looks_beyond(&member) {
                let required = member["x-postkontor"]["required"] == true;
                let mut member = self.member(&member, required, path, beyond);
                for keyword in ["when", "required"] {
                    member["x-postkontor"].as_object_mut().map(|annotations| annotations.shift_remove(keyword));
                }
                beyond.push(Beyond { when: when.clone(), path: path.clone(), member, required });
            } else {
                let mut shaped = self.member(&member, is_required, path, beyond);
                shaped["x-postkontor"].as_object_mut().map(|annotations| annotations.shift_remove("required"));
                place(&name, shaped, &mut always, &mut branches);
            }
            path.pop();
        }
        for branch in group["allOf"].as_array().into_iter().flatten() {
            let mut under = Branch { test: branch["if"].clone(), members: Map::new(), required: required(&branch["then"]) };
            for (name, member) in properties(&branch["then"]) {
                path.push(name.clone());
                self.ask_for_group(&name, &member, path, &mut under.required);
                let is_required = under.required.contains(&json!(name));
                let shaped = self.member(&member, is_required, path, beyond);
                place(&name, shaped, &mut under, &mut branches);
                path.pop();
            }
            if !under.members.is_empty() || !under.required.is_empty() {
                branches.push(under);
            }
        }
        branches.extend(asked_for_by_others(group));
        written(group, always, branches)
    }

    /// Asks for a group in which something must be given whatever stands elsewhere: left out, it means the same as an empty one.
    fn ask_for_group(&self, name: &str, member: &Value, path: &[String], required: &mut Vec<Value>) {
        if !is_group(member)
            || looks_beyond(member).is_some()
            || member["x-postkontor"]["optional"] == true
            || required.contains(&json!(name))
        {
            return;
        }
        let mut findings = Findings { hidden: self.hidden.clone(), ..Findings::default() };
        let pointer = path.iter().fold(String::new(), |pointer, name| child(&pointer, name));
        fields::group(member, &Map::new(), &pointer, &mut findings);
        if findings.problems.iter().any(|problem| problem.code == "settings.required") {
            required.push(json!(name));
        }
    }

    /// Shapes one field, group or list.
    fn member(&self, member: &Value, is_required: bool, path: &mut Vec<String>, beyond: &mut Vec<Beyond>) -> Value {
        if is_group(member) {
            let mut shaped = self.group(member, path, beyond);
            allow_null(&mut shaped, is_required);
            return shaped;
        }
        let mut shaped = member.clone();
        if let Some(items) = group_of_items(member) {
            // What shows by what stands elsewhere cannot be said of an item.
            shaped["items"] = self.group(items, path, &mut Vec::new());
            // A generator asks the conditions of an item about the list as well, of which those that ask for members would hold.
            let branches = shaped["items"].get_mut("allOf").and_then(Value::as_array_mut);
            branches.into_iter().flatten().for_each(|branch| ask_for_groups(&mut branch["if"]));
        }
        if is_yes_or_no(member) {
            let choice =
                |value: bool| json!({"const": value, "title": self.texts.form(self.language, if value { "yes" } else { "no" }, &[])});
            shaped["oneOf"] = json!([choice(true), choice(false)]);
        }
        if let Some(choices) = shaped.get_mut("oneOf").and_then(Value::as_array_mut).filter(|_| !is_required) {
            let default = choices.iter().find(|choice| Some(&choice["const"]) == member.get("default"));
            let title = default.and_then(|choice| choice["title"].as_str());
            let title = match (title, member["x-postkontor"]["default_by"].as_str()) {
                (Some(title), _) => self.texts.form(self.language, "default_choice", &[("value", title)]),
                (None, Some("document")) => self.texts.form(self.language, "document_choice", &[]),
                (None, _) => self.texts.form(self.language, "no_choice", &[]),
            };
            choices.insert(0, json!({"const": null, "title": title}));
        }
        text(&mut shaped, is_required);
        allow_null(&mut shaped, is_required);
        shaped
    }
}

/// An address as [`check`](crate::settings::check) takes it.
const ADDRESS: &str = r#"[^\s<>,;:"()]+@[^\s<>,;:"()@]+"#;

/// Says of a text whether it may be empty, and what an address looks like.
fn text(field: &mut Value, is_required: bool) {
    let Some(field) = field.as_object_mut().filter(|field| field.get("type").is_some_and(|kind| kind == "string")) else { return };
    if field.get("format").is_some_and(|format| format == "email") {
        field.shift_remove("format");
        field.insert("pattern".to_owned(), json!(format!("^{ADDRESS}$")));
    }
    if field.contains_key("oneOf") {
        return;
    }
    if is_required {
        field.entry("minLength").or_insert(json!(1));
        return;
    }
    // Forms leave an empty text behind where a field was cleared.
    if field.get("minLength").is_some_and(|least| least == 1) {
        field.shift_remove("minLength");
    }
    if let Some(pattern) = field.get_mut("pattern").filter(|pattern| pattern.is_string()) {
        *pattern = json!(format!("^$|{}", pattern.as_str().unwrap_or_default()));
    }
}

fn allow_null(member: &mut Value, is_required: bool) {
    if let (Some(kind), false) = (member["type"].as_str(), is_required) {
        member["type"] = json!([kind, "null"]);
    }
}

/// Puts a member where it shows; a secret into two branches, one for the text and one for the reference.
fn place(name: &str, member: Value, around: &mut Branch, branches: &mut Vec<Branch>) {
    if !is_secret(&member) {
        around.members.insert(name.to_owned(), member);
        return;
    }
    let before = around.required.len();
    around.required.retain(|other| other != name);
    let required: Vec<Value> = if around.required.len() < before { vec![json!(name)] } else { Vec::new() };
    let mut reference = json!({
        "type": "object",
        "title": member["title"],
        "propertyNames": {"const": "secret"},
        "properties": {"secret": {"type": "string", "title": member["title"], "minLength": 1, "x-postkontor": {"order": 10}}},
        "required": ["secret"],
        "x-postkontor": {"order": member["x-postkontor"]["order"], "reference": true},
    });
    if required.is_empty() {
        // An empty one means the same as none.
        reference.as_object_mut().map(|reference| reference.shift_remove("required"));
        reference["properties"]["secret"]["type"] = json!(["string", "null"]);
        reference["properties"]["secret"].as_object_mut().map(|name| name.shift_remove("minLength"));
    }
    let text = json!(["string", "null"]);
    // The last is neither, and has nothing that a form could draw.
    let other = json!({"anyOf": [{"type": "boolean"}, {"type": "number"}, {"type": "array"}]});
    let neither = json!({ "type": text });
    for (kind, schema, given) in
        [(json!({"type": text}), member, false), (json!({"type": "object"}), reference, true), (other, neither, true)]
    {
        let mut test = around.test.clone();
        test["properties"][name] = kind;
        if given {
            let mut names = test["required"].as_array().cloned().unwrap_or_default();
            names.push(json!(name));
            test["required"] = json!(names);
        }
        branches.push(Branch { test, members: Map::from_iter([(name.to_owned(), schema)]), required: required.clone() });
    }
}

/// Members that must be given as soon as another one is (`dependentRequired`), unless that one has its default only.
fn asked_for_by_others(group: &Value) -> Vec<Branch> {
    let asking = group["dependentRequired"].as_object().into_iter().flatten().map(|(name, required)| {
        let given = match group["properties"][name].get("default") {
            Some(default) => json!({"not": {"enum": [default, null]}}),
            None => given(),
        };
        let test = json!({"properties": {name: given}, "required": [name]});
        Branch { test, members: Map::new(), required: required.as_array().cloned().unwrap_or_default() }
    });
    asking.collect()
}

/// The group with its members and branches, keywords in the order in which they were.
fn written(group: &Value, always: Branch, mut branches: Vec<Branch>) -> Value {
    let mut shaped = Map::new();
    for (keyword, value) in group.as_object().into_iter().flatten() {
        if !matches!(keyword.as_str(), "properties" | "required" | "allOf" | "dependentRequired" | "x-postkontor") {
            shaped.insert(keyword.clone(), value.clone());
        }
    }
    shaped.insert("properties".to_owned(), Value::Object(always.members));
    if !always.required.is_empty() {
        shaped.insert("required".to_owned(), json!(always.required));
    }
    // Generators look for a member in the order of the branches, so those come first that have it.
    branches.sort_by_key(|branch| branch.members.values().all(|member| member.get("title").is_none()));
    let branches: Vec<Value> = branches.into_iter().map(Branch::into_schema).collect();
    if !branches.is_empty() {
        shaped.insert("allOf".to_owned(), json!(branches));
    }
    shaped.extend(group.get("x-postkontor").map(|annotations| ("x-postkontor".to_owned(), annotations.clone())));
    Value::Object(shaped)
}

impl Branch {
    fn into_schema(mut self) -> Value {
        // Strict validators want to see each required member beside the word. What may be left out elsewhere may be `null` there, too.
        for name in self.required.iter().filter_map(Value::as_str) {
            if !self.members.contains_key(name) {
                self.members.insert(name.to_owned(), given());
            }
        }
        let mut then = json!({"properties": self.members});
        if !self.required.is_empty() {
            then["required"] = json!(self.required);
        }
        json!({"if": self.test, "then": then})
    }
}
