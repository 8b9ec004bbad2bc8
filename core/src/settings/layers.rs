//! The layers of a document: who may set what, and who did.

use super::Problem;
use super::keyword::{annotation, keyword, stated};
use super::problem::{MAX_PROBLEMS, shown};
use super::secrets::wipe;
use crate::pointer::{child, names};
use serde_json::{Map, Value};

/// The layers in the order in which they are laid over each other.
const NAMES: [&str; 3] = ["company", "user", "workstation"];

/// A document as it was given: one layer without a name, or up to three with one.
pub(super) struct Layers(Vec<(&'static str, Value)>);

/// Finds the scope (`company`, `user`, `workstation`) that the schema gives a setting of the merged document.
pub(super) type ScopeOf<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl Drop for Layers {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, layer)| wipe(layer));
    }
}

impl Layers {
    /// Takes a document apart. Members that are no layer, beside layers, are problems.
    pub(super) fn of(document: Value, problems: &mut Vec<Problem>) -> Layers {
        let Value::Object(members) = document else {
            let expected = serde_json::json!({"code": "settings.type.group"});
            problems.push(Problem::new("", "settings.wrong_type").arg("expected", expected));
            return Layers(vec![("", Value::Object(Map::new()))]);
        };
        if !NAMES.iter().any(|name| members.contains_key(*name)) {
            return Layers(vec![("", Value::Object(members))]);
        }
        for name in members.keys().filter(|name| !NAMES.contains(&name.as_str())).take(MAX_PROBLEMS) {
            let problem = Problem::new(&child("", name), "settings.not_in_a_layer").arg("member", shown(name));
            problems.push(problem.hint(name, NAMES.into_iter()));
        }
        let mut layers = Vec::new();
        for name in NAMES {
            match members.get(name) {
                Some(layer @ Value::Object(_)) => layers.push((name, layer.clone())),
                None | Some(Value::Null) => {}
                Some(_) => {
                    let expected = serde_json::json!({"code": "settings.type.group"});
                    problems.push(Problem::new(&child("", name), "settings.wrong_type").arg("expected", expected));
                }
            }
        }
        wipe(&mut Value::Object(members));
        Layers(layers)
    }

    /// The layers merged (RFC 7396), the later over the earlier.
    pub(super) fn merged(&self) -> Value {
        let mut merged = Value::Object(Map::new());
        for (_, layer) in &self.0 {
            patch(&mut merged, layer);
        }
        merged
    }

    /// Whether `enabled` is off; with layers, only the company's counts.
    pub(super) fn are_switched_off(&self) -> bool {
        self.0.iter().any(|(name, layer)| matches!(*name, "" | "company") && layer["enabled"] == false)
    }

    /// Whether the company's layer declares this account (by its `transport`), so that it is the company's own.
    pub(super) fn is_company_account(&self, id: &str) -> bool {
        self.0.iter().any(|(name, layer)| *name == "company" && !layer["accounts"][id]["transport"].is_null())
    }

    /// The document as it was given.
    pub(super) fn document(&self) -> Value {
        match self.0.as_slice() {
            [("", document)] => document.clone(),
            layers => Value::Object(layers.iter().map(|(name, layer)| ((*name).to_owned(), layer.clone())).collect()),
        }
    }

    /// The layers that there are; one without a name where the document has none.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, layer)| (*name, layer))
    }

    /// Whether the document consists of layers.
    pub(super) fn are_several(&self) -> bool {
        !matches!(self.0.as_slice(), [("", _)])
    }

    /// What a layer says.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(layer, _)| *layer == name).map(|(_, layer)| layer)
    }

    /// Turns a pointer into the merged document into one into the document as it was given: into the layer that has set
    /// the value, else into the one that should.
    pub(super) fn place(&self, pointer: &str, scope_of: &ScopeOf) -> String {
        let layer = self.layer_of(pointer, scope_of);
        // A text that stands for a list is one value for the caller, so there is no pointer to a part of it.
        let pointer = self.get(layer).and_then(|layer| text_around(layer, pointer)).unwrap_or(pointer);
        if layer.is_empty() { pointer.to_owned() } else { format!("/{layer}{pointer}") }
    }

    /// The layer that has set a value of the merged document, else the one that should; an empty name where there are none.
    pub(super) fn layer_of(&self, pointer: &str, scope_of: &ScopeOf) -> &'static str {
        if let [("", _)] = self.0.as_slice() {
            return "";
        }
        let setting = self.0.iter().rev().find(|(_, layer)| holds(layer, pointer)).map(|(name, _)| *name);
        let scope = || NAMES.into_iter().find(|name| scope_of(pointer).as_deref() == Some(name));
        setting.or_else(scope).or_else(|| self.0.last().map(|(name, _)| *name)).unwrap_or(NAMES[0])
    }

    /// Who has set a value of the merged document: a layer, `document` where there are no layers, or `default`.
    pub(super) fn origin(&self, pointer: &str) -> &'static str {
        names(pointer).fold(self.given(), |given, name| given.member(&name)).origin()
    }

    /// What the layers have set, from the merged document's root on.
    pub(super) fn given(&self) -> Given<'_> {
        let mut given = Given([None; NAMES.len()]);
        for (place, (name, layer)) in given.0.iter_mut().zip(&self.0) {
            *place = Some((name, layer));
        }
        given
    }

    /// Whether a layer that is kept on a workstation has set this value.
    pub(super) fn is_of_workstation(&self, pointer: &str) -> bool {
        self.origin(pointer) == "workstation"
    }
}

