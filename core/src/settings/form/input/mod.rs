//! The forms of what callers write beside settings: the requests, and the message.
//!
//! Each is written from the type that the document is read into ([`node`]), with what the reader asks of several members together
//! ([`rules`]). [`writer`] makes the schema, in which what can be given in several ways stands in a branch for each, and the UI schemas;
//! [`words`] has the titles. Tests let validators and the readers judge the same documents.

mod condition;
mod node;
mod rules;
mod words;
mod writer;

use super::Form;
use crate::message;
use crate::request::{ApplyRequest, Authorize, Discover, ReceiveRequest, TestRequest};
use crate::texts::Texts;
use node::Node;
use postkontor_plugin::ListRequest;
use words::Words;
use writer::Writer;

/// The names of the inputs.
pub(crate) const INPUTS: [&str; 7] = ["message", "receive", "list", "apply", "test", "authorize", "discover"];

/// The form of an input in a language; nothing where there is none of that name.
pub(crate) fn input_form(name: &str, texts: &Texts, language: &str) -> Option<Form> {
    let node = node(name)?;
    let writer = Writer { words: Words { texts, language, input: name } };
    let (schema, uischema, rjsf) = writer.document(&node);
    Some(Form { schema, uischema, rjsf })
}

fn node(name: &str) -> Option<Node> {
    let mut node = match name {
        "message" => Node::of(&message::schema(node::generator()).to_value()),
        "receive" => Node::of_type::<ReceiveRequest>(),
        "list" => Node::of_type::<ListRequest>(),
        "apply" => Node::of_type::<ApplyRequest>(),
        "test" => Node::of_type::<TestRequest>(),
        "authorize" => Node::of_type::<Authorize>(),
        "discover" => Node::of_type::<Discover>(),
        _ => return None,
    };
    match name {
        "message" => rules::message(&mut node),
        "receive" => rules::receive(&mut node),
        "apply" => rules::apply(&mut node),
        _ => {}
    }
    Some(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MEMBERS;
    use crate::request::Request;
    use postkontor_plugin::{At, Error};
    use serde_json::{Value, json};

    fn schema(name: &str) -> Value {
        input_form(name, &Texts::new(), "en").unwrap().schema
    }

    /// The groups of a schema by their pointers: each with the names that it allows, and something that stands there.
    fn groups(schema: &Value, pointer: &str, found: &mut Vec<(String, Vec<String>)>) {
        let names = schema["propertyNames"]["enum"].as_array().into_iter().flatten();
        let names: Vec<String> = names.map(|name| name.as_str().unwrap().to_owned()).collect();
        if !names.is_empty() {
            found.push((pointer.to_owned(), names));
        }
        let branches = schema["allOf"].as_array().into_iter().flatten().map(|branch| &branch["then"]);
        for part in [schema].into_iter().chain(branches) {
            for (name, member) in part["properties"].as_object().into_iter().flatten() {
                let pointer = format!("{pointer}/{name}");
                groups(member, &pointer, found);
                for items in [&member["items"], &member["items"]["then"]] {
                    groups(items, &format!("{pointer}/0"), found);
                }
            }
        }
    }

    /// A document with a value at a pointer, lists with one item.
    fn document(pointer: &str, value: Value) -> Value {
        let Some((group, name)) = pointer.rsplit_once('/') else { return value };
        document(group, if name == "0" { json!([value]) } else { json!({ name: value }) })
    }

    fn refused(name: &str, document: &Value) -> Vec<At> {
        let text = document.to_string();
        let read = match name {
            "receive" => ReceiveRequest::read(&text).map(drop),
            "list" => ListRequest::read(&text).map(drop),
            "apply" => ApplyRequest::read(&text).map(drop),
            "test" => TestRequest::read(&text).map(drop),
            "authorize" => Authorize::read(&text).map(drop),
            "discover" => Discover::read(&text).map(drop),
            _ => message::compose(&text, &crate::settings::Sender::default(), &[]).map(drop),
        };
        read.map_or_else(|error: Error| error.at.clone(), |()| Vec::new())
    }

    #[test]
    fn every_name_of_a_schema_is_known_to_the_reader_and_no_other_is() {
        for name in INPUTS {
            let mut found = Vec::new();
            groups(&schema(name), "", &mut found);
            assert!(!found.is_empty());
            // A list of one address has the place of the address.
            found.retain(|(group, _)| !["/from/0", "/sender/0"].contains(&group.as_str()));
            for (group, names) in found {
                let is_unknown = |member: &str, value: Value| {
                    let pointer = format!("{group}/{member}");
                    let refused = refused(name, &document(&pointer, value));
                    refused.iter().any(|at| at.pointer == pointer && at.code.ends_with("member_unknown"))
                };
                assert!(is_unknown("no_such_member", json!(1)), "{name} {group}");
                for member in names.iter().filter(|member| name != "apply" || !["add", "remove"].contains(&member.as_str())) {
                    // What belongs to another member is known beside that.
                    let alone = ["to", "with_messages"].contains(&member.as_str()) && group.starts_with("/folders");
                    assert_eq!(is_unknown(member, json!({"no": "value"})), alone, "{name} {group}/{member}");
                }
            }
        }
        let mut of_message = Vec::new();
        groups(&schema("message"), "", &mut of_message);
        let (mut described, mut read) = (of_message.swap_remove(0).1, MEMBERS.map(str::to_owned).to_vec());
        described.sort();
        read.sort();
        assert_eq!(described, read);
    }

    /// Everything in a schema, with its place.
    fn walk(schema: &Value, place: &str, look: &mut dyn FnMut(&str, &Value)) {
        look(place, schema);
        match schema {
            Value::Object(members) => members.iter().for_each(|(name, member)| walk(member, &format!("{place}/{name}"), look)),
            Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{place}/{index}"), look)),
            _ => {}
        }
    }

    #[test]
    fn schemas_are_portable_and_say_what_a_form_offers() {
        for name in INPUTS {
            walk(&schema(name), name, &mut |place, value| {
                for word in ["$ref", "$schema", "$defs", "additionalItems", "unevaluatedProperties", "dependentRequired"] {
                    assert!(value.get(word).is_none(), "{place} has {word}");
                }
            });
        }
        for (name, place) in [
            ("receive", "/allOf/0/then/properties/folder"),
            ("list", "/properties/folder"),
            ("apply", "/allOf/1/then/properties/folder"),
            ("message", "/allOf/%/then/properties/append/properties/folder"),
        ] {
            let schema = schema(name);
            let mut folders = Vec::new();
            walk(&schema, "", &mut |place, value| {
                if value["x-postkontor"]["folder"] == true {
                    folders.push(place.to_owned());
                }
            });
            let tail = place.rsplit('%').next().unwrap();
            assert!(folders.iter().any(|found| found.ends_with(tail)), "{name}: {folders:?}");
        }
    }

    #[test]
    fn every_member_has_a_text() {
        let texts = Texts::new();
        for name in INPUTS {
            walk(&schema(name), name, &mut |place, value| {
                let member = place.rsplit_once("/properties/").map(|(_, member)| member).filter(|member| !member.contains('/'));
                let title = value["title"].as_str().unwrap_or_default();
                assert!(member.is_none_or(|member| title != member.replace('_', " ")), "{place} has no text");
            });
        }
        for (language, folder) in [("en", "Folder"), ("de-AT", "Ordner"), ("sl", "Mapa")] {
            let form = input_form("receive", &texts, language).unwrap();
            assert_eq!(form.schema.pointer("/allOf/0/then/properties/folder/title"), Some(&json!(folder)));
        }
        assert!(input_form("smtp", &texts, "en").is_none());
    }
}
