//! Reading a group of settings by its schema: checking each field, filling in defaults, leaving out what does not show.
//!
//! This is a validator for the portable subset of JSON Schema that [`postkontor_plugin::settings::schema`] writes, and no
//! more; in return each problem says what is wrong in words that a form can show beside the field.

use super::Problem;
use super::findings::{Findings, Reference};
use super::layers;
use super::pointer::{child, names};
use super::problem::{MAX_PROBLEMS, shown};
use super::secrets::reference;
use super::secrets::wipe;
use postkontor_plugin::settings::Server;
use regex_lite::Regex;
use serde_json::{Map, Number, Value, json};

/// Whether a member counts as left out: forms leave `null` or an empty text behind when a field is cleared.
fn is_left_out(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Reads a group and returns it complete with its defaults, without what does not show or is wrong.
pub(super) fn group(schema: &Value, given: &Map<String, Value>, pointer: &str, findings: &mut Findings) -> Map<String, Value> {
    let mut given: Map<_, _> =
        given.iter().filter(|(_, value)| !is_left_out(value)).map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut members = Members::of(schema, &given);
    members.hide(|name| findings.hidden.contains(&child(pointer, name)));
    for (name, value) in &given {
        if !members.knows(name) {
            unknown(schema, name, value, pointer, &members, findings);
        }
    }
    let empty = json!({});
    let mut settings = Map::new();
    for (name, member) in &members.shown {
        let pointer = child(pointer, name);
        findings.visible.push(pointer.clone());
        let is_optional = member["x-postkontor"]["optional"] == true;
        let is_empty = |value: &Value| match is_optional {
            true => is_unfilled(member, value, &pointer, findings),
            false => member["writeOnly"] == true && *value == empty,
        };
        let value = given.get(*name).filter(|value| !is_empty(value));
        let default = || member.get("default").filter(|_| !member["writeOnly"].as_bool().unwrap_or_default());
        // A group that is left out means the same as an empty one.
        let empty_group = || member.get("properties").filter(|_| !is_optional).map(|_| &empty);
        match value.or_else(default).or_else(empty_group) {
            Some(value) => {
                if let Some(value) = field(member, value, &pointer, findings) {
                    settings.insert((*name).to_owned(), value);
                }
            }
            None => {
                // The fields of a group that may be left out show, too: there is where it would be given.
                if member.get("properties").is_some() {
                    let mut shown = Findings { hidden: findings.hidden.clone(), ..Findings::default() };
                    group(member, &Map::new(), &pointer, &mut shown);
                    findings.visible.append(&mut shown.visible);
                }
                if members.required.iter().any(|required| required == name) {
                    findings.add(Problem::new(&pointer, "settings.required"));
                }
            }
        }
    }
    let is_used = findings.used.iter().any(|used| used == pointer);
    for (name, member) in &members.hidden {
        if is_used {
            let value = given.get(*name).and_then(|value| field(member, value, &child(pointer, name), findings));
            settings.extend(value.map(|value| ((*name).to_owned(), value)));
        } else if given.get(*name).is_some_and(|value| member.get("default") != Some(value) && !says_nothing(member, value)) {
            findings.add(Problem::warning(&child(pointer, name), "settings.not_used"));
        }
    }
    // Free members, as in a group of headers.
    if let Some(any) = schema.get("additionalProperties").filter(|any| **any != Value::Bool(false)) {
        for (name, value) in given.iter().filter(|(name, _)| !members.knows(name)) {
            if let Some(value) = field(any, value, &child(pointer, name), findings) {
                settings.insert(name.clone(), value);
            }
        }
    }
    given.values_mut().for_each(wipe);
    settings
}

/// The members of a group, by what the values given make of its conditions.
struct Members<'a> {
    shown: Vec<(&'a str, &'a Value)>,
    hidden: Vec<(&'a str, &'a Value)>,
    required: Vec<&'a str>,
}

