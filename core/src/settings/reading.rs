//! Reading a whole document: layers, own groups, accounts, and what refers from one to the other.

use super::fields::{self, Findings};
use super::layers::{self, Layers};
use super::pointer::{child, names};
use super::problem::{self, Problem, shown};
use super::{Schemas, credentials, document_schema, json, rules};
use postkontor_plugin::{Error, Status};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The most accounts of a document.
const MAX_ACCOUNTS: usize = 1000;

/// What a document turned out to be.
pub(super) struct Reading {
    pub(super) enabled: bool,
    /// The document's own groups, complete with their defaults.
    pub(super) groups: Value,
    /// What is wrong with them, pointing into the document as it was given.
    pub(super) problems: Vec<Problem>,
    pub(super) accounts: Vec<Account>,
    /// Groups and fields that show, as pointers into the merged document.
    pub(super) visible: Vec<String>,
    layers: Layers,
}

/// What one account turned out to be.
pub(super) struct Account {
    pub(super) id: String,
    pub(super) transport: String,
    /// The settings as they were meant, complete with their defaults.
    pub(super) settings: Value,
    /// The same with the credentials of another account put in.
    pub(super) resolved: Value,
    /// Where secrets were given, relative to `settings`.
    pub(super) secrets: Vec<String>,
    /// What is wrong, pointing into the document as it was given.
    pub(super) problems: Vec<Problem>,
    /// Why there is no such transport.
    pub(super) unusable: Option<Error>,
    schema: Option<Arc<Value>>,
    references: Vec<(String, String)>,
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
                visible: vec!["/enabled".to_owned()],
                layers,
            });
        }
        let schema = document_schema();
        let mut members = merged.as_object().cloned().unwrap_or_default();
        let accounts = members.shift_remove("accounts");
        let mut findings = Findings::default();
        let groups = Value::Object(fields::group(schema, &members, "", &mut findings));
        rules::document(&groups, &mut findings.problems);
        let accounts = read_accounts(accounts, schemas, &layers, &mut findings);
        let mut reading = Reading { enabled: true, groups, problems: Vec::new(), accounts, visible: findings.visible, layers };
        reading.check_references(&findings.accounts, &mut findings.problems);
        findings.problems.extend(reading.check_copying(schemas));
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
            let names: Vec<String> = names(&problem.pointer).take(3).collect();
            let id = match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["accounts", id, ..] | [_, "accounts", id] => Some(id.to_owned()),
                _ => None,
            };
            let account = id.and_then(|id| reading.accounts.iter_mut().find(|account| account.id == id));
            account.map_or(&mut reading.problems, |account| &mut account.problems).push(problem);
        }
        Ok(reading)
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

    fn scope(&self, schema: &Value, pointer: &str) -> Option<String> {
        let mut names = names(pointer);
        if names.next().as_deref() != Some("accounts") {
            return layers::scope(schema, pointer);
        }
        let id = names.next()?;
        if self.layers.is_company_account(&id) {
            return Some("company".to_owned());
        }
        let account = self.accounts.iter().find(|account| account.id == id)?;
        let within = names.fold(String::new(), |pointer, name| child(&pointer, &name));
        layers::scope(account.schema.as_deref()?, &within)
    }

    /// What stands in the way of keeping copies: no account is named, or one that cannot file.
    fn check_copying(&self, schemas: &dyn Schemas) -> Option<Problem> {
        let named = |group: &str| self.groups[group]["account"].as_str();
        if self.groups["sent"]["copy"] != true {
            return None;
        }
        let can = |account: &&Account| schemas.supports(&account.transport, crate::account::COPYING);
        let problem = match named("sent").or(named("receive")) {
            None => Problem::new("/sent/account", "settings.copying_account_missing"),
            Some(id) => {
                // One that is not there at all has been noted.
                let account = self.accounts.iter().find(|account| account.id == id).filter(|account| !can(account))?;
                let problem = Problem::new("/sent/account", "settings.copying_account_unable").arg("account", shown(id));
                problem.arg("transport", shown(&account.transport))
            }
        };
        let hint = self
            .accounts
            .iter()
            .find(|account| !account.transport.is_empty() && can(account))
            .map(|account| serde_json::json!({"code": "settings.did_you_mean", "args": {"suggestion": account.id}}));
        Some(problem.arg("hint", hint.unwrap_or_else(|| serde_json::json!(""))))
    }

    /// Notes each mention of an account that is not there, and puts in the credentials of those that are.
    fn check_references(&mut self, own: &[(String, String)], problems: &mut Vec<Problem>) {
        let ids: Vec<String> = self.accounts.iter().map(|account| account.id.clone()).collect();
        let unknown = |pointer: &str, id: &str| {
            let problem = Problem::new(pointer, "settings.account_unknown").arg("account", shown(id));
            (!ids.iter().any(|known| known == id)).then(|| problem.hint(id, ids.iter().map(String::as_str)))
        };
        problems.extend(own.iter().take(MAX_ACCOUNTS).filter_map(|(pointer, id)| unknown(pointer, id)));
        let all: Vec<(String, Value)> = self.accounts.iter().map(|account| (account.id.clone(), account.settings.clone())).collect();
        for account in &mut self.accounts {
            account.problems.extend(account.references.iter().filter_map(|(pointer, id)| unknown(pointer, id)));
            account.resolved = account.settings.clone();
            if account.settings["auth"]["account"].is_string() {
                let other = |id: &str| all.iter().find(|(other, _)| other == id).map(|(_, settings)| settings);
                let place = child("/accounts", &account.id);
                account.problems.extend(credentials::resolve(&account.id, &mut account.resolved, &place, &other).err());
            }
        }
    }
}

