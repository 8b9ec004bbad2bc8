//! The portable JSON Schema of a settings struct.
//!
//! schemars describes what serde accepts; a form generator wants less. [`schema`] brings the former into the shape that
//! every generator renders:
//!
//! - no `$schema`, no `$ref`, no `allOf` at the root, no `null` type, no `additionalProperties: false`;
//! - a group of fields is a nested object, and its members stand in the order of `x-postkontor.order`;
//! - a choice is `oneOf` of `{const, title}`;
//! - a field that shows only under a condition stands in its group's `allOf[i].then.properties`, the condition in `if`;
//! - a secret is `writeOnly` and has the format `password`.
//!
//! # Annotations
//!
//! What JSON Schema has no word for stands in `x-postkontor`, written with `#[schemars(extend("x-postkontor" = {…}))]`:
//!
//! | Member | Meaning |
//! |---|---|
//! | `scope` | Which layer sets it: `company`, `user` or `workstation`; any layer when left out |
//! | `order` | Place within the group; the order of the struct when left out |
//! | `secret` | `true`: never shown, and `{"secret": "name"}` may stand in its place |
//! | `kept` | `true`: a secret that the transport keeps itself ([`Call::secret_put`](crate::Call::secret_put)); that there is none yet under the name of its reference is no error |
//! | `when` | Shown only when other members of the group have one of these values: `{"mode": ["a", "b"]}`; `null` instead of a list: when that member is left out. A name that begins with `/` is a pointer into the whole of the settings |
//! | `required` | `true`, or a condition like `when`: must be given then, although the struct has a default. A list of conditions on the whole, whose names all begin with `/`: when one of them holds |
//! | `account` | `true`: the value names an account of the same document (or a list of them) |
//! | `folder` | `true`: the value names a folder of the account's server; a form offers what a list of folders answers |
//! | `via` | `true`: the account named here sends in the place of this one |
//! | `host` | `true`: the name or address of a server, if need be with `:port` |
//! | `default_by` | What applies when the field is left out and is no constant: a table `{"/tls/mode": {"none": 25, …}}` of what another field decides, or a word for who decides: `server`, `machine`, `document`, `nothing`. On a group: `{"port": …}` for its members |
//! | `uses` | A group, by its pointer: what is given there counts while this setting shows and is not `none`, even where it does not show |
//! | `risks` | Values that work and are risky: `[{"value": false, "code": "settings.unverified", "repair": true, "unless": "pin"}]`. A check warns with the code's sentence and offers `repair`; not where `unless`, another member of the group, is given. Of a URL, `{"hosts": [".example.com"], "code", "args": {}, "patch": {}}`: a patch of the account's settings where it leads to one of these hosts |
//! | `list` | `true`: a text with `;` between the items may stand for the list |
//! | `problem` | The code of the sentence for a value that does not match the pattern |
//! | `unit`, `advanced`, `credentials`, `version`, `replaced_by` | For forms and their readers |
//!
//! `when` and `required` become standard keywords and are not in the result, unless they look beyond their group; `optional: true`
//! is added to a group that may be left out as a whole.

use super::branch::{Branch, test};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

/// The JSON Schema of a settings struct in the portable shape that form generators render.
pub fn schema<T: JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(root) = schema.as_object_mut() {
        // schemars puts the struct's name here, which is nothing for users.
        root.shift_remove("title");
    }
    portable(&mut schema);
    schema
}

/// A schema that was written by hand, as plugins in other languages bring it, in the same portable shape: conditions in `x-postkontor`
/// become standard keywords, choices and groups get their form and order. What has that shape stays as it is.
pub fn portable_schema(mut schema: Value) -> Value {
    portable(&mut schema);
    schema
}

/// Brings one field, group or list into the portable shape.
fn portable(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    let left_out = without_null(schema);
    let required = annotation(schema, "required").is_some();
    if annotation(schema, "secret") == Some(&Value::Bool(true)) {
        schema.insert("format".to_owned(), json!("password"));
        schema.insert("writeOnly".to_owned(), json!(true));
        schema.shift_remove("default");
    }
    if schema.get("format").and_then(Value::as_str).is_some_and(is_number_format) {
        schema.shift_remove("format");
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        schema.shift_remove("additionalProperties");
    }
    match schema.get("default") {
        Some(Value::Null) => drop(schema.shift_remove("default")),
        // The members have defaults of their own; this one only says that the group is there when it is left out.
        Some(Value::Object(_)) => drop(schema.insert("default".to_owned(), json!({}))),
        _ => {}
    }
    choices(schema);
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(inner) {
            portable(inner);
        }
    }
    if schema.contains_key("properties") {
        if left_out && !required {
            annotate(schema, "optional", json!(true));
            soften(schema);
        }
        group(schema);
    }
    sort(schema);
}

