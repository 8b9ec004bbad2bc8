//! Which members of a group show, by the values that were given.

use super::keyword::{annotation, keyword, stated};
use super::layers;
use crate::pointer::{child, find};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The members of a group, by what the values given make of its conditions.
pub(super) struct Members<'a> {
    pub(super) shown: Vec<(&'a str, &'a Value)>,
    pub(super) hidden: Vec<(&'a str, &'a Value)>,
    pub(super) required: Vec<&'a str>,
}

impl<'a> Members<'a> {
    pub(super) fn of(schema: &'a Value, given: &Map<String, Value>) -> Members<'a> {
        let properties = |schema: &'a Value| {
            keyword(schema, "properties").as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member))
        };
        let required = |list: &'a Value| list.as_array().into_iter().flatten().filter_map(Value::as_str);

        let mut seen: HashMap<&str, &Value> = given.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let mut members =
            Members { shown: properties(schema).collect(), hidden: Vec::new(), required: required(keyword(schema, "required")).collect() };
        for (name, member) in &members.shown {
            if let Some(default) = stated(member, "default") {
                seen.entry(*name).or_insert(default);
            }
        }
        let mut conditional = Vec::new();
        for branch in keyword(schema, "allOf").as_array().into_iter().flatten() {
            if holds(keyword(branch, "if"), &seen) {
                members.shown.extend(properties(keyword(branch, "then")));
                members.required.extend(required(keyword(keyword(branch, "then"), "required")));
            } else {
                conditional.extend(properties(keyword(branch, "then")));
            }
        }
        conditional.retain(|(name, _)| members.shown.iter().all(|(other, _)| other != name));
        members.hidden = conditional;
        members.shown.sort_by_key(|(_, member)| annotation(member, "order").as_i64().unwrap_or(i64::MAX));
        for (name, others) in keyword(schema, "dependentRequired").as_object().into_iter().flatten() {
            let has_default =
                |value: &Value| members.shown.iter().any(|(other, member)| other == name && stated(member, "default") == Some(value));
            // Forms fill in what applies anyway, which is no reason to ask for more.
            if given.get(name).is_some_and(|value| !has_default(value)) {
                members.required.extend(required(others));
            }
        }
        members
    }

    /// Hides those that show by what stands in another group; what must be given of the others is noted.
    pub(super) fn hide(&mut self, is_hidden: impl Fn(&str) -> bool) {
        let beyond = |member: &Value| looks_beyond(member).is_some();
        let (hidden, shown) = self.shown.iter().copied().partition(|(name, member)| beyond(member) && is_hidden(name));
        self.shown = shown;
        self.hidden.extend::<Vec<_>>(hidden);
        let required = self.shown.iter().filter(|(_, member)| beyond(member) && annotation(member, "required") == true);
        self.required.extend(required.map(|(name, _)| *name));
    }

    /// Asks for those that must be given by what stands in another group.
    pub(super) fn require(&mut self, is_required: impl Fn(&str) -> bool) {
        self.required.extend(self.shown.iter().map(|(name, _)| *name).filter(|name| is_required(name)));
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.shown.iter().chain(&self.hidden).map(|(name, _)| *name)
    }

    /// The schema of a member.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.shown.iter().chain(&self.hidden).find(|(known, _)| *known == name).map(|(_, member)| *member)
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

/// Whether the `if` of a condition holds: each member named is left out or has one of the values.
fn holds(test: &Value, given: &HashMap<&str, &Value>) -> bool {
    let allowed = |name: &String, allowed: &Value| match (given.get(name.as_str()), allowed) {
        (None, _) => true,
        (Some(_), Value::Bool(any)) => *any,
        (Some(value), allowed) => {
            stated(allowed, "const").is_none_or(|only| only == *value)
                && stated(allowed, "enum").and_then(Value::as_array).is_none_or(|values| values.contains(value))
        }
    };
    keyword(test, "required").as_array().into_iter().flatten().filter_map(Value::as_str).all(|name| given.contains_key(name))
        && keyword(test, "properties").as_object().into_iter().flatten().all(|(name, values)| allowed(name, values))
}