impl Account {
    /// The schema of its settings; `null` where there is no such transport.
    pub(super) fn schema(&self) -> &Value {
        self.schema.as_deref().unwrap_or(&Value::Null)
    }

    /// Why the account cannot be used.
    pub(super) fn error(&self) -> Option<Error> {
        self.unusable.clone().or_else(|| problem::error(&self.problems))
    }
}

fn read_accounts(accounts: Option<Value>, schemas: &dyn Schemas, layers: &Layers, findings: &mut Findings) -> Vec<Account> {
    let accounts = match accounts {
        Some(Value::Object(accounts)) => accounts,
        None | Some(Value::Null) => Map::new(),
        Some(_) => {
            let expected = serde_json::json!({"code": "settings.type.group"});
            findings.problems.push(Problem::new("/accounts", "settings.wrong_type").arg("expected", expected));
            Map::new()
        }
    };
    if accounts.len() > MAX_ACCOUNTS {
        findings.problems.push(Problem::new("/accounts", "settings.too_many_accounts").arg("limit", MAX_ACCOUNTS));
        return Vec::new();
    }
    let mut read = Vec::new();
    for (id, settings) in accounts {
        let pointer = child("/accounts", &id);
        if id.is_empty() || id.len() > 64 || id.chars().any(char::is_control) {
            findings.problems.push(Problem::new(&pointer, "settings.account_name").arg("account", shown(&id)));
            continue;
        }
        findings.visible.extend([pointer.clone(), child(&pointer, "transport")]);
        read.push(read_account(id, settings, &pointer, schemas, layers, &mut findings.visible));
    }
    read
}

fn read_account(id: String, given: Value, pointer: &str, schemas: &dyn Schemas, layers: &Layers, visible: &mut Vec<String>) -> Account {
    let mut account = Account {
        id,
        transport: String::new(),
        settings: Value::Object(Map::new()),
        resolved: Value::Null,
        secrets: Vec::new(),
        problems: Vec::new(),
        unusable: None,
        schema: None,
        references: Vec::new(),
    };
    let Value::Object(mut given) = given else {
        let expected = serde_json::json!({"code": "settings.type.group"});
        account.problems.push(Problem::new(pointer, "settings.wrong_type").arg("expected", expected));
        return account;
    };
    let place = child(pointer, "transport");
    match given.shift_remove("transport") {
        Some(Value::String(transport)) if !transport.is_empty() => account.transport = transport,
        None | Some(Value::Null | Value::String(_)) => account.problems.push(Problem::new(&place, "settings.required")),
        Some(_) => {
            let expected = serde_json::json!({"code": "settings.type.text"});
            account.problems.push(Problem::new(&place, "settings.wrong_type").arg("expected", expected));
        }
    }
    if account.transport.is_empty() {
        return account;
    }
    let schema = match schemas.schema(&account.transport) {
        Ok(schema) => schema,
        Err(error) => {
            let code = if error.status == Status::Transport { "settings.transport_unusable" } else { "settings.transport_broken" };
            account.problems.push(Problem::new(&place, code).arg("transport", shown(&account.transport)).detail(error.detail.clone()));
            account.unusable = Some(error.at(layers.place(&place, &|_| None), code));
            return account;
        }
    };
    let mut findings = Findings::default();
    account.settings = Value::Object(fields::group(&schema, &given, pointer, &mut findings));
    account.schema = Some(schema);
    account.secrets = findings.secrets.iter().filter_map(|secret| secret.strip_prefix(pointer)).map(str::to_owned).collect();
    account.references = findings.accounts;
    account.problems.append(&mut findings.problems);
    visible.append(&mut findings.visible);
    rules::account(&account.settings, pointer, layers, &account.secrets, &mut account.problems);
    account
}
