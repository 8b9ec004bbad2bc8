//! Whether a repair holds: with it the problem is gone, and no new error has come.

use super::layers;
use super::reading::Reading;
use super::secrets::wipe;
use super::{Problem, Schemas, refusals};
use serde_json::Value;
use std::cell::Cell;
use std::collections::HashSet;

/// Further repairs of a document are not tried, and not offered: each takes the reading of an account.
const MAX_TRIALS: usize = 50;

/// Where repairs of a document are tried.
pub(super) struct Trials<'a> {
    reading: &'a Reading,
    schemas: &'a dyn Schemas,
    /// The errors as they are, by code and place.
    errors: HashSet<(&'a str, &'a str)>,
    left: Cell<usize>,
}

impl<'a> Trials<'a> {
    /// `refusals` are the problems that the reading has not noted.
    pub(super) fn of(reading: &'a Reading, refusals: &'a [Problem], schemas: &'a dyn Schemas) -> Trials<'a> {
        let errors = reading.all_problems().chain(refusals).filter(|problem| !problem.warning);
        let errors = errors.map(|error| (error.code.as_str(), reading.without_layer(&error.pointer))).collect();
        Trials { reading, schemas, errors, left: Cell::new(MAX_TRIALS) }
    }

    /// The patch of the document as it was given that repairs a problem, where one is known and holds.
    pub(super) fn patch(&self, problem: &Problem) -> Option<Value> {
        let mut patch = self.reading.patch(problem.repair.as_deref()?)?;
        self.left.set(self.left.get().checked_sub(1)?);
        let mut document = self.reading.document();
        layers::patch(&mut document, &patch);
        let accounts = self.reading.parts(&mut patch).into_iter().filter_map(|part| part.get("accounts")?.as_object());
        let touched: HashSet<String> = accounts.flat_map(|accounts| accounts.keys().cloned()).collect();
        self.drop_strangers(&mut document, &patch, &touched);
        let repaired = Reading::of_document(document, self.schemas, Vec::new()).ok()?;
        let refusals = refusals::of(&repaired, self.schemas, &|id| touched.contains(id));
        let place = self.reading.without_layer(&problem.pointer);
        let is_new = |found: &Problem| {
            let at = repaired.without_layer(&found.pointer);
            let is_same = found.code == problem.code && at == place;
            is_same || !found.warning && !self.errors.contains(&(found.code.as_str(), at))
        };
        let is_good = !repaired.all_problems().chain(&refusals).any(is_new);
        is_good.then_some(patch)
    }

    /// Leaves only those accounts in a document that a patch touches or names, and those that they, or the document's groups, refer to.
    fn drop_strangers(&self, document: &mut Value, patch: &Value, touched: &HashSet<String>) {
        let mut kept: HashSet<String> = touched.clone();
        collect_names(patch, &mut kept);
        collect_names(&self.reading.groups, &mut kept);
        let mut added: Vec<String> = kept.iter().cloned().collect();
        while let Some(account) = added.pop().and_then(|id| self.reading.account(&id)) {
            let referred = account.references.iter().map(|reference| reference.account.clone());
            added.extend(referred.filter(|id| kept.insert(id.clone())));
        }
        for part in self.reading.parts(document) {
            if let Some(accounts) = part.get_mut("accounts").and_then(Value::as_object_mut) {
                let strangers = accounts.iter_mut().filter(|(id, _)| !kept.contains(*id));
                strangers.for_each(|(_, account)| wipe(account));
                accounts.retain(|id, _| kept.contains(id));
            }
        }
    }
}

/// Every text of a document: there may be names of accounts among them.
fn collect_names(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(values) => values.iter().for_each(|value| collect_names(value, found)),
        Value::Object(members) => members.values().for_each(|value| collect_names(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
