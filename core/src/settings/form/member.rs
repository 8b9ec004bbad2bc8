//! The members of a group as forms show them.

use crate::settings::layers;
use serde_json::Value;

/// A member of a group and the conditions under which it shows; it always does where there are none.
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) schema: &'a Value,
    pub(super) conditions: Vec<&'a Value>,
}

impl Member<'_> {
    /// Its place among the others.
    pub(super) fn order(&self) -> i64 {
        self.schema["x-postkontor"]["order"].as_i64().unwrap_or(i64::MAX)
    }
}

/// The members of a group in their order, those with a condition among them.
pub(super) fn members(group: &Value) -> Vec<Member<'_>> {
    let always = group["properties"].as_object().into_iter().flatten();
    let mut members: Vec<Member> = always.map(|(name, schema)| Member { name, schema, conditions: Vec::new() }).collect();
    for branch in group["allOf"].as_array().into_iter().flatten() {
        for (name, schema) in layers::members(&branch["then"]) {
            match members.iter_mut().find(|member| member.name == name) {
                Some(member) => member.conditions.push(&branch["if"]),
                None => members.push(Member { name, schema, conditions: vec![&branch["if"]] }),
            }
        }
    }
    members.sort_by_key(Member::order);
    members
}

/// The members of several groups by their names, in their order.
pub(super) fn members_of_any<'a>(groups: &[&'a Value]) -> Vec<(&'a str, Vec<Member<'a>>)> {
    let mut found: Vec<(&str, Vec<Member>)> = Vec::new();
    for member in groups.iter().flat_map(|group| members(group)) {
        match found.iter_mut().find(|(name, _)| *name == member.name) {
            Some((_, same)) => same.push(member),
            None => found.push((member.name, vec![member])),
        }
    }
    found.sort_by_key(|(_, members)| members.iter().map(Member::order).min());
    found
}

/// Whether a field is a choice of yes and no in forms: a checkbox shows "no" where nothing is given, and here that is not what applies.
pub(super) fn is_yes_or_no(field: &Value) -> bool {
    field["type"] == "boolean" && (field["default"] == true || field["x-postkontor"].get("default_by").is_some())
}

pub(super) fn is_secret(field: &Value) -> bool {
    field["x-postkontor"]["secret"] == true
}

/// What the items of a list are, where they are groups.
pub(super) use crate::settings::layers::group_of_items;

pub(super) fn is_group(member: &Value) -> bool {
    member.get("properties").is_some()
}
