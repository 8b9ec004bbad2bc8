//! Reading a whole document: layers, own groups, accounts, and what refers from one to the other.

use super::account::{Account, read_accounts};
use super::fields;
use super::findings::Findings;
use super::layers::{self, Given, Layers};
use super::problem::Problem;
use super::secrets::wipe;
use super::{Schemas, document_schema, json, own_sender, references, rules};
use crate::pointer::{child, names};
use serde_json::Value;
use std::collections::HashMap;

/// What a document turned out to be.
pub(super) struct Reading {
    pub(super) enabled: bool,
    /// The document's own groups, complete with their defaults.
    pub(super) groups: Value,
    /// What is wrong with them, pointing into the document as it was given.
    pub(super) problems: Vec<Problem>,
    pub(super) accounts: Vec<Account>,
    /// Where in `accounts` an account stands, by its name.
    pub(super) places: HashMap<String, usize>,
    /// Groups and fields that show, as pointers into the merged document.
    pub(super) visible: Vec<String>,
    layers: Layers,
}

impl Reading {
    /// Reads a document; the error says why nothing of it can be read.
    pub(super) fn of(text: &str, schemas: &dyn Schemas) -> Result<Reading, Vec<Problem>> {
        let mut problems = Vec::new();
        let Some(document) = json::read(text, &mut problems) else { return Err(problems) };
        let layers = Layers::of(document, &mut problems);
        let merged = layers.merged();
        if layers.are_switched_off() {
            let groups = serde_json::json!({"enabled": false});
            return Ok(Reading {
                enabled: false,
                groups,
                problems: Vec::new(),
                accounts: Vec::new(),
                places: HashMap::new(),
                visible: vec!["/enabled".to_owned()],
                layers,
            });
        }
        let schema = document_schema();
        let Value::Object(mut members) = merged else { return Err(problems) };
        let accounts = members.shift_remove("accounts");
        let beside = Some((String::new(), ["accounts", "company", "user", "workstation"].as_slice()));
        let mut findings = Findings { beside, ..Findings::default() };
        let groups = Value::Object(fields::group(schema, &members, "", &mut findings));
        wipe(&mut Value::Object(members));
        rules::document(&groups, &mut findings.problems);
        let mut accounts = read_accounts(accounts, schemas, &layers, &mut findings);
        let places = accounts.iter().enumerate().map(|(place, account)| (account.id.clone(), place)).collect();
        references::check(&mut accounts, &places, &groups, &findings.accounts, schemas, &mut findings.problems);
        let mut reading = Reading { enabled: true, groups, problems: Vec::new(), accounts, places, visible: findings.visible, layers };
        reading.layers.check_scopes(&|pointer| reading.scope(schema, pointer), &mut problems);
        let placed = |problem: Problem| Problem {
            pointer: reading.layers.place(&problem.pointer, &|pointer| reading.scope(schema, pointer)),
            ..problem
        };
        problems.extend(findings.problems.into_iter().map(&placed));
        let by_account: Vec<Vec<Problem>> =
            reading.accounts.iter().map(|account| account.problems.iter().cloned().map(&placed).collect()).collect();
        for (account, problems) in reading.accounts.iter_mut().zip(by_account) {
            account.problems = problems;
        }
        // What a layer must not set in an account is that account's problem, so that the others remain usable.
        for problem in problems {
            let names: Vec<_> = names(&problem.pointer).take(3).collect();
            let id = match names.iter().map(|name| &**name).collect::<Vec<_>>()[..] {
                ["accounts", id, ..] | [_, "accounts", id] => Some(id.to_owned()),
                _ => None,
            };
            let place = id.and_then(|id| reading.places.get(&id).copied());
            let account = place.and_then(|place| reading.accounts.get_mut(place));
            account.map_or(&mut reading.problems, |account| &mut account.problems).push(problem);
        }
        Ok(reading)
    }

    /// Gives away what only `check` looks at: what shows, and the settings without the credentials of other accounts.
    pub(super) fn keep_what_accounts_need(&mut self) {
        self.visible = Vec::new();
        for account in &mut self.accounts {
            wipe(&mut std::mem::take(&mut account.settings));
            account.secrets = Vec::new();
        }
    }

    /// The account of that name.
    pub(super) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(*self.places.get(id)?)
    }

    /// Turns a pointer into the merged document into one into the document as it was given.
    pub(super) fn place(&self, pointer: &str) -> String {
        let schema = document_schema();
        self.layers.place(pointer, &|pointer| self.scope(schema, pointer))
    }

    /// Who has set a value of the merged document.
    pub(super) fn origin(&self, pointer: &str) -> &'static str {
        self.layers.origin(pointer)
    }

    /// What the layers have set, from the merged document's root on.
    pub(super) fn given(&self) -> Given<'_> {
        self.layers.given()
    }

    fn scope(&self, schema: &Value, pointer: &str) -> Option<String> {
        let mut names = names(pointer);
        if names.next().as_deref() != Some("accounts") {
            return layers::scope(schema, pointer);
        }
        let id = names.next()?;
        if self.layers.is_company_account(&id) {
            return Some("company".to_owned());
        }
        let account = self.account(&id)?;
        let within = names.fold(String::new(), |pointer, name| child(&pointer, &name));
        match within.strip_prefix("/sender") {
            Some(field) => layers::scope(own_sender::schema(), field),
            None => layers::scope(account.schema.as_deref()?, &within),
        }
    }
}
