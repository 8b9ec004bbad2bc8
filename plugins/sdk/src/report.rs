//! What a test of the settings found, step by step.

use crate::{Error, Input, Stage, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::{self, Display, Formatter};

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// As it should.
    Ok,
    /// It works, but the user should know something.
    Warn,
    /// It does not work.
    Fail,
    /// Not tried, because it does not apply or an earlier step failed.
    Skipped,
}

/// One step of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which step.
    pub step: Stage,
    /// How it went.
    pub status: StepStatus,
    /// The status number a call would end with for this reason; 0 unless the step failed.
    #[serde(default)]
    pub status_number: i32,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub ms: u64,
    /// Stable code of the finding, for example `tls.certificate_expired`; empty when there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The setting that the finding is about, as JSON pointer into the account's settings.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// What was seen: addresses, protocol version, certificate chain, capabilities.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
    /// The finding in a sentence, in the host's language; the host fills it in from `code`, with `facts` as arguments.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What to do about it; the host turns each code `advice.…` into a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    /// A settings patch (RFC 7396), relative to the account, that would repair it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Value>,
    /// English, for support.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Step {
    /// A step that went as it should.
    pub fn ok(step: Stage) -> Step {
        Step {
            step,
            status: StepStatus::Ok,
            status_number: 0,
            ms: 0,
            code: String::new(),
            pointer: String::new(),
            facts: Map::new(),
            message: String::new(),
            advice: Vec::new(),
            patch: None,
            detail: String::new(),
        }
    }

    /// A step that works with something the user should know.
    pub fn warn(step: Stage, code: &str) -> Step {
        Step { status: StepStatus::Warn, code: code.to_owned(), ..Step::ok(step) }
    }

    /// A step that failed with this error. Its arguments and the server's words become facts.
    pub fn fail(step: Stage, error: &Error) -> Step {
        let mut facts = error.args.clone();
        if let Some(server) = &error.server {
            facts.insert("server".to_owned(), serde_json::to_value(server).unwrap_or(Value::Null));
        }
        Step {
            status: StepStatus::Fail,
            status_number: error.status.number(),
            code: error.code.clone(),
            // A step is about a setting; a place in a request or message is none.
            pointer: error
                .at
                .iter()
                .find(|at| matches!(at.of, None | Some(Input::Settings)))
                .map_or_else(String::new, |at| at.pointer.clone()),
            facts,
            detail: error.detail.clone(),
            ..Step::ok(step)
        }
    }

    /// A step that was not tried.
    pub fn skipped(step: Stage) -> Step {
        Step { status: StepStatus::Skipped, ..Step::ok(step) }
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Step {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// Says which setting the finding is about.
    #[must_use]
    pub fn pointer(mut self, pointer: &str) -> Step {
        self.pointer = pointer.to_owned();
        self
    }

    /// Adds a piece of advice by its code.
    #[must_use]
    pub fn advice(mut self, code: &str) -> Step {
        self.advice.push(code.to_owned());
        self
    }

    /// Adds the settings patch that would repair it.
    #[must_use]
    pub fn patch(mut self, patch: Value) -> Step {
        self.patch = Some(patch);
        self
    }
}

/// The facts that a line has room for; capabilities and certificates are in the report of a test and in the dialogue.
const SHOWN: [&str; 12] =
    ["host", "port", "address", "kind", "version", "cipher", "verified", "method", "mechanism", "user", "folder", "text"];

/// The step as a line of the log: its name, its code, and what was seen, in English.
impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.step)?;
        if self.status == StepStatus::Skipped {
            return f.write_str(": skipped");
        }
        if !self.code.is_empty() {
            write!(f, ": {}", self.code)?;
        }
        let mut before = if self.code.is_empty() { ": " } else { " (" };
        for (name, value) in self.facts.iter().filter(|(name, _)| SHOWN.contains(&name.as_str())) {
            match value {
                Value::String(text) => write!(f, "{before}{name} {text}")?,
                Value::Number(_) | Value::Bool(_) => write!(f, "{before}{name} {value}")?,
                _ => continue,
            }
            before = ", ";
        }
        if before == ", " && !self.code.is_empty() { f.write_str(")") } else { Ok(()) }
    }
}

/// The result of a test: every step, and the transcript of the session without its secrets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The steps in the order they were taken.
    pub steps: Vec<Step>,
    /// The dialogue, a line each, beginning with `S: ` or `C: `; secrets are `***`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<String>,
}

/// The report of a test that has one step.
impl From<Step> for Report {
    fn from(step: Step) -> Report {
        Report { steps: vec![step], transcript: Vec::new() }
    }
}

impl Report {
    /// Whether no step failed.
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.status != StepStatus::Fail)
    }

    /// The status of the first failed step, or OK.
    pub fn status(&self) -> Status {
        let failed = self.steps.iter().find(|step| step.status == StepStatus::Fail);
        failed.map_or(Status::Ok, |step| Status::from_number(step.status_number))
    }
}
