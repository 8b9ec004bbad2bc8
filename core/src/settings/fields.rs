//! Reading a group of settings by its schema: checking each field, filling in defaults, leaving out what does not show.
//!
//! This is a validator for the portable subset of JSON Schema that [`postkontor_plugin::settings::schema`] writes, and no
//! more; in return each problem has a sentence that a form can show beside the field.

use super::conditions::{Members, is_left_out, is_silent, says_nothing};
use super::findings::{Findings, Reference};
use super::keyword::{annotation, keyword, stated};
use super::problem::{MAX_PROBLEMS, nearest, shown, suggestion};
use super::repair::Repair;
use super::secrets::{reference, wipe};
use super::values::{boolean, choice, in_range, integer, secret, split, text, wrong_type};
use super::{Problem, layers, meant, risks};
use crate::pointer::child;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Reads a group and returns it complete with its defaults, without what does not show or is wrong.
pub(super) fn group(schema: &Value, given: &Map<String, Value>, pointer: &str, findings: &mut Findings) -> Map<String, Value> {
    // Copied only where something is left out: what is given may be secret, and each copy of it costs time and wiping.
    if given.values().any(is_left_out) {
        let stated = given.iter().filter(|(_, value)| !is_left_out(value));
        let mut stated: Map<_, _> = stated.map(|(name, value)| (name.clone(), value.clone())).collect();
        let settings = filled(schema, &stated, pointer, findings);
        stated.values_mut().for_each(wipe);
        return settings;
    }
    filled(schema, given, pointer, findings)
}

