//! What readers ask of several members together, and of filters in filters.

use super::condition::{given, has, has_any, has_such, undrawn};
use super::node::{Group, Kind, Member, Node};
use super::writer::CONTROL;
use crate::message::RESERVED;
use crate::request::FILTER_LEVELS;
use serde_json::{Map, Value, json};

/// One message, or a part of it, is asked for alone; a structure is not saved.
pub(super) fn receive(node: &mut Node) {
    let Some(request) = node.group() else { return };
    if let Some(filter) = request.get("filter") {
        filter.node = nested(&filter.node, 1);
        filter.idle = Some(says_nothing());
    }
    let structure = || json!({"const": "structure"});
    let of_structure = |name: &str| json!({"properties": {"summary": structure(), name: given()}, "required": ["summary", name]});
    request.rules.extend(["save_to", "section", "first_bytes"].map(|name| json!({"not": of_structure(name)})));
}

/// A filter with those that may stand in it.
fn nested(filter: &Node, level: usize) -> Node {
    let mut whole = filter.clone();
    let Some(group) = whole.group() else { return whole };
    let inner = (level < FILTER_LEVELS).then(|| {
        let mut inner = nested(filter, level + 1);
        // Nothing would be found, or everything.
        inner.group().into_iter().for_each(|group| group.rules.push(undrawn(says_something())));
        inner
    });
    if let Some(or) = group.get("or") {
        match &inner {
            Some(inner) => or.node.kind = Kind::List(Box::new(inner.clone())),
            None => drop(or.node.keywords.insert("maxItems".to_owned(), json!(0))),
        }
    }
    if let Some(not) = group.get("not") {
        match inner {
            Some(inner) => {
                not.node.kind = inner.kind;
                not.node.annotations.insert("given".to_owned(), json!(true));
            }
            None => group.rules.push(json!({"not": has("not")})),
        }
    }
    whole
}

/// The members of a filter that are a condition as soon as they are given.
const SINGLE: [&str; 9] = ["since", "before", "from", "subject", "body", "text", "min_size", "max_size", "not"];

/// A filter without a condition, and without anything that its reader refuses.
fn says_nothing() -> Value {
    let mut properties: Map<String, Value> = SINGLE.iter().map(|name| ((*name).to_owned(), json!({"type": "null"}))).collect();
    properties.insert("unseen".to_owned(), json!({"enum": [null, false]}));
    for name in ["header", "or"] {
        properties.insert(name.to_owned(), json!({"type": ["array", "null"], "maxItems": 0}));
    }
    json!({"type": ["object", "null"], "properties": properties, "additionalProperties": false})
}

/// That a filter has a condition.
fn says_something() -> Value {
    let texts = SINGLE.map(has);
    let filled = json!({"type": "array", "minItems": 1});
    let others = [
        has_such("unseen", json!({"const": true})),
        has_such("header", json!({"anyOf": [filled, {"type": "object"}]})),
        has_such("or", filled),
    ];
    json!({"anyOf": texts.into_iter().chain(others).collect::<Vec<_>>()})
}

/// Either messages are changed, or folders. A folder is named for moving and copying, and keywords are added or removed, one of both.
pub(super) fn apply(node: &mut Node) {
    let Some(request) = node.group() else { return };
    if let Some(folder) = request.get("folder") {
        folder.required = true;
        folder.node.annotations.insert("when".to_owned(), json!({"action": ["move", "copy"]}));
        folder.node.keywords.insert("minLength".to_owned(), json!(1));
        // Beside other actions it is read and without effect.
        folder.idle = Some(json!({"type": ["string", "null"], "not": {"type": "string", "pattern": CONTROL}}));
    }
    if let Some(folders) = request.get("folders") {
        folders.node.annotations.insert("given".to_owned(), json!(true));
    }
    let of_messages = ["messages", "action", "folder", "add", "remove"].map(|name| has_such(name, json!({})));
    request.rules.push(json!({"if": has("folders"), "then": {"not": {"anyOf": of_messages}}}));
    let filled = || json!({"type": "array", "minItems": 1});
    let any = undrawn(json!({"anyOf": [has_such("add", filled()), has_such("remove", filled())]}));
    request.rules.push(json!({"if": has_such("action", json!({"const": "keywords"})), "then": any}));
}

/// A message that is ready-made, answers or attaches something.
pub(super) fn message(node: &mut Node) {
    let Some(message) = node.group() else { return };
    // A ready-made message brings its read receipt along.
    let mut asked = has_such("read", json!({"const": true}));
    asked["type"] = json!("object");
    let asks = json!({"file": given(), "receipt": asked});
    message.rules.push(json!({"not": {"properties": asks, "required": ["file", "receipt"]}}));
    for name in ["reply", "forward"] {
        let Some(group) = message.get(name).and_then(|member| member.node.group()) else { continue };
        let file = group.get("file");
        file.into_iter().for_each(|file| drop(file.node.keywords.insert("minLength".to_owned(), json!(1))));
        one_source(group);
    }
    if let Some(Kind::List(items)) = message.get("attachments").map(|member| &mut member.node.kind) {
        items.group().into_iter().for_each(one_source);
    }
    let of_smime = message.get("smime").and_then(|smime| smime.node.group());
    if let Some(Kind::List(items)) = of_smime.and_then(|smime| smime.get("certificates")).map(|member| &mut member.node.kind) {
        items.group().into_iter().for_each(one_source);
    }
    if let Some(headers) = message.get("headers") {
        headers.node.keywords.insert("propertyNames".to_owned(), header_names());
    }
}

/// Exactly one of the two sources of bytes.
fn one_source(group: &mut Group) {
    group.rules.push(has_any(&["file", "part"]));
    for (name, other) in [("file", "part"), ("part", "file")] {
        let member: Option<&mut Member> = group.get(name);
        member.into_iter().for_each(|member| drop(member.node.annotations.insert("without".to_owned(), json!([other]))));
    }
}

/// The names of headers that a message may bring (RFC 5322, section 3.6.8), but for those that have a member.
fn header_names() -> Value {
    let in_any_case = |name: &str| -> String {
        let letter = |letter: char| match letter.is_ascii_alphabetic() {
            true => format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase()),
            false => letter.to_string(),
        };
        name.chars().map(letter).collect()
    };
    let reserved: Vec<String> = RESERVED.iter().map(|(name, _)| format!("{}$", in_any_case(name))).collect();
    let pattern = format!("^({}|{})", reserved.join("|"), in_any_case("content-"));
    json!({"type": "string", "maxLength": 64, "pattern": "^[!-9;-~]+$", "not": {"pattern": pattern}})
}