/// Turns `Option<T>` into `T`; says whether it was one.
fn without_null(schema: &mut Map<String, Value>) -> bool {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        let before = types.len();
        types.retain(|name| name != "null");
        let nullable = types.len() < before;
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
        return nullable;
    }
    let Some(Value::Array(either)) = schema.get("anyOf") else { return false };
    let rest: Vec<_> = either.iter().filter(|one| one["type"] != "null").cloned().collect();
    if rest.len() == either.len() {
        return false;
    }
    if let [Value::Object(only)] = rest.as_slice() {
        schema.shift_remove("anyOf");
        for (name, value) in only {
            // What was said about the field is nearer than what was said about its type.
            schema.entry(name).or_insert(value.clone());
        }
    }
    true
}

fn is_number_format(format: &str) -> bool {
    matches!(format, "float" | "double") || format.trim_start_matches('u').starts_with("int")
}

/// Turns the variants of an enum into `oneOf` of `{const, title}`.
fn choices(schema: &mut Map<String, Value>) {
    let variants = match (schema.get("oneOf"), schema.get("enum")) {
        (Some(Value::Array(variants)), _) => variants.clone(),
        (None, Some(values @ Value::Array(_))) => vec![json!({ "enum": values })],
        _ => return,
    };
    let mut choices = Vec::new();
    for variant in &variants {
        let values = match (variant.get("const"), variant.get("enum")) {
            (Some(value), _) => vec![value],
            (None, Some(Value::Array(values))) => values.iter().filter(|value| !value.is_null()).collect(),
            _ => return,
        };
        for value in values {
            let title = variant
                .get("title")
                .cloned()
                .unwrap_or_else(|| value.as_str().map_or_else(|| json!(value.to_string()), |text| json!(text)));
            let mut choice = json!({"const": value, "title": title});
            if let Some(description) = variant.get("description") {
                choice["description"] = description.clone();
            }
            choices.push(choice);
        }
    }
    if choices.iter().all(|choice| choice["const"].is_string()) {
        schema.insert("type".to_owned(), json!("string"));
    }
    schema.shift_remove("enum");
    schema.insert("oneOf".to_owned(), Value::Array(choices));
}

/// Asks for the required members of a group only when another one is given: a form that shows a group which may be left
/// out would otherwise refuse to be left empty.
fn soften(group: &mut Map<String, Value>) {
    let Some(Value::Array(required)) = group.shift_remove("required") else { return };
    let Some(Value::Object(members)) = group.get("properties") else { return };
    let dependent: Map<_, _> =
        members.keys().filter(|name| !required.iter().any(|other| other == *name)).map(|name| (name.clone(), json!(required))).collect();
    if !dependent.is_empty() {
        group.insert("dependentRequired".to_owned(), Value::Object(dependent));
    }
}

/// Orders the members of a group and moves those with a condition behind it.
fn group(group: &mut Map<String, Value>) {
    let Some(Value::Object(members)) = group.shift_remove("properties") else { return };
    let decided =
        group.get_mut("x-postkontor").and_then(Value::as_object_mut).and_then(|annotations| annotations.shift_remove("default_by"));
    let mut required = match group.shift_remove("required") {
        Some(Value::Array(required)) => required,
        _ => Vec::new(),
    };
    let members = ordered(members, decided.as_ref());
    let defaults: Map<_, _> = members.iter().filter_map(|(name, member)| Some((name.clone(), member.get("default")?.clone()))).collect();

    let mut always = Map::new();
    let mut branches: Vec<Branch> = Vec::new();
    for (name, mut member) in members {
        if looks_beyond(&member) {
            // No keyword of the group can express it; the host puts it where the whole is seen.
            required.retain(|other| *other != name);
            always.insert(name, member);
            continue;
        }
        let when = take_annotation(&mut member, "when");
        let mut must = take_annotation(&mut member, "required");
        if let (Some(Value::Array(_)), Some(member)) = (&must, member.as_object_mut()) {
            // As above: it stays for the host.
            annotate(member, "required", must.take().unwrap_or_default());
        }
        let listed = required.iter().position(|other| *other == name).map(|index| required.remove(index)).is_some();
        let (group_members, group_required) = match &when {
            Some(when) => {
                let branch = Branch::of(test(when, &defaults), &mut branches);
                (&mut branch.members, &mut branch.required)
            }
            None => (&mut always, &mut required),
        };
        if listed || must == Some(Value::Bool(true)) {
            group_required.push(json!(name));
        }
        group_members.insert(name.clone(), member);
        if let Some(must @ Value::Object(_)) = &must {
            Branch::of(test(must, &defaults), &mut branches).required.push(json!(name));
        }
    }
    group.insert("properties".to_owned(), Value::Object(always));
    if !required.is_empty() {
        group.insert("required".to_owned(), Value::Array(required));
    }
    if !branches.is_empty() {
        group.insert("allOf".to_owned(), branches.into_iter().map(Branch::into_schema).collect());
    }
}

