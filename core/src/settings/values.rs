//! Reading a single value by its schema.

use super::findings::Findings;
use super::keyword::{annotation, keyword};
use super::problem::{Problem, shown};
use super::secrets::reference;
use postkontor_plugin::settings::Server;
use postkontor_plugin::token_cache::{RESERVED, is_reserved};
use regex_lite::Regex;
use serde_json::{Number, Value, json};

pub(super) fn secret(value: &Value, pointer: &str, findings: &mut Findings) -> Option<Value> {
    let text = match value {
        Value::String(text) => Some(text.as_str()),
        value => reference(value).filter(|name| !name.is_empty()),
    };
    let problem = match text {
        None => wrong_type(pointer, "secret"),
        Some(text) if text.contains(['\r', '\n', '\0']) => Problem::new(pointer, "settings.line_break"),
        // The host answers for such a name itself, so the program never could.
        Some(name) if value.is_object() && is_reserved(name) => {
            Problem::new(pointer, "settings.secret_reserved").arg("name", shown(name)).arg("prefix", RESERVED)
        }
        Some(_) => {
            findings.secrets.push(pointer.to_owned());
            return Some(value.clone());
        }
    };
    findings.add(problem);
    None
}

pub(super) fn choice(choices: &[Value], value: &Value, pointer: &str, findings: &mut Findings) -> Option<Value> {
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
        Problem::new(pointer, "settings.not_a_choice").arg("value", shown(&given)).meant(&given, known.iter().filter_map(Value::as_str));
    findings.add(problem.arg("choices", known.clone()));
    None
}

pub(super) fn text(schema: &Value, value: &Value, pointer: &str) -> Result<Value, Problem> {
    let Value::String(text) = value else { return Err(wrong_type(pointer, "string")) };
    let is_host = annotation(schema, "host") == true;
    // No name of a server begins or ends with a blank, so one that does was pasted.
    let text = if is_host { text.trim_matches(' ') } else { text };
    if text.contains(['\r', '\n', '\0']) {
        return Err(Problem::new(pointer, "settings.line_break"));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::new(pointer, "settings.control_character"));
    }
    let length = text.chars().count() as u64;
    if let Some(minimum) = keyword(schema, "minLength").as_u64().filter(|minimum| length < *minimum) {
        return Err(Problem::new(pointer, "settings.too_short").arg("minimum", minimum));
    }
    if let Some(maximum) = keyword(schema, "maxLength").as_u64().filter(|maximum| length > *maximum) {
        return Err(Problem::new(pointer, "settings.too_long").arg("maximum", maximum));
    }
    if is_host && !is_server(text) {
        return Err(Problem::new(pointer, "settings.host_invalid"));
    }
    if keyword(schema, "format") == "email" && !is_address(text) {
        return Err(Problem::new(pointer, "settings.address_invalid").arg("value", shown(text)));
    }
    if let Some(pattern) = keyword(schema, "pattern").as_str() {
        // A pattern that is none is its author's defect, and no reason to refuse a value.
        if Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text)) {
            let own = annotation(schema, "problem").as_str().unwrap_or("settings.pattern");
            return Err(Problem::new(pointer, own).arg("value", shown(text)).arg("pattern", pattern));
        }
    }
    Ok(json!(text))
}

/// The items of a text that stands for a list.
pub(super) fn split(text: &str) -> Vec<Value> {
    text.split(';').map(str::trim).filter(|item| !item.is_empty()).map(|item| json!(item)).collect()
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

pub(super) fn integer(value: &Value, pointer: &str) -> Result<Value, Problem> {
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

pub(super) fn boolean(value: &Value, pointer: &str) -> Result<Value, Problem> {
    if value.is_boolean() { Ok(value.clone()) } else { Err(wrong_type(pointer, "boolean")) }
}

pub(super) fn in_range(schema: &Value, value: Value, pointer: &str) -> Result<Value, Problem> {
    let (minimum, maximum) = (keyword(schema, "minimum"), keyword(schema, "maximum"));
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