/// What the layers have set at one place of the merged document.
#[derive(Clone, Copy)]
pub(super) struct Given<'l>([Option<(&'static str, &'l Value)>; NAMES.len()]);

impl Given<'_> {
    /// What they have set in a member of it. Of a list each layer sets the whole or nothing.
    pub(super) fn member(self, name: &str) -> Self {
        let within = |value| if Value::is_array(value) { Some(value) } else { value.get(name) };
        Given(self.0.map(|given| given.and_then(|(layer, value)| Some((layer, within(value)?)))))
    }

    /// Who has set the value here; see [`Layers::origin`].
    pub(super) fn origin(self) -> &'static str {
        match self.0.into_iter().rev().flatten().find(|(_, value)| !value.is_null() && *value != "") {
            Some(("", _)) => "document",
            Some((name, _)) => name,
            None => "default",
        }
    }
}

/// Whether a layer has set a value, be it as a part of a text.
pub(super) fn holds(layer: &Value, pointer: &str) -> bool {
    layer.pointer(pointer).is_some() || text_around(layer, pointer).is_some()
}

/// The place of the text that stands for the list whose entry `pointer` names.
fn text_around<'p>(layer: &Value, pointer: &'p str) -> Option<&'p str> {
    let (list, index) = pointer.rsplit_once('/')?;
    let is_entry = index.bytes().all(|byte| byte.is_ascii_digit());
    (is_entry && layer.pointer(list)?.is_string()).then_some(list)
}

/// The scope that a schema gives the setting at a pointer: that of the field itself, else of the nearest group around it.
pub(super) fn scope(schema: &Value, pointer: &str) -> Option<String> {
    let mut schema = schema;
    let mut scope = None;
    for name in names(pointer) {
        let Some(member) = member(schema, &name) else { break };
        scope = annotation(member, "scope").as_str().or(scope);
        schema = member;
    }
    scope.map(str::to_owned)
}

/// A member of a group, whether it always shows or under a condition; of a list of groups, the item of a number.
pub(super) fn member<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let conditional =
        || keyword(schema, "allOf").as_array()?.iter().find_map(|branch| keyword(keyword(branch, "then"), "properties").get(name));
    let item = || group_of_items(schema).filter(|_| name.bytes().all(|byte| byte.is_ascii_digit()));
    keyword(schema, "properties").get(name).or_else(conditional).or_else(item)
}

/// What the items of a list are, where they are groups.
pub(super) fn group_of_items(list: &Value) -> Option<&Value> {
    stated(list, "items").filter(|items| stated(items, "properties").is_some())
}

/// The schema of the field at a pointer.
pub(super) fn at<'s>(schema: &'s Value, pointer: &str) -> Option<&'s Value> {
    names(pointer).try_fold(schema, |schema, name| member(schema, &name))
}

/// All members of a group, those that always show and those that do under a condition.
pub(super) fn members(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let branches = keyword(schema, "allOf").as_array().into_iter().flatten().map(|branch| keyword(branch, "then"));
    let groups = std::iter::once(schema).chain(branches);
    groups.flat_map(|group| keyword(group, "properties").as_object().into_iter().flatten()).map(|(name, member)| (name.as_str(), member))
}

/// Applies a merge patch (RFC 7396).
pub(super) fn patch(target: &mut Value, with: &Value) {
    let Value::Object(members) = with else {
        wipe(&mut std::mem::replace(target, with.clone()));
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in members {
        if value.is_null() {
            target.shift_remove(name).as_mut().map(wipe);
        } else {
            patch(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patches_merge_as_rfc_7396_says() {
        for (target, with, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut found = target.clone();
            patch(&mut found, &with);
            assert_eq!(found, expected, "{target} with {with}");
        }
    }
}
