//! The form of a document in its layers: in each the fields that belong there.
//!
//! Which of them show, and what must be given, depends on what stands in the other layers: that says [`check`](crate::settings::check)
//! alone. Only an account that the company's layer declares is whole there, with all conditions.

use super::account::Drawn;
use super::member::{Member, is_group, members_of_any};
use super::{AccountKind, Form, json_forms, rjsf, shape, titled};
use crate::settings::document_schema;
use crate::texts::Texts;
use serde_json::{Map, Value, json};

/// The form of a document in its layers `company`, `user` and `workstation`.
pub fn layers_form(kinds: &[AccountKind], texts: &Texts, language: &str) -> Form {
    let document = titled(document_schema(), texts, language);
    let drawn: Vec<Drawn> = kinds.iter().map(|kind| Drawn::of(kind, language)).collect();
    let writer = Writer { texts, language };
    let mut layers = Map::new();
    let (mut elements, mut ui) = (Vec::new(), json!({"ui:order": ["company", "user", "workstation", "*"]}));
    for layer in ["company", "user", "workstation"] {
        let own = of_layer(&[&document], layer).unwrap_or_else(|| json!({"type": "object", "properties": {}}));
        let title = texts.form(language, &format!("layer_{layer}"), &[]);
        let (account, account_ui) = writer.account(&drawn, layer);
        let mut shaped = writer.shaped(&own);
        shaped["type"] = json!(["object", "null"]);
        shaped["title"] = json!(title);
        shaped["properties"]["accounts"] = super::document::accounts(account, texts, language);
        layers.insert(layer.to_owned(), shaped);
        let layout = json_forms::layout(&own, &format!("#/properties/{layer}"), texts, language);
        elements.push(json!({"type": "Group", "label": title, "elements": layout["elements"]}));
        ui[layer] = rjsf::ui_schema(&[&own], &["accounts"]);
        ui[layer]["accounts"] = json!({"additionalProperties": account_ui});
    }
    let title = texts.form(language, "document_title", &[]);
    let schema = json!({"type": "object", "title": title, "properties": layers});
    Form { schema, uischema: json!({"type": "VerticalLayout", "elements": elements}), rjsf: ui }
}

struct Writer<'a> {
    texts: &'a Texts,
    language: &'a str,
}

impl Writer<'_> {
    /// An account as one layer may have it, and its uiSchema.
    fn account(&self, drawn: &[Drawn], layer: &str) -> (Value, Value) {
        let titled: Vec<&Value> = drawn.iter().map(|one| &one.titled).collect();
        let of_layer = of_layer(&titled, layer).unwrap_or_else(|| json!({"type": "object", "properties": {}}));
        let mut part = self.shaped(&of_layer);
        let mut account = super::account::schema(drawn, self.texts, self.language);
        let transport = &mut account["properties"]["transport"];
        transport["type"] = json!(["string", "null"]);
        if let Some(choices) = transport.get_mut("oneOf").and_then(Value::as_array_mut) {
            choices.insert(0, json!({"const": null, "title": self.texts.form(self.language, "no_choice", &[])}));
        }
        account.as_object_mut().map(|account| account.shift_remove("required"));
        if layer == "company" {
            let rest: Map<_, _> =
                ["properties", "allOf"].iter().filter_map(|word| Some(((*word).to_owned(), part.get(*word)?.clone()))).collect();
            let undeclared = json!({"if": {"properties": {"transport": {"enum": [null, ""]}}}, "then": rest});
            if let Some(branches) = account.get_mut("allOf").and_then(Value::as_array_mut) {
                branches.push(undeclared);
            }
            return (account, rjsf::ui_schema(&titled, &["transport"]));
        }
        if let Some(members) = part["properties"].as_object_mut() {
            members.shift_insert(0, "transport".to_owned(), account["properties"]["transport"].take());
        }
        part["title"] = account["title"].take();
        (part, rjsf::ui_schema(&[&of_layer], &["transport"]))
    }

    /// What a layer leaves out may stand in another, so nothing is filled in.
    fn shaped(&self, group: &Value) -> Value {
        let mut shaped = shape::shape(group, self.texts, self.language);
        without_defaults(&mut shaped);
        shaped
    }
}

fn without_defaults(group: &mut Value) {
    let Some(words) = group.as_object_mut() else { return };
    words.shift_remove("default");
    words.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten().for_each(|(_, member)| without_defaults(member));
}

/// The members of groups that belong to a layer, without conditions; none where there is nothing of it.
fn of_layer(groups: &[&Value], layer: &str) -> Option<Value> {
    let mut members = Map::new();
    for (name, known) in members_of_any(groups) {
        let inner: Vec<&Value> = known.iter().map(|member| member.schema).filter(|schema| is_group(schema)).collect();
        let member = if inner.is_empty() { field(&known, layer) } else { of_layer(&inner, layer) };
        members.extend(member.map(|member| (name.to_owned(), member)));
    }
    if members.is_empty() {
        return None;
    }
    let first = groups.first()?;
    let mut group = json!({"type": "object"});
    for word in ["title", "description"] {
        group.as_object_mut()?.extend(first.get(word).map(|text| (word.to_owned(), text.clone())));
    }
    group["properties"] = Value::Object(members);
    group["x-postkontor"] = json!({"order": first["x-postkontor"]["order"]});
    Some(group)
}

/// A field of a layer, with the choices of all that have its name; one without a scope may be set by any layer.
fn field(known: &[Member], layer: &str) -> Option<Value> {
    let mut field = known.first()?.schema.clone();
    if field["x-postkontor"]["scope"].as_str().is_some_and(|scope| scope != layer) {
        return None;
    }
    if let Some(choices) = field.get_mut("oneOf").and_then(Value::as_array_mut) {
        for choice in known.iter().skip(1).flat_map(|member| member.schema["oneOf"].as_array()).flatten() {
            if choices.iter().all(|other| other["const"] != choice["const"]) {
                choices.push(choice.clone());
            }
        }
    }
    for condition in ["when", "required"] {
        field["x-postkontor"].as_object_mut().map(|annotations| annotations.shift_remove(condition));
    }
    Some(field)
}