impl<'a> Members<'a> {
    fn of(schema: &'a Value, given: &Map<String, Value>) -> Members<'a> {
        let properties =
            |schema: &'a Value| schema["properties"].as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member));
        let required = |list: &'a Value| list.as_array().into_iter().flatten().filter_map(Value::as_str);

        let mut seen = given.clone();
        let mut members =
            Members { shown: properties(schema).collect(), hidden: Vec::new(), required: required(&schema["required"]).collect() };
        for (name, member) in &members.shown {
            if let Some(default) = member.get("default") {
                seen.entry(*name).or_insert_with(|| default.clone());
            }
        }
        let mut conditional = Vec::new();
        for branch in schema["allOf"].as_array().into_iter().flatten() {
            if holds(&branch["if"], &seen) {
                members.shown.extend(properties(&branch["then"]));
                members.required.extend(required(&branch["then"]["required"]));
            } else {
                conditional.extend(properties(&branch["then"]));
            }
        }
        conditional.retain(|(name, _)| members.shown.iter().all(|(other, _)| other != name));
        members.hidden = conditional;
        members.shown.sort_by_key(|(_, member)| member["x-postkontor"]["order"].as_i64().unwrap_or(i64::MAX));
        for (name, others) in schema["dependentRequired"].as_object().into_iter().flatten() {
            let has_default =
                |value: &Value| members.shown.iter().any(|(other, member)| other == name && member.get("default") == Some(value));
            // Forms fill in what applies anyway, which is no reason to ask for more.
            if given.get(name).is_some_and(|value| !has_default(value)) {
                members.required.extend(required(others));
            }
        }
        seen.values_mut().for_each(wipe);
        members
    }

    /// Hides those that show by what stands in another group; what must be given of the others is noted.
    fn hide(&mut self, is_hidden: impl Fn(&str) -> bool) {
        let beyond = |member: &Value| looks_beyond(member).is_some();
        let (hidden, shown) = self.shown.iter().copied().partition(|(name, member)| beyond(member) && is_hidden(name));
        self.shown = shown;
        self.hidden.extend::<Vec<_>>(hidden);
        let required = self.shown.iter().filter(|(_, member)| beyond(member) && member["x-postkontor"]["required"] == true);
        self.required.extend(required.map(|(name, _)| *name));
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.shown.iter().chain(&self.hidden).map(|(name, _)| *name)
    }

    fn knows(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

/// Whether the `if` of a condition holds: each member named is left out or has one of the values.
fn holds(test: &Value, given: &Map<String, Value>) -> bool {
    let allowed = |name: &String, allowed: &Value| match (given.get(name), allowed) {
        (None, _) => true,
        (Some(_), Value::Bool(any)) => *any,
        (Some(value), allowed) => {
            allowed.get("const").is_none_or(|only| only == value)
                && allowed.get("enum").and_then(Value::as_array).is_none_or(|values| values.contains(value))
        }
    };
    test["required"].as_array().into_iter().flatten().filter_map(Value::as_str).all(|name| given.contains_key(name))
        && test["properties"].as_object().into_iter().flatten().all(|(name, values)| allowed(name, values))
}

/// Whether a group was given without anything in it that would not apply anyway, as forms do that fill in defaults.
fn says_nothing(schema: &Value, value: &Value) -> bool {
    let Some(members) = value.as_object() else { return false };
    members.iter().all(|(name, value)| {
        let Some(member) = layers::member(schema, name) else { return is_left_out(value) };
        is_left_out(value) || member.get("default") == Some(value) || says_nothing(member, value)
    })
}

/// Whether a group that may be left out was left so: nothing in it, or only what forms fill in by themselves while something that it needs
/// is missing. A group that is complete with its defaults is meant: HTML that is switched off is another thing than no word about HTML.
fn is_unfilled(schema: &Value, value: &Value, pointer: &str, findings: &Findings) -> bool {
    let Some(members) = value.as_object().filter(|_| says_nothing(schema, value)) else { return false };
    let mut trial = Findings { hidden: findings.hidden.clone(), ..Findings::default() };
    group(schema, members, pointer, &mut trial);
    members.values().all(is_left_out) || !trial.problems.is_empty()
}

/// The condition of a member that shows by what stands in another group.
pub(super) fn looks_beyond(member: &Value) -> Option<&Map<String, Value>> {
    member["x-postkontor"]["when"].as_object().filter(|when| when.keys().any(|name| name.starts_with('/')))
}

/// The groups that a setting of another group makes use of (`uses`), while it shows and is not `none`.
pub(super) fn used_by_others(given: &Value, group: &Value, pointer: &str, hidden: &[String]) -> Vec<String> {
    let mut used = Vec::new();
    for (name, member) in group["properties"].as_object().into_iter().flatten() {
        let pointer = child(pointer, name);
        if hidden.contains(&pointer) {
            continue;
        }
        used.extend(used_by_others(given, member, &pointer, hidden));
        let value = given.pointer(&pointer).filter(|value| !is_left_out(value)).or_else(|| member.get("default"));
        if let Some(other) = member["x-postkontor"]["uses"].as_str()
            && value.is_some_and(|value| value != "none")
        {
            used.push(other.to_owned());
        }
    }
    used
}

/// The pointers of the members of `group` that do not show by what stands elsewhere in the settings `given`.
pub(super) fn hidden_by_others(root: &Value, given: &Value, group: &Value, pointer: &str) -> Vec<String> {
    let stands = |place: &str| {
        let given = given.pointer(place).filter(|value| !is_left_out(value));
        given.or_else(|| names(place).try_fold(root, |schema, name| layers::member(schema, &name))?.get("default"))
    };
    let holds = |when: &Map<String, Value>| {
        when.iter().all(|(place, allowed)| match (stands(place), allowed) {
            (value, Value::Null) => value.is_none(),
            (value, Value::Array(allowed)) => value.is_some_and(|value| allowed.contains(value)),
            (value, only) => value == Some(only),
        })
    };
    let mut hidden = Vec::new();
    for (name, member) in group["properties"].as_object().into_iter().flatten() {
        let pointer = child(pointer, name);
        hidden.extend(hidden_by_others(root, given, member, &pointer));
        if looks_beyond(member).is_some_and(|when| !holds(when)) {
            hidden.push(pointer);
        }
    }
    hidden
}

fn unknown(schema: &Value, name: &str, value: &Value, pointer: &str, members: &Members, findings: &mut Findings) {
    let free = schema.get("additionalProperties").is_some_and(|any| *any != Value::Bool(false));
    // Looking for the name that was meant costs time, and nobody reads that far.
    if free || is_left_out(value) || findings.problems.len() >= MAX_PROBLEMS {
        return;
    }
    let problem = Problem::new(&child(pointer, name), "settings.unknown_member").arg("member", shown(name));
    let beside = findings.beside.as_ref().filter(|(group, _)| group == pointer).map_or(&[][..], |(_, names)| names);
    findings.add(problem.hint(name, members.names().chain(beside.iter().copied())));
}

/// Reads one field; `None` when it is wrong, and then the problem has been noted.
fn field(schema: &Value, value: &Value, pointer: &str, findings: &mut Findings) -> Option<Value> {
    let annotations = &schema["x-postkontor"];
    if schema["deprecated"] == true {
        let successor = annotations["replaced_by"].as_str().unwrap_or_default();
        findings.add(Problem::warning(pointer, "settings.deprecated").arg("replaced_by", successor));
    }
    if annotations["secret"] == true {
        return secret(value, pointer, findings);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choice(choices, value, pointer, findings);
    }
    let read = match schema["type"].as_str() {
        Some("string") => text(schema, value, pointer),
        Some("integer") => integer(value, pointer).and_then(|value| in_range(schema, value, pointer)),
        Some("number") if value.is_number() => in_range(schema, value.clone(), pointer),
        Some("boolean") if value.is_boolean() => Ok(value.clone()),
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
            if let Some(id) = value.as_str().filter(|_| annotations["account"] == true) {
                let via = annotations["via"] == true;
                findings.accounts.push(Reference { pointer: pointer.to_owned(), account: id.to_owned(), via });
            }
            Some(value)
        }
        Err(problem) => {
            findings.add(problem);
            None
        }
    }
}

fn secret(value: &Value, pointer: &str, findings: &mut Findings) -> Option<Value> {
    let text = match value {
        Value::String(text) => Some(text.as_str()),
        value => reference(value).filter(|name| !name.is_empty()),
    };
    let problem = match text {
        None => wrong_type(pointer, "secret"),
        Some(text) if text.contains(['\r', '\n', '\0']) => Problem::new(pointer, "settings.line_break"),
        Some(_) => {
            findings.secrets.push(pointer.to_owned());
            return Some(value.clone());
        }
    };
    findings.add(problem);
    None
}

fn choice(choices: &[Value], value: &Value, pointer: &str, findings: &mut Findings) -> Option<Value> {
    if let Some(choice) = choices.iter().find(|choice| choice["const"] == *value) {
        return Some(choice["const"].clone());
    }
    // 1.2 can only be meant for the choice "1.2".
    let number = value.as_number().map(|number| Value::String(number.to_string()));
    if let Some(choice) = choices.iter().find(|choice| number.as_ref() == Some(&choice["const"])) {
        return Some(choice["const"].clone());
    }
    let known: Vec<_> = choices.iter().map(|choice| choice["const"].clone()).collect();
    let given = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let problem =
        Problem::new(pointer, "settings.not_a_choice").arg("value", shown(&given)).hint(&given, known.iter().filter_map(Value::as_str));
    findings.add(problem.arg("choices", known.clone()));
    None
}

fn text(schema: &Value, value: &Value, pointer: &str) -> Result<Value, Problem> {
    let Value::String(text) = value else { return Err(wrong_type(pointer, "string")) };
    let is_host = schema["x-postkontor"]["host"] == true;
    // No name of a server begins or ends with a blank, so one that does was pasted.
    let text = if is_host { text.trim_matches(' ') } else { text };
    if text.contains(['\r', '\n', '\0']) {
        return Err(Problem::new(pointer, "settings.line_break"));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::new(pointer, "settings.control_character"));
    }
    let length = text.chars().count() as u64;
    if let Some(minimum) = schema["minLength"].as_u64().filter(|minimum| length < *minimum) {
        return Err(Problem::new(pointer, "settings.too_short").arg("minimum", minimum));
    }
    if let Some(maximum) = schema["maxLength"].as_u64().filter(|maximum| length > *maximum) {
        return Err(Problem::new(pointer, "settings.too_long").arg("maximum", maximum));
    }
    if is_host && !is_server(text) {
        return Err(Problem::new(pointer, "settings.host_invalid"));
    }
    if schema["format"] == "email" && !is_address(text) {
        return Err(Problem::new(pointer, "settings.address_invalid").arg("value", shown(text)));
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        // A pattern that is none is its author's defect, and no reason to refuse a value.
        if Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text)) {
            let own = schema["x-postkontor"]["problem"].as_str().unwrap_or("settings.pattern");
            return Err(Problem::new(pointer, own).arg("value", shown(text)).arg("pattern", pattern));
        }
    }
    Ok(json!(text))
}

