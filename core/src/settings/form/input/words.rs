//! Titles and descriptions of an input in the user's language.

use super::node::Node;
use crate::texts::Texts;
use serde_json::{Value, json};

/// The texts of one input.
pub(super) struct Words<'a> {
    pub(super) texts: &'a Texts,
    pub(super) language: &'a str,
    /// The input's name.
    pub(super) input: &'a str,
}

impl Words<'_> {
    /// Puts a title and a description on a value. Where it may be left out, the description ends with what applies then.
    pub(super) fn add_to(&self, schema: &mut Value, pointer: &str, node: &Node, is_required: bool) {
        let text = self.text(pointer);
        let told = |what: &str| text.and_then(|text| text.get(what)?.as_str()).map(str::to_owned);
        // An item of a list needs no title.
        let name = pointer.rsplit('/').next().unwrap_or_default();
        let title = told("title").or_else(|| (name != "*").then(|| name.replace('_', " ")));
        title.into_iter().for_each(|title| schema["title"] = json!(title));
        let default = node.keywords.get("default").filter(|_| !is_required).and_then(|default| self.value(default, pointer));
        let default = default.map(|value| self.texts.form(self.language, "default", &[("value", &value)]));
        let sentences: Vec<String> = told("description").into_iter().chain(told("empty")).chain(default).collect();
        if !sentences.is_empty() {
            schema["description"] = json!(sentences.join(" "));
        }
    }

    /// The words of a choice with their titles; where none must be chosen, what applies then is the first.
    pub(super) fn choices(&self, words: &[String], pointer: &str, node: &Node, is_required: bool) -> Value {
        let mut choices: Vec<Value> = words.iter().map(|word| json!({"const": word, "title": self.title_of(word, pointer)})).collect();
        if !is_required {
            let default = node.keywords.get("default").and_then(Value::as_str).map(|default| self.title_of(default, pointer));
            let title = match default {
                Some(title) => self.texts.form(self.language, "default_choice", &[("value", &title)]),
                None => self.texts.form(self.language, "no_choice", &[]),
            };
            choices.insert(0, json!({"const": null, "title": title}));
        }
        json!(choices)
    }

    fn title_of(&self, word: &str, pointer: &str) -> String {
        let title = self.text(pointer).and_then(|text| text["choices"][word].as_str());
        title.unwrap_or(word).to_owned()
    }

    /// A default as people call it; none where it is nothing.
    fn value(&self, value: &Value, pointer: &str) -> Option<String> {
        match value {
            Value::Bool(true) => Some(self.texts.form(self.language, "yes", &[])),
            Value::String(word) => Some(self.title_of(word, pointer)),
            Value::Number(number) if number.as_u64() != Some(0) => Some(number.to_string()),
            _ => None,
        }
    }

    fn text(&self, pointer: &str) -> Option<&Value> {
        // A filter within a filter has the same members; addresses are alike wherever they stand.
        let (group, name) = pointer.rsplit_once('/').unwrap_or_default();
        let outer = group.replace("/or/*", "").replace("/not", "");
        let at = if pointer.is_empty() { String::new() } else { format!("{outer}/{name}") };
        let own = self.texts.input(self.language, self.input, &at);
        own.or_else(|| self.texts.input(self.language, self.input, &format!("*/{name}")))
    }
}
