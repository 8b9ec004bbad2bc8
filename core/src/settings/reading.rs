//! Reading a whole document: layers, own groups, accounts, and what refers from one to the other.

use super::fields::{self, Findings, Reference};
use super::layers::{self, Layers};
use super::pointer::{child, names};
use super::problem::{self, Problem, shown};
use super::secrets::wipe;
use super::{Schemas, document_schema, json, own_sender, references, rules};
use postkontor_plugin::{Error, Status};
use serde_json::{Map, Value};
use std::collections::HashMap;
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
    /// Where in `accounts` an account stands, by its name.
    pub(super) places: HashMap<String, usize>,
    /// Groups and fields that show, as pointers into the merged document.
    pub(super) visible: Vec<String>,
    layers: Layers,
}

/// What one account turned out to be.
pub(super) struct Account {
    pub(super) id: String,
    pub(super) transport: String,
    /// What the account says of its own sender; `null` where it says nothing.
    pub(super) sender: Value,
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
    /// The fields that name an account.
    pub(super) references: Vec<Reference>,
    schema: Option<Arc<Value>>,
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
        let accounts = read_accounts(accounts, schemas, &layers, &mut findings);
        let places = accounts.iter().enumerate().map(|(place, account)| (account.id.clone(), place)).collect();
        let mut reading = Reading { enabled: true, groups, problems: Vec::new(), accounts, places, visible: findings.visible, layers };
        references::check(&mut reading, &findings.accounts, schemas, &mut findings.problems);
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

impl Drop for Account {
    fn drop(&mut self) {
        wipe(&mut self.settings);
        wipe(&mut self.resolved);
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
        sender: Value::Null,
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
        None | Some(Value::Null | Value::String(_)) => {
            account.problems.push(Problem::new(&place, "settings.required"));
            let problem = |name: &String| Problem::new(&child(pointer, name), "settings.unknown_member").arg("member", shown(name));
            let meant = given.keys().map(|name| problem(name).hint(name, ["transport"].into_iter()));
            account.problems.extend(meant.filter(|problem| problem.args["hint"] != ""));
        }
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
            let problem = Problem::new(&place, code).arg("transport", shown(&account.transport)).detail(error.detail.clone());
            let known = schemas.names();
            account.problems.push(problem.hint(&account.transport, known.iter().map(String::as_str)));
            account.unusable = Some(error.at(layers.place(&place, &|_| None), code));
            return account;
        }
    };
    let own_sender = given.shift_remove("sender");
    let mut all = Value::Object(given);
    let hidden = fields::hidden_by_others(&schema, &all, &schema, "");
    let mut findings = Findings {
        used: fields::used_by_others(&all, &schema, "", &hidden),
        hidden,
        beside: Some((pointer.to_owned(), &["transport", "sender"])),
        ..Findings::default()
    };
    for place in findings.hidden.iter_mut().chain(&mut findings.used) {
        place.insert_str(0, pointer);
    }
    let given = all.as_object().cloned().unwrap_or_default();
    account.settings = Value::Object(fields::group(&schema, &given, pointer, &mut findings));
    wipe(&mut Value::Object(given));
    wipe(&mut all);
    if let Some(own) = own_sender {
        account.sender = own_sender::read(&own, &child(pointer, "sender"), &mut findings);
    }
    account.schema = Some(schema);
    account.secrets = findings.secrets.iter().filter_map(|secret| secret.strip_prefix(pointer)).map(str::to_owned).collect();
    account.references = findings.accounts;
    account.problems.append(&mut findings.problems);
    visible.append(&mut findings.visible);
    rules::account(&account.settings, pointer, layers, &account.secrets, &mut account.problems);
    account
}