/// The members of a group, each brought into the portable shape, in their order. `decided` says what decides about what is left out.
fn ordered(members: Map<String, Value>, decided: Option<&Value>) -> Vec<(String, Value)> {
    let mut members: Vec<(String, Value)> = members.into_iter().collect();
    for (position, (name, member)) in members.iter_mut().enumerate() {
        portable(member);
        let Some(member) = member.as_object_mut() else { continue };
        if annotation(member, "order").is_none() {
            annotate(member, "order", json!((position + 1) * 10));
        }
        if let Some(by) = decided.and_then(|decided| decided.get(name.as_str())) {
            annotate(member, "default_by", by.clone());
        }
    }
    members.sort_by_key(|(_, member)| member["x-postkontor"]["order"].as_i64());
    members
}

/// Whether a member shows by what stands in another group.
fn looks_beyond(member: &Value) -> bool {
    member["x-postkontor"]["when"].as_object().is_some_and(|when| when.keys().any(|name| name.starts_with('/')))
}

fn annotation<'a>(schema: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    schema.get("x-postkontor")?.get(name)
}

fn annotate(schema: &mut Map<String, Value>, name: &str, value: Value) {
    let annotations = schema.entry("x-postkontor").or_insert_with(|| json!({}));
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(name.to_owned(), value);
    }
}

fn take_annotation(schema: &mut Value, name: &str) -> Option<Value> {
    schema.get_mut("x-postkontor")?.as_object_mut()?.shift_remove(name)
}

/// Brings the keywords into the order in which people read them.
fn sort(schema: &mut Map<String, Value>) {
    const FIRST: [&str; 8] = ["type", "title", "description", "default", "examples", "format", "writeOnly", "pattern"];
    const LAST: [&str; 6] = ["items", "properties", "required", "dependentRequired", "allOf", "x-postkontor"];
    let rank = |name: &str| match (FIRST.iter().position(|other| *other == name), LAST.iter().position(|other| *other == name)) {
        (Some(place), _) => place,
        (None, None) => FIRST.len(),
        (None, Some(place)) => FIRST.len() + 1 + place,
    };
    let mut keywords: Vec<_> = std::mem::take(schema).into_iter().collect();
    keywords.sort_by_key(|(name, _)| rank(name));
    schema.extend(keywords);
}

#[cfg(test)]
#[allow(dead_code, reason = "only the schemas of these structs are wanted")]
mod tests {
    use super::*;
    use crate::Secret;
    use serde::{Deserialize, Serialize};