/// Whether a text is the name or address of a server, if need be with its port.
fn is_server(text: &str) -> bool {
    Server { host: text.to_owned(), port: None, timeout_seconds: 1, proxy: None }.endpoint(1).is_ok()
}

/// Whether a text looks like the address of a mailbox; what is on both sides of the `@` is the server's business.
fn is_address(text: &str) -> bool {
    let separated = |c: char| c.is_whitespace() || "<>,;:\"()".contains(c);
    text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) && !text.contains(separated)
}

fn integer(value: &Value, pointer: &str) -> Result<Value, Problem> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(value.clone()),
        // 25.0 is a whole number in JSON Schema; beyond 2^53 a double no longer knows its last digits.
        Value::Number(number) => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 9_007_199_254_740_992.0 => Ok(Value::Number(Number::from(whole as i64))),
            _ => Err(wrong_type(pointer, "integer")),
        },
        _ => Err(wrong_type(pointer, "integer")),
    }
}

fn in_range(schema: &Value, value: Value, pointer: &str) -> Result<Value, Problem> {
    let (minimum, maximum) = (&schema["minimum"], &schema["maximum"]);
    let number = value.as_f64().unwrap_or_default();
    let low = minimum.as_f64().is_some_and(|minimum| number < minimum);
    let high = maximum.as_f64().is_some_and(|maximum| number > maximum);
    if !low && !high {
        return Ok(value);
    }
    let code = match (minimum.is_null(), maximum.is_null()) {
        (false, false) => "settings.out_of_range",
        (false, true) => "settings.too_small",
        _ => "settings.too_big",
    };
    Err(Problem::new(pointer, code).arg("minimum", minimum.clone()).arg("maximum", maximum.clone()))
}