/// The same for members of which none is left out.
fn filled(schema: &Value, given: &Map<String, Value>, pointer: &str, findings: &mut Findings) -> Map<String, Value> {
    let mut members = Members::of(schema, given);
    members.hide(|name| findings.hidden.contains(&child(pointer, name)));
    members.require(|name| findings.required.contains(&child(pointer, name)));
    for name in given.keys() {
        if !members.knows(name) {
            unknown(schema, name, given, pointer, &members, findings);
        }
    }
    let mut settings = Map::new();
    for (name, member) in &members.shown {
        let pointer = child(pointer, name);
        let is_required = members.required.iter().any(|required| required == name);
        let value = shown_member(member, given.get(*name), is_required, &pointer, findings);
        note_risks(member, value.as_ref(), given, &pointer, findings);
        settings.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    let is_used = findings.used.iter().any(|used| used == pointer);
    for (name, member) in &members.hidden {
        let Some(value) = given.get(*name) else { continue };
        if is_used {
            let pointer = child(pointer, name);
            let value = field(member, value, &pointer, findings);
            note_risks(member, value.as_ref(), given, &pointer, findings);
            settings.extend(value.map(|value| ((*name).to_owned(), value)));
        } else if stated(member, "default") != Some(value) && !says_nothing(member, value) {
            let pointer = child(pointer, name);
            findings.add(Problem::warning(&pointer, "settings.not_used").repair(Repair::without(&pointer)));
        }
    }
    // Free members, as in a group of headers.
    if let Some(any) = stated(schema, "additionalProperties").filter(|any| **any != Value::Bool(false)) {
        for (name, value) in given.iter().filter(|(name, _)| !members.knows(name)) {
            let value = field(any, value, &child(pointer, name), findings);
            settings.extend(value.map(|value| (name.clone(), value)));
        }
    }
    settings
}

/// Notes what is risky about the value of a member.
fn note_risks(member: &Value, value: Option<&Value>, group: &Map<String, Value>, pointer: &str, findings: &mut Findings) {
    if !annotation(member, "risks").is_array() {
        return;
    }
    let root = findings.beside.as_ref().map_or_else(String::new, |(root, _)| root.clone());
    for risk in value.into_iter().flat_map(|value| risks::of(member, value, group, pointer, &root)) {
        findings.add(risk);
    }
}

/// Reads a member that shows: what was given, else its default.
fn shown_member(member: &Value, given: Option<&Value>, is_required: bool, pointer: &str, findings: &mut Findings) -> Option<Value> {
    findings.visible.push(pointer.to_owned());
    if annotation(member, "default_by").is_object() {
        findings.decided.push(pointer.to_owned());
    }
    let empty = json!({});
    let is_optional = annotation(member, "optional") == true;
    let is_empty = |value: &Value| match is_optional {
        true => is_unfilled(member, value, pointer, findings),
        // A form leaves a reference without a name behind where that was cleared.
        false => keyword(member, "writeOnly") == true && value.as_object().is_some_and(|inner| inner.values().all(is_left_out)),
    };
    let strange = given.filter(|_| is_optional).and_then(|given| only_unknown(member, given));
    let value = given.filter(|value| strange.is_none() && !is_empty(value));
    if let Some(given) = strange {
        let members = Members::of(member, given);
        for name in given.keys().filter(|name| !members.knows(name)) {
            unknown(member, name, given, pointer, &members, findings);
        }
    }
    // What must be given is not given by an empty text that a struct begins with.
    let applies = |default: &&Value| keyword(member, "writeOnly") != true && !(is_required && is_left_out(default));
    let default = || stated(member, "default").filter(applies);
    // A group that is left out means the same as an empty one.
    let empty_group = || stated(member, "properties").filter(|_| !is_optional).map(|_| &empty);
    if let Some(value) = value.or_else(default).or_else(empty_group) {
        return field(member, value, pointer, findings);
    }
    // The fields of a group that may be left out show, too: there is where it would be given.
    if stated(member, "properties").is_some() {
        let mut shown = findings.trial();
        group(member, &Map::new(), pointer, &mut shown);
        findings.visible.append(&mut shown.visible);
    }
    if is_required {
        findings.add(Problem::new(pointer, "settings.required"));
    }
    None
}

/// Whether a group that may be left out was left so: nothing in it, or only what forms fill in by themselves while something that it needs
/// is missing. A group that is complete with its defaults is meant: HTML that is switched off is another thing than no word about HTML.
fn is_unfilled(schema: &Value, value: &Value, pointer: &str, findings: &Findings) -> bool {
    let Some(members) = value.as_object().filter(|_| says_nothing(schema, value)) else { return false };
    let asked_for = keyword(schema, "dependentRequired").as_object().into_iter().flatten().flat_map(|(_, names)| names.as_array());
    if asked_for.flatten().filter_map(Value::as_str).any(|name| members.get(name).is_none_or(is_left_out)) {
        return true;
    }
    let mut trial = findings.trial();
    group(schema, members, pointer, &mut trial);
    members.values().all(is_left_out) || !trial.problems.is_empty()
}

/// The members of a group, where one is not known and the others say nothing: whether a group that may be left out was meant is not known then.
fn only_unknown<'a>(schema: &Value, value: &'a Value) -> Option<&'a Map<String, Value>> {
    let free = stated(schema, "additionalProperties").is_some_and(|any| *any != Value::Bool(false));
    let members = value.as_object().filter(|_| !free && !says_nothing(schema, value))?;
    let mut known = members.iter().filter_map(|(name, value)| Some((layers::member(schema, name)?, value)));
    known.all(|(member, value)| is_silent(member, value)).then_some(members)
}

fn unknown(schema: &Value, name: &str, given: &Map<String, Value>, pointer: &str, members: &Members, findings: &mut Findings) {
    let free = stated(schema, "additionalProperties").is_some_and(|any| *any != Value::Bool(false));
    // A suggestion costs time, and a list of that many problems is not read to its end.
    if free || findings.problems.len() >= MAX_PROBLEMS {
        return;
    }
    let problem = Problem::new(&child(pointer, name), "settings.unknown_member").arg("member", shown(name));
    let beside = findings.beside.as_ref().filter(|(group, _)| group == pointer).map_or(&[][..], |(_, names)| names);
    let Some(near) = nearest(name, members.names().chain(beside.iter().copied())) else {
        return findings.add(problem.arg("hint", ""));
    };
    let problem = problem.arg("hint", suggestion(near));
    let renamed = members.get(near).and_then(|member| renamed(member, near, &given[name], &problem.pointer, given, findings));
    findings.add(Problem { repair: renamed.map(Box::new), ..problem });
}

