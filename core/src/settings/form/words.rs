//! Titles and descriptions in the user's language.

use super::member::is_group;
use crate::pointer::child;
use crate::settings::layers;
use crate::texts::Texts;
use serde_json::{Map, Value, json};

/// Puts titles and descriptions on a schema and all its members, and says of each field what applies where it is left out.
pub(super) fn add_texts(schema: &mut Value, texts: &Texts, language: &str) {
    let original = schema.clone();
    let words = Words { texts, language, root: &original };
    words.add_to_members(schema, "");
    let Some(root) = schema.as_object_mut() else { return };
    // The doc comment of the struct speaks to the plugin's author in English.
    let is_document = root.get("x-postkontor").is_some_and(|annotations| annotations["document"] == true);
    let text = |what: &str| match is_document {
        true => Some(texts.form(language, &format!("document_{what}"), &[])),
        false => Some(texts.setting(language, "")?.get(what)?.as_str()?.to_owned()),
    };
    root.shift_remove("description");
    for what in ["description", "title"] {
        if let Some(text) = text(what) {
            root.shift_insert(usize::from(root.contains_key("type")), what.to_owned(), json!(text));
        }
    }
}

struct Words<'a> {
    texts: &'a Texts,
    language: &'a str,
    root: &'a Value,
}

impl Words<'_> {
    fn add_to_members(&self, group: &mut Value, pointer: &str) {
        let beside = group.clone();
        let add = |members: Option<&mut Value>| {
            for (name, member) in members.and_then(Value::as_object_mut).into_iter().flatten() {
                self.add_to_member(member, name, &child(pointer, name), &beside);
            }
        };
        add(group.get_mut("properties"));
        for branch in group.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
            add(branch.pointer_mut("/then/properties"));
        }
    }

    fn add_to_member(&self, member: &mut Value, name: &str, pointer: &str, beside: &Value) {
        self.add_to_members(member, pointer);
        if let Some(items) = member.get_mut("items").filter(|items| is_group(items)) {
            self.add_to_member(items, name, &child(pointer, "*"), &Value::Null);
        }
        let own = |what: &str| member[what].as_str().map(str::to_owned);
        let Some(text) = self.texts.setting(self.language, pointer) else {
            // What its author wrote in English is better than nothing.
            let (title, description) = (own("title"), own("description"));
            put(member, title.unwrap_or_else(|| name.replace('_', " ")), description);
            return;
        };
        let translated = |what: &str| text[what].as_str().map(str::to_owned);
        for choice in member.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
            let named = choice["const"].as_str().and_then(|value| text["choices"][value].as_str()).map(str::to_owned);
            if let (Some(named), Some(choice)) = (named, choice.as_object_mut()) {
                choice.insert("title".to_owned(), json!(named));
                choice.shift_remove("description");
            }
        }
        let description = match (translated("description"), self.empty(member, pointer, beside)) {
            (Some(description), Some(empty)) => Some(format!("{description} {empty}")),
            (description, empty) => description.or(empty),
        };
        let title = translated("title").or_else(|| member["title"].as_str().map(str::to_owned));
        put(member, title.unwrap_or_else(|| name.replace('_', " ")), description);
    }

    /// What applies where a field is left out, as a sentence.
    fn empty(&self, field: &Value, pointer: &str, beside: &Value) -> Option<String> {
        let default = |value: String| Some(self.texts.form(self.language, "default", &[("value", &value)]));
        match &field["x-postkontor"]["default_by"] {
            Value::String(by) if by == "document" && pointer.starts_with("/sender/") => {
                Some(self.texts.form(self.language, "document", &[]))
            }
            Value::String(_) => self.texts.empty(self.language, pointer),
            Value::Object(tables) => default(tables.iter().find_map(|(place, table)| self.table(place, pointer, table, beside))?),
            _ => default(self.value(field, field.get("default")?)?),
        }
    }

    /// A default as people call it; none where it is nothing: an empty text or list, or a box that is not ticked.
    fn value(&self, field: &Value, value: &Value) -> Option<String> {
        let choice = field["oneOf"].as_array().and_then(|choices| choices.iter().find(|choice| choice["const"] == *value));
        match value {
            _ if choice.is_some() => choice?["title"].as_str().map(str::to_owned),
            Value::Bool(true) => Some(self.texts.form(self.language, "yes", &[])),
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// What another field decides: first the value that goes with that field's own default, then those that differ.
    fn table(&self, place: &str, pointer: &str, table: &Value, beside: &Value) -> Option<String> {
        let (place, decides) = match place.strip_prefix('/') {
            Some(path) => (place.to_owned(), path.split('/').try_fold(self.root, |schema, name| layers::member(schema, name))?),
            None => (child(pointer.rsplit_once('/')?.0, place), layers::member(beside, place)?),
        };
        let usual = &table[decides["default"].as_str()?];
        let mut text = usual.to_string();
        let choices = self.texts.setting(self.language, &place);
        for (choice, value) in table.as_object()?.iter().filter(|(_, value)| *value != usual) {
            let title = choices.and_then(|text| text["choices"][choice].as_str()).unwrap_or(choice);
            // The short name before a colon is enough here.
            let title = title.split(':').next().unwrap_or(title);
            text.push_str("; ");
            text.push_str(&self.texts.form(self.language, "table", &[("value", &value.to_string()), ("when", title)]));
        }
        Some(text)
    }
}

/// Puts title and description on a member, in the place of those it has.
fn put(member: &mut Value, title: String, description: Option<String>) {
    let Some(member) = member.as_object_mut() else { return };
    let kept = std::mem::take(member).into_iter().filter(|(keyword, _)| keyword != "title" && keyword != "description");
    let mut keywords: Map<_, _> = kept.collect();
    // Behind the type, where people look for it.
    let behind = usize::from(keywords.contains_key("type"));
    if let Some(description) = description {
        keywords.shift_insert(behind, "description".to_owned(), json!(description));
    }
    keywords.shift_insert(behind, "title".to_owned(), json!(title));
    *member = keywords;
}
