//! The secrets as the library asks for them, and what became of each: its function says only "found" or "not found".

use super::Secrets;
use crate::texts::Texts;
use postkontor_core::{Error, Secret};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Answers the library's questions and remembers what there was to say about them.
#[derive(Debug, Default)]
pub(crate) struct Told {
    secrets: Secrets,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The words for where the secrets were, by their names.
    places: BTreeMap<String, &'static str>,
    /// Why the last secret that was not found could not be looked for.
    trouble: Option<Error>,
}

impl Told {
    /// Answers from these secrets.
    pub(crate) fn new(secrets: Secrets) -> Told {
        Told { secrets, seen: Mutex::default() }
    }

    /// Finds a secret.
    pub(crate) fn get(&self, name: &str) -> Option<Secret> {
        let found = self.secrets.get(name);
        let mut seen = self.seen();
        match found {
            Ok(Some((secret, place))) => {
                seen.places.insert(name.to_owned(), place.word());
                Some(secret)
            }
            Ok(None) => None,
            Err(error) => {
                seen.trouble = Some(error);
                None
            }
        }
    }

    /// Keeps a secret where it came from.
    pub(crate) fn put(&self, name: &str, secret: &Secret) -> bool {
        let kept = self.secrets.put(name, secret);
        kept.map_err(|error| self.seen().trouble = Some(error)).is_ok()
    }

    /// The error of a call, with the cause if it is about a secret that could not be looked for.
    pub(crate) fn explained(&self, mut error: Error, texts: &Texts) -> Error {
        if error.code == "secret.not_found"
            && let Some(trouble) = self.seen().trouble.clone()
        {
            let trouble = texts.localised(trouble);
            error.detail = format!("{} ({})", trouble.message, trouble.code);
        }
        error
    }

    /// Adds to the step `secret` of a test where the secrets were, and to a step that lacks one why it could not be looked for.
    pub(crate) fn complete(&self, step: &mut Value, texts: &Texts) {
        // The one of a certificate is asked for by its own step.
        if step["step"] != "secret" && step["step"] != "smime" {
            return;
        }
        let seen = self.seen();
        if step["step"] == "secret" && step["status"] == "ok" && !seen.places.is_empty() {
            let places: Map<String, Value> = seen.places.iter().map(|(name, place)| (name.clone(), Value::from(*place))).collect();
            step["facts"] = serde_json::json!({"stores": places});
        } else if step["code"] == "secret.not_found"
            && let Some(trouble) = seen.trouble.clone()
        {
            let trouble = texts.localised(trouble);
            step["detail"] = Value::from(format!("{} ({})", trouble.message, trouble.code));
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