/// The repair that gives a member the name that was meant, where that one is free and takes the value. A literal secret is not shown.
fn renamed(member: &Value, name: &str, value: &Value, pointer: &str, given: &Map<String, Value>, findings: &Findings) -> Option<Repair> {
    if given.contains_key(name) {
        return None;
    }
    let mut trial = findings.trial();
    field(member, value, pointer, &mut trial);
    let is_open = trial.secrets.is_empty() || reference(value).is_some();
    (is_open && trial.problems.iter().all(|problem| problem.warning)).then(|| Repair::renamed(pointer, name, value.clone()))
}

/// Reads one field; `None` when it is wrong, and then the problem has been noted.
fn field(schema: &Value, value: &Value, pointer: &str, findings: &mut Findings) -> Option<Value> {
    let annotations = keyword(schema, "x-postkontor");
    if keyword(schema, "deprecated") == true {
        let successor = keyword(annotations, "replaced_by").as_str().unwrap_or_default();
        let problem = Problem::warning(pointer, "settings.deprecated").arg("replaced_by", successor);
        let is_secret = keyword(annotations, "secret") == true || stated(schema, "properties").is_some();
        findings.add(match successor {
            "" => problem,
            _ if is_secret => problem,
            name => problem.repair(Repair::renamed(pointer, name, value.clone())),
        });
    }
    if keyword(annotations, "secret") == true {
        return secret(value, pointer, findings);
    }
    if let Some(choices) = keyword(schema, "oneOf").as_array() {
        return choice(choices, value, pointer, findings);
    }
    let read = match keyword(schema, "type").as_str() {
        Some("string") => text(schema, value, pointer),
        Some("integer") => integer(value, pointer).and_then(|value| in_range(schema, value, pointer)),
        Some("number") if value.is_number() => in_range(schema, value.clone(), pointer),
        Some("boolean") => boolean(value, pointer),
        Some("object") => match value {
            Value::Object(members) => return Some(Value::Object(group(schema, members, pointer, findings))),
            _ => Err(wrong_type(pointer, "object")),
        },
        Some("array") => return list(schema, value, pointer, findings),
        Some(expected) => Err(wrong_type(pointer, expected)),
        None => Ok(value.clone()),
    };
    match read {
        Ok(value) => {
            if keyword(annotations, "host") == true && findings.login.host.is_none() {
                findings.login.host = Some(pointer.to_owned());
            } else if keyword(annotations, "credentials") == true && findings.login.user.is_none() {
                findings.login.user = Some(pointer.to_owned());
            }
            if let Some(id) = value.as_str().filter(|_| keyword(annotations, "account") == true) {
                let via = keyword(annotations, "via") == true;
                findings.accounts.push(Reference { pointer: pointer.to_owned(), account: id.to_owned(), via });
            }
            Some(value)
        }
        Err(problem) => {
            findings.add(meant::repaired(problem, schema, value));
            None
        }
    }
}

fn list(schema: &Value, value: &Value, pointer: &str, findings: &mut Findings) -> Option<Value> {
    let annotations = keyword(schema, "x-postkontor");
    let items = match value {
        // There may be secrets in it, and a copy would stay in memory.
        Value::Array(items) => Cow::Borrowed(items.as_slice()),
        Value::String(text) if keyword(annotations, "list") == true => Cow::Owned(split(text)),
        _ => {
            findings.add(meant::repaired(wrong_type(pointer, "array"), schema, value));
            return None;
        }
    };
    let mut read = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate().filter(|(_, item)| !is_left_out(item)) {
        let place = child(pointer, &read.len().to_string());
        let pointer = child(pointer, &index.to_string());
        let before = findings.places();
        let item = field(keyword(schema, "items"), item, &pointer, findings);
        findings.moved(before, &pointer, item.as_ref().map(|_| place.as_str()));
        if let Some(item) = item {
            if let Some(id) = item.as_str().filter(|_| keyword(annotations, "account") == true) {
                findings.accounts.push(Reference { pointer, account: id.to_owned(), via: false });
            }
            read.push(item);
        }
    }
    Some(Value::Array(read))
}
