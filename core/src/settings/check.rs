//! The answer to `host_check`.

use super::layers::Given;
use super::reading::Reading;
use super::secrets::without_secrets;
use super::trials::Trials;
use super::version::VERSION;
use super::{Problem, Schemas, Shown, certificates, defaults, document_schema, refusals};
use crate::pointer::child;
use crate::texts::Texts;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};
use std::ops::Deref;

/// Everything that a form without logic of its own needs to know about a settings document, offline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// Whether nothing but warnings was found.
    pub ok: bool,
    /// The version that the document has; [`VERSION`] where it says none.
    pub version: u64,
    /// The document as it stands after its migration, where it is of an older version; without literal secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrated: Option<Value>,
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
    /// What there is to show of the certificates that the settings name, by the pointer of the field with the file. Files with a password that is a
    /// reference are not opened for that.
    pub certificates: BTreeMap<String, Shown>,
}

/// Something that was found in a settings document.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    /// A merge patch (RFC 7396) of the document as it was given that repairs this, where one is known. It holds no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Value>,
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

impl Checked {
    /// Of a document of which nothing can be read.
    fn unreadable(problems: Vec<Finding>) -> Checked {
        let (visible, secrets, settings) = (Vec::new(), Vec::new(), json!({}));
        let (empty, origin, certificates) = (Map::new(), Map::new(), BTreeMap::new());
        Checked { ok: false, version: VERSION, migrated: None, problems, visible, settings, empty, secrets, origin, certificates }
    }
}

/// Checks a settings document. `texts` is asked when the document was read: a host has the texts of a plugin only once that was needed.
pub fn check<T: Deref<Target = Texts>>(json: &str, schemas: &dyn Schemas, texts: impl FnOnce() -> T, language: &str) -> Checked {
    let reading = Reading::of(json, schemas);
    let texts = &*texts();
    let finding = |problem: &Problem| finding(problem, texts, language);
    let reading = match reading {
        Ok(reading) => reading,
        Err(problems) => return Checked::unreadable(problems.iter().map(finding).collect()),
    };
    let mut settings = without_secrets(&reading.groups, &reading.secrets);
    let mut accounts = Map::new();
    let mut secrets = reading.secrets.clone();
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
            members.insert("sender".to_owned(), without_secrets(&account.sender, &account.sender_secrets));
        }
        accounts.insert(account.id.clone(), Value::Object(members));
        secrets.extend(account.secrets.iter().map(|secret| format!("{pointer}{secret}")));
        secrets.extend(account.sender_secrets.iter().map(|secret| format!("{pointer}/sender{secret}")));
    }
    if reading.enabled {
        settings["accounts"] = Value::Object(accounts);
    }
    let mut origin = Map::new();
    trace(&settings, String::new(), reading.given(), &mut origin);
    for secret in &secrets {
        origin.insert(secret.clone(), json!(reading.origin(secret)));
    }
    let refusals = refusals::of(&reading, schemas, &|_| true);
    let trials = Trials::of(&reading, &refusals, schemas);
    let problems = reading.all_problems().chain(&refusals);
    let ok = problems.clone().all(|problem| problem.warning);
    let problems: Vec<_> = problems.map(|problem| Finding { patch: trials.patch(problem), ..finding(problem) }).collect();
    let (version, migrated) = (reading.migration.from, reading.migration.shown(schemas));
    let (_, certificates) = certificates::look(&reading, schemas);
    Checked { ok, version, migrated, problems, visible: reading.visible, settings, empty, secrets, origin, certificates }
}

fn finding(problem: &Problem, texts: &Texts, language: &str) -> Finding {
    Finding {
        pointer: problem.pointer.clone(),
        code: problem.code.clone(),
        message: texts.sentence(language, &problem.code, &problem.args).unwrap_or_else(|| problem.code.clone()),
        severity: if problem.warning { Severity::Warning } else { Severity::Error },
        detail: problem.detail.clone(),
        patch: None,
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
