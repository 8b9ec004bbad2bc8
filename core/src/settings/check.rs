//! The answer to `host_check`.

use super::account::Account;
use super::layers::Given;
use super::reading::Reading;
use super::secrets::{Wiped, pointers, without_secrets};
use super::{Problem, Schemas, Sender, defaults, document_schema, own_sender, rules};
use crate::message::refuse_sender;
use crate::pointer::child;
use crate::texts::Texts;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::ops::Deref;

/// Everything that a form without logic of its own needs to know about a settings document, offline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// Whether nothing but warnings was found.
    pub ok: bool,
    /// What was found; the pointers lead into the document as it was given.
    pub problems: Vec<Finding>,
    /// The fields that show. These pointers, and all that follow, lead into `settings`.
    pub visible: Vec<String>,
    /// The merged document with its defaults, also those that other fields decide, and without its secrets (references to secrets remain).
    pub settings: Value,
    /// What applies where a field that shows has no value: a sentence by pointer.
    pub empty: Map<String, Value>,
    /// Where secrets stand.
    pub secrets: Vec<String>,
    /// Who has set each value, by pointer: `default`, `document`, or a layer.
    pub origin: Map<String, Value>,
}

/// Something that was found in a settings document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where.
    pub pointer: String,
    /// Stable code, listed in docs/codes.md.
    pub code: String,
    /// The same in a sentence.
    pub message: String,
    /// Whether it stands in the way.
    pub severity: Severity,
    /// English, for support.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Whether a finding stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// Checks a settings document. `texts` is asked when the document was read: a host has the texts of a plugin only once that was needed.
pub fn check<T: Deref<Target = Texts>>(json: &str, schemas: &dyn Schemas, texts: impl FnOnce() -> T, language: &str) -> Checked {
    let reading = Reading::of(json, schemas);
    let texts = &*texts();
    let finding = |problem: &Problem| finding(problem, texts, language);
    let reading = match reading {
        Ok(reading) => reading,
        Err(problems) => {
            let problems: Vec<_> = problems.iter().map(finding).collect();
            let (visible, secrets, settings) = (Vec::new(), Vec::new(), json!({}));
            return Checked { ok: false, problems, visible, settings, empty: Map::new(), secrets, origin: Map::new() };
        }
    };
    let mut settings = reading.groups.clone();
    let mut accounts = Map::new();
    let mut secrets = Vec::new();
    let shows: HashSet<&str> = reading.visible.iter().map(String::as_str).collect();
    let mut empty = Map::new();
    let mut note_empty = |schema: &Value, settings: &Value, pointer: &str| {
        for left_out in defaults::left_out(schema, settings, pointer, &|pointer| shows.contains(pointer)) {
            let sentence = texts.empty(language, left_out.strip_prefix(pointer).unwrap_or_default());
            empty.extend(sentence.map(|sentence| (left_out, json!(sentence))));
        }
    };
    if reading.enabled {
        note_empty(document_schema(), &settings, "");
    }
    for account in &reading.accounts {
        let mut members = Map::new();
        members.insert("transport".to_owned(), json!(account.transport));
        let pointer = child("/accounts", &account.id);
        let mut complete = without_secrets(&account.settings, &account.secrets);
        defaults::complete(account.schema(), &mut complete);
        note_empty(account.schema(), &complete, &pointer);
        members.extend(complete.as_object().cloned().unwrap_or_default());
        if !account.sender.is_null() {
            members.insert("sender".to_owned(), account.sender.clone());
        }
        accounts.insert(account.id.clone(), Value::Object(members));
        secrets.extend(account.secrets.iter().map(|secret| format!("{pointer}{secret}")));
    }
    if reading.enabled {
        settings["accounts"] = Value::Object(accounts);
    }
    let mut origin = Map::new();
    trace(&settings, String::new(), reading.given(), &mut origin);
    for secret in &secrets {
        origin.insert(secret.clone(), json!(reading.origin(secret)));
    }
    let mut refusals: Vec<_> = reading.accounts.iter().flat_map(|account| refusal(account, &reading, schemas)).collect();
    if reading.enabled {
        refusals.extend(rules::fetching(&reading.groups).map(|problem| placed(problem, &reading)));
        refusals.extend(unusable_senders(&reading));
    }
    let problems = reading.problems.iter().chain(reading.accounts.iter().flat_map(|account| &account.problems)).chain(&refusals);
    let ok = problems.clone().all(|problem| problem.warning);
    let problems: Vec<_> = problems.map(finding).collect();
    Checked { ok, problems, visible: reading.visible, settings, empty, secrets, origin }
}

fn placed(problem: Problem, reading: &Reading) -> Problem {
    Problem { pointer: reading.place(&problem.pointer), ..problem }
}

/// What would keep every mail from being composed: files of the senders that are missing or are not what they should be.
fn unusable_senders(reading: &Reading) -> Vec<Problem> {
    let document = &reading.groups["sender"];
    let own = |account: &Account| (child("/accounts", &account.id), own_sender::merged(document, &account.sender), account.sender.clone());
    let of_accounts = reading.accounts.iter().filter(|account| !account.sender.is_null()).map(own);
    let mut found: Vec<Problem> = Vec::new();
    for (place, merged, given) in std::iter::once((String::new(), document.clone(), document.clone())).chain(of_accounts) {
        let Ok(sender) = Sender::deserialize(&merged) else { continue };
        let Err(error) = refuse_sender(&sender) else { continue };
        for at in &error.at {
            // What the account did not say itself is the document's, and was noted there.
            let field = at.pointer.strip_prefix("/sender").unwrap_or_default();
            let place = if given.pointer(field).is_some() { place.as_str() } else { "" };
            let pointer = reading.place(&format!("{place}{}", at.pointer));
            let mut noted = reading.problems.iter().chain(reading.accounts.iter().flat_map(|account| &account.problems)).chain(&found);
            if noted.all(|problem| problem.pointer != pointer) {
                let mut problem = Problem::new(&pointer, &at.code).detail(error.detail.clone());
                problem.args.extend(at.args.clone());
                found.push(problem);
            }
        }
    }
    found
}

/// What the transport itself has against settings in which nothing wrong was found.
fn refusal(account: &Account, reading: &Reading, schemas: &dyn Schemas) -> Vec<Problem> {
    if account.error().is_some() {
        return Vec::new();
    }
    let mut settings = Wiped(account.resolved.clone());
    for pointer in pointers(account.schema(), &settings.0) {
        if let Some(secret) = settings.0.pointer_mut(&pointer).filter(|secret| secret.is_object()) {
            *secret = json!("***");
        }
    }
    let Err(error) = schemas.refuse(&account.transport, &account.id, &settings.0) else { return Vec::new() };
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

fn finding(problem: &Problem, texts: &Texts, language: &str) -> Finding {
    Finding {
        pointer: problem.pointer.clone(),
        code: problem.code.clone(),
        message: texts.sentence(language, &problem.code, &problem.args).unwrap_or_else(|| problem.code.clone()),
        severity: if problem.warning { Severity::Warning } else { Severity::Error },
        detail: problem.detail.clone(),
    }
}

/// Notes for each value who has set it; a list counts as one value.
fn trace(value: &Value, pointer: String, given: Given<'_>, origin: &mut Map<String, Value>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| trace(value, child(&pointer, name), given.member(name), origin));
        }
        _ => drop(origin.insert(pointer, json!(given.origin()))),
    }
}
