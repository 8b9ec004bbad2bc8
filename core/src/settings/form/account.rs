//! The form of one account: a choice among the transports, and under it the form of the chosen one.
//!
//! What each transport has stands in a branch of the root's `allOf`. Fields of one name may differ from transport to transport (the login
//! methods do), so the scopes of JSON Forms lead into the branch itself; the uiSchema of react-jsonschema-form goes by names alone and holds
//! what the transports agree on.

use super::{Form, json_forms, rjsf, shape, titled};
use crate::texts::Texts;
use serde_json::{Value, json};

/// A kind of account: a transport, the schema of its accounts, and its texts.
#[derive(Clone, Debug)]
pub struct AccountKind {
    /// The transport's name.
    pub transport: String,
    /// The schema of an account, without texts; see [`account_schema`](crate::settings::account_schema).
    pub schema: Value,
    /// The host's texts and the transport's.
    pub texts: Texts,
}

/// The form of one account of any of these kinds: `transport`, and what the chosen one has.
pub fn account_form(kinds: &[AccountKind], texts: &Texts, language: &str) -> Form {
    let drawn: Vec<Drawn> = kinds.iter().map(|kind| Drawn::of(kind, language)).collect();
    let schema = schema(&drawn, texts, language);
    let titled: Vec<&Value> = drawn.iter().map(|one| &one.titled).collect();
    Form { schema, uischema: layout(&drawn, texts, language), rjsf: rjsf::ui_schema(&titled, &["transport"]) }
}

/// The schema of an account of any kind.
pub(super) fn schema(drawn: &[Drawn], texts: &Texts, language: &str) -> Value {
    let word = |name: &str| texts.form(language, name, &[]);
    let choices: Vec<Value> = drawn.iter().map(|one| json!({"const": one.transport, "title": one.title()})).collect();
    let branches: Vec<Value> = drawn.iter().map(Drawn::branch).collect();
    let transport = json!({"type": "string", "title": word("transport_title"), "oneOf": choices, "x-postkontor": {"order": 0}});
    let mut schema = json!({"type": "object", "title": word("account_title"), "properties": {"transport": transport}});
    schema["required"] = json!(["transport"]);
    schema["allOf"] = json!(branches);
    if drawn.is_empty() {
        // Neither list may be empty in JSON Schema.
        schema.as_object_mut().map(|schema| schema.shift_remove("allOf"));
        schema["properties"]["transport"].as_object_mut().map(|transport| transport.shift_remove("oneOf"));
    }
    schema
}

/// A kind of account with its titles.
pub(super) struct Drawn<'a> {
    transport: &'a str,
    pub(super) titled: Value,
    shaped: Value,
}

impl Drawn<'_> {
    pub(super) fn of<'a>(kind: &'a AccountKind, language: &str) -> Drawn<'a> {
        let titled = titled(&kind.schema, &kind.texts, language);
        let shaped = shape::shape(&titled, &kind.texts, language);
        Drawn { transport: &kind.transport, titled, shaped }
    }

    fn title(&self) -> &str {
        self.titled["title"].as_str().unwrap_or(self.transport)
    }

    /// What an account has more with this transport.
    fn branch(&self) -> Value {
        let mut then = self.shaped.clone();
        if let Some(then) = then.as_object_mut() {
            // Of the account this says nothing.
            then.retain(|keyword, _| !matches!(keyword.as_str(), "type" | "title" | "description" | "default" | "x-postkontor"));
        }
        json!({"if": chosen(self.transport), "then": then})
    }
}

/// The condition that an account has this transport.
fn chosen(transport: &str) -> Value {
    json!({"type": "object", "properties": {"transport": {"const": transport}}, "required": ["transport"]})
}

/// The layout for JSON Forms: the choice, and for each transport its own layout.
fn layout(drawn: &[Drawn], texts: &Texts, language: &str) -> Value {
    let mut elements = vec![json!({"type": "Control", "scope": "#/properties/transport"})];
    for (place, one) in drawn.iter().enumerate() {
        let mut layout = json_forms::layout(&one.titled, &format!("#/allOf/{place}/then"), texts, language);
        layout["rule"] = json!({"effect": "SHOW", "condition": {"scope": "#", "schema": chosen(one.transport)}});
        elements.push(layout);
    }
    json!({"type": "VerticalLayout", "elements": elements})
}