    #[derive(Deserialize, JsonSchema)]
    struct Settings {
        #[serde(default)]
        box_: Box_,
        extra: Option<Extra>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, default)]
    struct Box_ {
        #[schemars(extend("x-postkontor" = {"order": 30}))]
        last: Option<u16>,
        #[schemars(extend("x-postkontor" = {"order": 10}))]
        kind: Kind,
        #[schemars(extend("x-postkontor" = {"order": 20, "secret": true, "required": true, "when": {"kind": ["locked", "sealed"]}}))]
        key: Secret,
        #[schemars(extend("x-postkontor" = {"order": 25, "when": {"kind": ["open"], "last": null}}))]
        lid: Option<bool>,
        #[schemars(extend("x-postkontor" = {"order": 26, "required": {"kind": ["sealed"]}}))]
        wax: Option<f32>,
    }

    impl Default for Box_ {
        fn default() -> Box_ {
            Box_ { last: None, kind: Kind::Open, key: Secret::default(), lid: None, wax: None }
        }
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Open,
        /// With a key.
        Locked,
        Sealed,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Extra {
        file: String,
        #[serde(default)]
        page: u8,
    }

    #[test]
    fn the_shape_is_the_portable_one() {
        let expected = json!({
            "type": "object",
            "properties": {
                "box_": {
                    "type": "object",
                    "default": {},
                    "properties": {
                        "kind": {
                            "type": "string",
                            "default": "open",
                            "oneOf": [
                                {"const": "open", "title": "open"},
                                {"const": "sealed", "title": "sealed"},
                                {"const": "locked", "title": "locked", "description": "With a key."}
                            ],
                            "x-postkontor": {"order": 10}
                        },
                        "wax": {"type": "number", "x-postkontor": {"order": 26}},
                        "last": {"type": "integer", "minimum": 0, "maximum": 65535, "x-postkontor": {"order": 30}}
                    },
                    "allOf": [
                        {
                            "if": {"properties": {"kind": {"enum": ["locked", "sealed"]}}, "required": ["kind"]},
                            "then": {
                                "properties": {
                                    "key": {"type": "string", "format": "password", "writeOnly": true, "x-postkontor": {"order": 20, "secret": true}}
                                },
                                "required": ["key"]
                            }
                        },
                        {
                            "if": {"properties": {"kind": {"const": "open"}, "last": false}},
                            "then": {"properties": {"lid": {"type": "boolean", "x-postkontor": {"order": 25}}}}
                        },
                        {"if": {"properties": {"kind": {"const": "sealed"}}, "required": ["kind"]}, "then": {"required": ["wax"]}}
                    ],
                    "x-postkontor": {"order": 10}
                },
                "extra": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "x-postkontor": {"order": 10}},
                        "page": {"type": "integer", "default": 0, "minimum": 0, "maximum": 255, "x-postkontor": {"order": 20}}
                    },
                    "dependentRequired": {"page": ["file"]},
                    "x-postkontor": {"optional": true, "order": 20}
                }
            }
        });
        let found = schema::<Settings>();
        assert_eq!(found, expected, "{found:#}");
    }

    #[test]
    fn members_stand_in_their_order() {
        let schema = schema::<Settings>();
        let members: Vec<_> = schema["properties"]["box_"]["properties"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["kind", "wax", "last"]);
    }

    #[test]
    fn shared_groups_are_portable() {
        #[derive(Deserialize, JsonSchema)]
        struct All {
            server: crate::settings::Server,
            #[serde(default)]
            tls: crate::settings::Tls,
            #[serde(default)]
            auth: crate::settings::Auth,
            #[serde(default)]
            route: crate::settings::Route,
            #[serde(default)]
            web_tls: crate::settings::WebTls,
        }
        fn walk(value: &Value, pointer: &str) {
            match value {
                Value::Object(members) => {
                    for (name, value) in members {
                        assert!(
                            !matches!(name.as_str(), "$ref" | "$defs" | "$schema" | "anyOf" | "additionalProperties"),
                            "{pointer}/{name}"
                        );
                        if name == "type" {
                            assert!(value.is_string() || pointer.ends_with("/properties"), "{pointer}: {value}");
                        }
                        walk(value, &format!("{pointer}/{name}"));
                    }
                }
                Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| walk(value, &format!("{pointer}/{index}"))),
                text => assert_ne!(text, "***", "a secret's mask became a default at {pointer}"),
            }
        }
        let schema = schema::<All>();
        walk(&schema, "");
        assert!(schema.get("allOf").is_none());
        assert_eq!(schema["properties"]["auth"]["default"], json!({}));
        assert_eq!(schema["properties"]["server"]["required"], json!(["host"]));
        // The groups of a transport with a URL are the same but for what the URL says.
        let mut server = schema["properties"]["server"]["properties"].as_object().unwrap().clone();
        server.retain(|name, _| !matches!(name.as_str(), "host" | "port"));
        assert_eq!(schema["properties"]["route"]["properties"], Value::Object(server));
        let always = &schema["properties"]["web_tls"]["properties"];
        let with_mode = &schema["properties"]["tls"]["allOf"][0]["then"]["properties"];
        assert_eq!(always, with_mode);
    }

    #[test]
    fn what_has_the_portable_shape_keeps_it() {
        let whole = schema::<Settings>();
        assert_eq!(portable_schema(whole.clone()), whole);
        let shared = schema::<crate::settings::Tls>();
        assert_eq!(portable_schema(shared.clone()), shared);
    }
}
