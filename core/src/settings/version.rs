//! The version of a settings document, and the steps that lead from an older one to today's.

use super::keyword::{annotation, keyword};
use super::layers::{members, patch};
use super::problem::{self, Problem};
use super::secrets::{Wiped, pointers};
use super::values::{in_range, integer};
use super::{Schemas, conditions, document_schema, json, own_sender};
use crate::pointer::child;
use postkontor_plugin::{Error, Status};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt;

/// Today's version: that of a document which does not say its own.
pub const VERSION: u64 = 1;

/// What makes the next version of a document. The first step makes version 1 of version 0.
const STEPS: [fn(&mut Value, &dyn Schemas); VERSION as usize] = [name_successors];

/// The places of a document at which its groups may stand: without layers, and in each of them.
const ROOTS: [&str; 4] = ["", "/company", "/user", "/workstation"];

/// What was done with a document that was just read.
pub(super) struct Migration {
    /// The version that it had.
    pub(super) from: u64,
    /// The document as it stands now, with its secrets; `null` where it was of today's version.
    document: Wiped,
}

impl Migration {
    /// Brings a document to today's version and takes the version out of it.
    pub(super) fn of(document: &mut Value, schemas: &dyn Schemas) -> Result<Migration, Problem> {
        let from = migrate(document, schemas)?;
        let migrated = if from < VERSION { with_version(document) } else { Value::Null };
        Ok(Migration { from, document: Wiped(migrated) })
    }

    /// The document as it stands now, without literal secrets; none where it was of today's version.
    pub(super) fn shown(&self, schemas: &dyn Schemas) -> Option<Value> {
        let mut document = Some(&self.document.0).filter(|document| !document.is_null())?.clone();
        without_secrets(&mut document, schemas);
        Some(document)
    }

    /// Forgets the document.
    pub(super) fn forget(&mut self) {
        self.document = Wiped::default();
    }
}

/// Brings a document to today's version and takes the version out of it: the one that it had. The error is a version that there is not, or
/// not yet.
fn migrate(document: &mut Value, schemas: &dyn Schemas) -> Result<u64, Problem> {
    let given = document.as_object_mut().and_then(|members| members.shift_remove("version")).unwrap_or_default();
    if conditions::is_left_out(&given) {
        return Ok(VERSION);
    }
    let given = integer(&given, "/version")?;
    if given.as_u64().is_some_and(|given| given > VERSION) {
        return Err(Problem::new("/version", "settings.version_newer").arg("version", given).arg("known", VERSION));
    }
    let version = in_range(&json!({"minimum": 0, "maximum": VERSION}), given, "/version")?.as_u64().unwrap_or(VERSION);
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        step(document, schemas);
    }
    Ok(version)
}

/// A document with its version, as it is kept.
fn with_version(document: &Value) -> Value {
    let mut whole = json!({ "version": VERSION });
    if let (Some(whole), Some(members)) = (whole.as_object_mut(), document.as_object()) {
        whole.extend(members.clone());
    }
    whole
}

/// Takes literal secrets out of a document as it was given; references stay. Of an account whose transport is not known only that is left, for
/// where its secrets stand is not known either.
fn without_secrets(document: &mut Value, schemas: &dyn Schemas) {
    for_each_account(document, &mut |account, transport| {
        let Some(members) = account.as_object_mut() else { return };
        match schemas.schema(transport) {
            Err(_) => members.retain(|name, _| name == "transport"),
            Ok(schema) => {
                take_secrets(&schema, account);
                account.get_mut("sender").into_iter().for_each(|sender| take_secrets(own_sender::schema(), sender));
            }
        }
    });
    for root in ROOTS {
        document.pointer_mut(root).into_iter().for_each(|groups| take_secrets(document_schema(), groups));
    }
}

fn take_secrets(schema: &Value, settings: &mut Value) {
    for pointer in pointers(schema, settings) {
        let Some((group, name)) = crate::pointer::parent(&pointer) else { continue };
        let group = settings.pointer_mut(group).and_then(Value::as_object_mut);
        if let Some(group) = group.filter(|group| group.get(&*name).is_none_or(|secret| !secret.is_object())) {
            group.shift_remove(&*name);
        }
    }
}

/// Version 0 may have fields that were given up for others: each goes where its successor stands, if there is nothing yet.
fn name_successors(document: &mut Value, schemas: &dyn Schemas) {
    for_each_account(document, &mut |account, transport| {
        if let Ok(schema) = schemas.schema(transport) {
            name_successors_in(&schema, account);
        }
    });
    for root in ROOTS {
        if let Some(groups) = document.pointer_mut(root) {
            name_successors_in(document_schema(), groups);
        }
    }
}

fn name_successors_in(schema: &Value, group: &mut Value) {
    let Some(given) = group.as_object_mut() else { return };
    for (name, member) in members(schema) {
        let successor = annotation(member, "replaced_by").as_str().filter(|_| keyword(member, "deprecated") == true);
        match (successor, given.get_mut(name)) {
            (Some(successor), Some(_)) => {
                let value = given.shift_remove(name).unwrap_or_default();
                if given.get(successor).is_none_or(conditions::is_left_out) {
                    given.insert(successor.to_owned(), value);
                }
            }
            (None, Some(inner)) => name_successors_in(member, inner),
            _ => {}
        }
    }
}

/// Goes through the accounts of a document, those of each layer by themselves; which transport an account has may stand in another layer.
fn for_each_account(document: &mut Value, visit: &mut dyn FnMut(&mut Value, &str)) {
    let mut all = Value::Object(Map::new());
    for root in ROOTS {
        let accounts = document.pointer(&child(root, "accounts")).filter(|accounts| accounts.is_object());
        accounts.into_iter().for_each(|accounts| patch(&mut all, accounts));
    }
    for root in ROOTS {
        let accounts = document.pointer_mut(&child(root, "accounts")).and_then(Value::as_object_mut);
        for (id, account) in accounts.into_iter().flatten() {
            visit(account, all[id.as_str()]["transport"].as_str().unwrap_or_default());
        }
    }
}

/// A document that was brought to today's version.
#[derive(Clone, PartialEq, Serialize)]
pub struct Migrated {
    /// The version that it had.
    pub from: u64,
    /// The version that it has now.
    pub version: u64,
    /// The document with its version, and with its secrets.
    pub settings: Value,
}

impl Migrated {
    /// Brings a document to today's version without checking it. The error says why it cannot be read, or that its version is not known.
    pub fn of(text: &str, schemas: &dyn Schemas) -> Result<Migrated, Error> {
        let mut problems = Vec::new();
        let invalid = |problems: &[Problem]| problem::error(problems).unwrap_or_else(|| Error::new(Status::Settings, "settings.invalid"));
        let mut document = json::read(text, &mut problems).ok_or_else(|| invalid(&problems))?;
        let from = migrate(&mut document, schemas).map_err(|problem| invalid(&[problem]))?;
        Ok(Migrated { from, version: VERSION, settings: with_version(&document) })
    }

    /// The same without literal secrets, as it may be shown.
    pub fn without_secrets(mut self, schemas: &dyn Schemas) -> Migrated {
        without_secrets(&mut self.settings, schemas);
        self
    }
}

impl fmt::Debug for Migrated {
    /// Without the settings, which contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrated").field("from", &self.from).field("version", &self.version).finish_non_exhaustive()
    }
}