fn list(schema: &Value, value: &Value, pointer: &str, findings: &mut Findings) -> Option<Value> {
    let annotations = &schema["x-postkontor"];
    let items = match value {
        Value::Array(items) => items.clone(),
        Value::String(text) if annotations["list"] == true => {
            text.split(';').map(str::trim).filter(|item| !item.is_empty()).map(|item| json!(item)).collect()
        }
        _ => {
            findings.add(wrong_type(pointer, "array"));
            return None;
        }
    };
    let mut read = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate().filter(|(_, item)| !is_left_out(item)) {
        // A text is one value for the caller, so there is no pointer to a part of it.
        let pointer = if value.is_array() { child(pointer, &index.to_string()) } else { pointer.to_owned() };
        if let Some(item) = field(&schema["items"], item, &pointer, findings) {
            if let Some(id) = item.as_str().filter(|_| annotations["account"] == true) {
                findings.accounts.push(Reference { pointer, account: id.to_owned(), via: false });
            }
            read.push(item);
        }
    }
    Some(Value::Array(read))
}

/// The problem of a value of another type than the one expected.
pub(super) fn wrong_type(pointer: &str, expected: &str) -> Problem {
    let expected = match expected {
        "string" => "settings.type.text",
        "integer" => "settings.type.integer",
        "number" => "settings.type.number",
        "boolean" => "settings.type.boolean",
        "array" => "settings.type.list",
        "secret" => "settings.type.secret",
        _ => "settings.type.group",
    };
    Problem::new(pointer, "settings.wrong_type").arg("expected", json!({ "code": expected }))
}
