//! What a type says of its JSON, taken from the schema that schemars makes of it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// A value as its type describes it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Keywords that hold of the value: lengths, ranges, patterns, the default, examples.
    pub(super) keywords: Map<String, Value>,
    /// What `x-postkontor` says of it.
    pub(super) annotations: Map<String, Value>,
}

/// The kinds of values.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    /// One of these words.
    Choice(Vec<String>),
    List(Box<Node>),
    Group(Group),
    /// Members of any name, each a text.
    Named(Box<Node>),
    /// One of several kinds, of which each has its own type in JSON.
    Either(Vec<Node>),
    /// What the host has to fill in.
    Open,
}

/// The members of an object, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) members: Vec<Member>,
    /// What holds of several members together, in words that no form draws.
    pub(super) rules: Vec<Value>,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) node: Node,
    pub(super) required: bool,
    /// What it may hold where it does not show; nothing where it must not even be `null`.
    pub(super) idle: Option<Value>,
}

/// What makes schemas that hold all they need.
pub(super) fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator()
}

/// Keywords that say what kind a value is, or what people read; all others are kept.
const OWN: [&str; 13] = [
    "type",
    "anyOf",
    "oneOf",
    "enum",
    "const",
    "items",
    "properties",
    "required",
    "additionalProperties",
    "title",
    "description",
    "format",
    "x-postkontor",
];

impl Node {
    /// The document that this type reads.
    pub(super) fn of_type<T: JsonSchema>() -> Node {
        Node::of(&generator().into_root_schema_for::<T>().to_value())
    }

    /// The document that has this schema.
    pub(super) fn of(schema: &Value) -> Node {
        let keywords = schema.as_object().into_iter().flatten();
        let keywords = keywords.filter(|(word, value)| !(OWN.contains(&word.as_str()) || *word == "default" && is_nothing(value)));
        let mut node = Node {
            kind: kind(schema),
            keywords: keywords.map(|(word, value)| (word.clone(), value.clone())).collect(),
            annotations: schema["x-postkontor"].as_object().cloned().unwrap_or_default(),
        };
        // An optional value wraps its own description.
        if let [only] = alternatives(schema).as_slice() {
            let inner = Node::of(only);
            node.kind = inner.kind;
            node.keywords = inner.keywords.into_iter().chain(std::mem::take(&mut node.keywords)).collect();
            node.annotations = inner.annotations.into_iter().chain(std::mem::take(&mut node.annotations)).collect();
        }
        node
    }

    /// Whether the annotation is set.
    pub(super) fn is(&self, annotation: &str) -> bool {
        self.annotations.get(annotation) == Some(&Value::Bool(true))
    }

    /// The group that this is, where it is one.
    pub(super) fn group(&mut self) -> Option<&mut Group> {
        match &mut self.kind {
            Kind::Group(group) => Some(group),
            _ => None,
        }
    }
}

impl Group {
    /// A member by its name.
    pub(super) fn get(&mut self, name: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.name == name)
    }
}

/// The alternatives of a schema without `null`, those of alternatives among them.
fn alternatives(schema: &Value) -> Vec<&Value> {
    let given = schema["anyOf"].as_array().into_iter().flatten().filter(|one| one["type"] != "null");
    given.flat_map(|one| if one.get("anyOf").is_some() { alternatives(one) } else { vec![one] }).collect()
}

fn kind(schema: &Value) -> Kind {
    let alternatives = alternatives(schema);
    if alternatives.len() > 1 {
        let are_groups = alternatives.iter().all(|one| one.get("properties").is_some());
        return match are_groups {
            true => Kind::Group(one_of_groups(&alternatives)),
            false => Kind::Either(alternatives.into_iter().map(Node::of).collect()),
        };
    }
    let words = words(schema);
    if !words.is_empty() {
        return Kind::Choice(words);
    }
    let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    match kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null") {
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("boolean") => Kind::Boolean,
        Some("array") => Kind::List(Box::new(Node::of(&schema["items"]))),
        Some("object") if schema["additionalProperties"].is_object() => Kind::Named(Box::new(Node::of(&schema["additionalProperties"]))),
        Some("object") => Kind::Group(Group { members: members(schema), rules: Vec::new() }),
        _ => Kind::Open,
    }
}

/// The words of a choice.
fn words(schema: &Value) -> Vec<String> {
    let variants = schema["oneOf"].as_array().into_iter().flatten().chain(schema.get("enum").map(|_| schema));
    let values = variants.flat_map(|one| one["enum"].as_array().cloned().unwrap_or_else(|| vec![one["const"].clone()]));
    values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

fn members(schema: &Value) -> Vec<Member> {
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
    let described = schema["properties"].as_object().into_iter().flatten();
    let mut members: Vec<Member> = described
        .enumerate()
        .map(|(place, (name, member))| {
            let mut node = Node::of(member);
            node.annotations.entry("order").or_insert_with(|| json!((place + 1) * 10));
            let idle = (!node.is("refused")).then(|| idle(&node));
            Member { name: name.clone(), required: required(name), idle, node }
        })
        .collect();
    members.sort_by_key(|member| member.node.annotations["order"].as_i64());
    members
}

/// Whether a default says no more than that there is nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Object(_) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// What counts as nothing: `null`, and the default.
fn idle(node: &Node) -> Value {
    match node.keywords.get("default") {
        Some(default) => json!({"enum": [null, default]}),
        _ => json!({"type": "null"}),
    }
}

/// Several groups of which a value is one, as one group: the first member of each but the first decides for it.
fn one_of_groups(groups: &[&Value]) -> Group {
    let groups: Vec<Vec<Member>> = groups.iter().map(|group| members(group)).collect();
    let keys: Vec<String> = groups.iter().filter_map(|group| Some(group.first()?.name.clone())).collect();
    let mut all = Group::default();
    for (place, group) in groups.into_iter().enumerate() {
        let own = keys.get(place);
        let others: Vec<&String> = keys.iter().skip(1).filter(|key| Some(*key) != own).collect();
        for mut member in group {
            let is_key = Some(&member.name) == own;
            if place == 0 || is_key {
                member.node.annotations.entry("without").or_insert_with(|| json!(others));
            } else {
                member.node.annotations.insert("with".to_owned(), json!(own));
            }
            if !is_key {
                member.idle = None;
            }
            member.required &= place == 0 || !is_key;
            member.node.annotations.insert("order".to_owned(), json!((all.members.len() + 1) * 10));
            all.members.push(member);
        }
    }
    all
}
