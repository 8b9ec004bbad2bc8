//! The value that was evidently meant where one is wrong.

use super::keyword::{annotation, keyword};
use super::problem::Problem;
use super::repair::Repair;
use super::values::{in_range, integer, text};
use serde_json::{Number, Value, json};

/// The problem with the value that was meant as its repair, where there is one.
pub(super) fn repaired(problem: Problem, schema: &Value, value: &Value) -> Problem {
    match meant(schema, value) {
        Some(meant) => {
            let repair = Repair::value(&problem.pointer, meant);
            problem.repair(repair)
        }
        None => problem,
    }
}

/// The value; `null` where the field is better left out.
fn meant(schema: &Value, value: &Value) -> Option<Value> {
    match keyword(schema, "type").as_str()? {
        "integer" => number(schema, value),
        "boolean" => truth(value).map(Value::Bool),
        "string" => words(schema, value),
        "array" => {
            let item = keyword(schema, "items");
            (keyword(item, "type") == "string" && value.is_string()).then(|| json!([value]))
        }
        _ => None,
    }
}

/// A number that stands in a text, a duration that is too long, or no port where none can be.
fn number(schema: &Value, value: &Value) -> Option<Value> {
    let is_good = |value: &Value| in_range(schema, value.clone(), "").is_ok();
    if let Some(text) = value.as_str() {
        return text.trim().parse::<i64>().ok().map(|number| Value::Number(Number::from(number))).filter(is_good);
    }
    let given = integer(value, "").ok()?;
    let longest = keyword(schema, "maximum");
    if annotation(schema, "unit").is_string() && longest.as_f64().zip(given.as_f64()).is_some_and(|(longest, given)| given > longest) {
        return Some(longest.clone());
    }
    // What another field decides is right more often than what cannot be.
    annotation(schema, "default_by").is_object().then_some(Value::Null)
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        },
        Value::Number(number) if number.as_u64() == Some(1) => Some(true),
        Value::Number(number) if number.as_u64() == Some(0) => Some(false),
        _ => None,
    }
}

/// A text without what was pasted around it: blanks and line breaks, the scheme and the path of a URL around the name of a server, the name
/// before an address.
fn words(schema: &Value, value: &Value) -> Option<Value> {
    let given = match value {
        Value::String(text) => text.trim_matches(|c: char| c.is_whitespace() || c.is_control()).to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let inner = if annotation(schema, "host") == true {
        let name = given.split_once("://").map_or(given.as_str(), |(_, name)| name);
        name.split('/').next().unwrap_or_default()
    } else if keyword(schema, "format") == "email" {
        let address = given.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(given.as_str(), |(address, _)| address);
        address.strip_prefix("mailto:").unwrap_or(address).trim()
    } else {
        given.as_str()
    };
    text(schema, &json!(inner), "").ok().filter(|_| !inner.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_wrong_form_is_brought_into_the_right_one() {
        let port = json!({"type": "integer", "minimum": 1, "maximum": 65535, "x-postkontor": {"default_by": {"/tls/mode": {"none": 25}}}});
        let seconds = json!({"type": "integer", "minimum": 1, "maximum": 3600, "x-postkontor": {"unit": "s"}});
        let host = json!({"type": "string", "x-postkontor": {"host": true}});
        let address = json!({"type": "string", "format": "email"});
        let boolean = json!({"type": "boolean"});
        for (schema, given, expected) in [
            (&port, json!(" 587 "), Some(json!(587))),
            (&port, json!(70000), Some(Value::Null)),
            (&port, json!("70000"), None),
            (&port, json!("smtp"), None),
            (&seconds, json!(7200), Some(json!(3600))),
            (&seconds, json!(0), None),
            (&host, json!("smtps://mail.example.com:465/"), Some(json!("mail.example.com:465"))),
            (&host, json!("mail.example.com\n"), Some(json!("mail.example.com"))),
            (&host, json!("my server"), None),
            (&address, json!("Anna <anna@example.com>"), Some(json!("anna@example.com"))),
            (&address, json!("anna"), None),
            (&boolean, json!("Yes"), Some(json!(true))),
            (&boolean, json!(0), Some(json!(false))),
            (&boolean, json!(2), None),
        ] {
            assert_eq!(meant(schema, &given), expected, "{given}");
        }
    }
}