/// Whether a group was given without anything in it that would not apply anyway, as forms do that fill in defaults.
pub(super) fn says_nothing(schema: &Value, value: &Value) -> bool {
    let Some(members) = value.as_object() else { return false };
    members.iter().all(|(name, value)| {
        let Some(member) = layers::member(schema, name) else { return is_left_out(value) };
        is_silent(member, value)
    })
}

/// Whether the value of a member says no more than that it was left out.
pub(super) fn is_silent(member: &Value, value: &Value) -> bool {
    is_left_out(value) || stated(member, "default") == Some(value) || says_nothing(member, value)
}

/// The condition of a member that shows by what stands in another group.
pub(super) fn looks_beyond(member: &Value) -> Option<&Map<String, Value>> {
    annotation(member, "when").as_object().filter(|when| when.keys().any(|name| name.starts_with('/')))
}

/// The groups that a setting of another group makes use of (`uses`), while it shows and is not `none`. `given` is what was given for `group`.
pub(super) fn used_by_others(given: &Value, group: &Value, pointer: &str, hidden: &[String]) -> Vec<String> {
    let mut used = Vec::new();
    for (name, member) in keyword(group, "properties").as_object().into_iter().flatten() {
        let pointer = child(pointer, name);
        if hidden.contains(&pointer) {
            continue;
        }
        let given = &given[name.as_str()];
        used.extend(used_by_others(given, member, &pointer, hidden));
        let value = Some(given).filter(|value| !is_left_out(value)).or_else(|| stated(member, "default"));
        if let Some(other) = annotation(member, "uses").as_str()
            && value.is_some_and(|value| value != "none")
        {
            used.push(other.to_owned());
        }
    }
    used
}

/// The settings of an account as they were given, with the schema of the whole, for conditions that look beyond their group.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    pub(super) schema: &'a Value,
    pub(super) given: &'a Value,
}

impl Whole<'_> {
    /// The pointers of the members of `group` that do not show by what stands elsewhere.
    pub(super) fn hidden(self, group: &Value, pointer: &str) -> Vec<String> {
        self.members(group, pointer, &|member| looks_beyond(member).is_some_and(|when| !self.holds(when)))
    }

    /// The pointers of those that must be given by what stands elsewhere.
    pub(super) fn required(self, group: &Value, pointer: &str) -> Vec<String> {
        self.members(group, pointer, &|member| required_beyond(member).any(|when| self.holds(when)))
    }

    fn members(self, group: &Value, pointer: &str, is_one: &dyn Fn(&Value) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        for (name, member) in keyword(group, "properties").as_object().into_iter().flatten() {
            if stated(member, "properties").is_some() {
                found.extend(self.members(member, &child(pointer, name), is_one));
            }
            if is_one(member) {
                found.push(child(pointer, name));
            }
        }
        found
    }

    /// Whether each place has one of its values, given or by default.
    fn holds(self, when: &Map<String, Value>) -> bool {
        let stands = |place: &str| find(self.given, place).filter(|value| !is_left_out(value)).or_else(|| default_at(self.schema, place));
        when.iter().all(|(place, allowed)| match (stands(place), allowed) {
            (value, Value::Null) => value.is_none(),
            (value, Value::Array(allowed)) => value.is_some_and(|value| allowed.contains(value)),
            (value, only) => value == Some(only),
        })
    }
}

/// The default of the member at a place.
pub(super) fn default_at<'a>(schema: &'a Value, place: &str) -> Option<&'a Value> {
    layers::at(schema, place)?.get("default")
}

/// The conditions on the whole under which a member must be given: one of them is enough.
pub(super) fn required_beyond(member: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    annotation(member, "required").as_array().into_iter().flatten().filter_map(Value::as_object)
}

/// Whether a member counts as left out: forms leave `null` or an empty text behind when a field is cleared.
pub(super) fn is_left_out(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
