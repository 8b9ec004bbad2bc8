//! The answer to `host_check`.

use super::pointer::child;
use super::reading::{Account, Reading};
use super::secrets::{pointers, without_secrets};
use super::{Problem, Schemas};
use crate::texts::Texts;
use serde_json::{Map, Value, json};

/// Everything that a form without logic of its own needs to know about a settings document, offline:
/// `{"problems": [{"pointer", "code", "message", "severity", "args", "detail"}], "visible": [pointer], "settings": {…},
/// "secrets": [pointer], "origin": {pointer: "default" | "document" | layer}}`.
///
/// `problems` point into the document as it was given; `visible`, `secrets` and `origin` into `settings`, which is the merged
/// document with its defaults and without its secrets (references to secrets remain). `severity` is `error` or `warning`.
pub fn check(json: &str, schemas: &dyn Schemas, texts: &Texts, language: &str) -> Value {
    let told = |problem: &Problem| tell(problem, texts, language);
    let reading = match Reading::of(json, schemas) {
        Ok(reading) => reading,
        Err(problems) => {
            let problems: Vec<_> = problems.iter().map(told).collect();
            return json!({"problems": problems, "visible": [], "settings": {}, "secrets": [], "origin": {}});
        }
    };
    let mut settings = reading.groups.clone();
    let mut accounts = Map::new();
    let mut secrets = Vec::new();
    for account in &reading.accounts {
        let mut members = Map::new();
        members.insert("transport".to_owned(), json!(account.transport));
        members.extend(without_secrets(&account.settings, &account.secrets).as_object().cloned().unwrap_or_default());
        accounts.insert(account.id.clone(), Value::Object(members));
        let pointer = child("/accounts", &account.id);
        secrets.extend(account.secrets.iter().map(|secret| format!("{pointer}{secret}")));
    }
    if reading.enabled {
        settings["accounts"] = Value::Object(accounts);
    }
    let mut origin = Map::new();
    trace(&settings, String::new(), &reading, &mut origin);
    for secret in &secrets {
        origin.insert(secret.clone(), json!(reading.origin(secret)));
    }
    let refusals: Vec<_> = reading.accounts.iter().flat_map(|account| refusal(account, &reading, schemas)).collect();
    let problems = reading.problems.iter().chain(reading.accounts.iter().flat_map(|account| &account.problems)).chain(&refusals);
    let problems: Vec<_> = problems.map(told).collect();
    json!({"problems": problems, "visible": reading.visible, "settings": settings, "secrets": secrets, "origin": origin})
}

/// What the transport itself has against settings in which nothing wrong was found.
fn refusal(account: &Account, reading: &Reading, schemas: &dyn Schemas) -> Vec<Problem> {
    if account.error().is_some() {
        return Vec::new();
    }
    let mut settings = account.resolved.clone();
    for pointer in pointers(account.schema(), &settings) {
        if let Some(secret) = settings.pointer_mut(&pointer).filter(|secret| secret.is_object()) {
            *secret = json!("***");
        }
    }
    let Err(error) = schemas.refuse(&account.transport, &account.id, &settings) else { return Vec::new() };
    let pointer = child("/accounts", &account.id);
    let problem = |within: &str, code: &str, args: &Map<String, Value>| {
        let mut problem = Problem::new(&reading.place(&format!("{pointer}{within}")), code).detail(error.detail.clone());
        problem.args.extend(error.args.clone());
        problem.args.extend(args.clone());
        problem
    };
    match error.at.as_slice() {
        [] => vec![problem("", &error.code, &Map::new())],
        at => at.iter().map(|at| problem(&at.pointer, &at.code, &at.args)).collect(),
    }
}

fn tell(problem: &Problem, texts: &Texts, language: &str) -> Value {
    let message = texts.sentence(language, &problem.code, &problem.args).unwrap_or_else(|| problem.code.clone());
    let mut told = json!({
        "pointer": problem.pointer,
        "code": problem.code,
        "message": message,
        "severity": if problem.warning { "warning" } else { "error" },
    });
    if !problem.detail.is_empty() {
        told["detail"] = json!(problem.detail);
    }
    told
}

/// Notes for each value who has set it; a list counts as one value.
fn trace(value: &Value, pointer: String, reading: &Reading, origin: &mut Map<String, Value>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| trace(value, child(&pointer, name), reading, origin)),
        _ => drop(origin.insert(pointer.clone(), json!(reading.origin(&pointer)))),
    }
}
