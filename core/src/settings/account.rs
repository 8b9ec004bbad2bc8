//! Reading the accounts of a document, each by itself.

use super::conditions::says_nothing;
use super::fields;
use super::findings::{Findings, Login, Reference};
use super::layers::Layers;
use super::problem::{self, Problem, nearest, shown, suggestion};
use super::repair::Repair;
use super::secrets::{Wiped, wipe};
use super::{Schemas, conditions, own_sender, rules};
use crate::pointer::child;
use postkontor_plugin::{Error, Status};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The most accounts of a document.
const MAX_ACCOUNTS: usize = 1000;

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
    /// The same for its own sender, relative to that.
    pub(super) sender_secrets: Vec<String>,
    /// What is wrong, pointing into the document as it was given.
    pub(super) problems: Vec<Problem>,
    /// Why there is no such transport.
    pub(super) unusable: Option<Error>,
    /// The fields that name an account.
    pub(super) references: Vec<Reference>,
    pub(super) schema: Option<Arc<Value>>,
    /// Where server and user name were given, in the merged document.
    pub(super) login: Login,
}

impl Drop for Account {
    fn drop(&mut self) {
        wipe(&mut self.settings);
        wipe(&mut self.resolved);
        wipe(&mut self.sender);
    }
}

impl Account {
    fn new(id: String) -> Account {
        Account {
            id,
            transport: String::new(),
            settings: Value::Object(Map::new()),
            sender: Value::Null,
            resolved: Value::Null,
            secrets: Vec::new(),
            sender_secrets: Vec::new(),
            problems: Vec::new(),
            unusable: None,
            schema: None,
            references: Vec::new(),
            login: Login::default(),
        }
    }

    /// Notes why there is no transport of the account's name.
    fn without_transport(&mut self, error: Error, pointer: &str, schemas: &dyn Schemas, layers: &Layers) {
        let place = child(pointer, "transport");
        let code = if error.status == Status::Transport { "settings.transport_unusable" } else { "settings.transport_broken" };
        let problem = Problem::new(&place, code).arg("transport", shown(&self.transport)).detail(error.detail.clone());
        let known = schemas.names();
        self.problems.push(problem.meant(&self.transport, known.iter().map(String::as_str)));
        self.unusable = Some(error.at(layers.place(&place, &|_| None), code));
    }

    /// Reads what the account gives beside its transport by the transport's schema.
    fn read_settings(
        &mut self,
        mut given: Map<String, Value>,
        schema: Arc<Value>,
        pointer: &str,
        layers: &Layers,
        sends: bool,
        visible: &mut Vec<String>,
    ) {
        let own_sender = given.shift_remove("sender");
        let mut all = Value::Object(given);
        let whole = conditions::Whole { schema: &schema, given: &all };
        let hidden = whole.hidden(&schema, "");
        let mut findings = Findings {
            used: conditions::used_by_others(&all, &schema, "", &hidden),
            required: whole.required(&schema, ""),
            hidden,
            beside: Some((pointer.to_owned(), &["transport", "sender"])),
            ..Findings::default()
        };
        for place in findings.hidden.iter_mut().chain(&mut findings.required).chain(&mut findings.used) {
            place.insert_str(0, pointer);
        }
        if let Value::Object(given) = &all {
            self.settings = Value::Object(fields::group(&schema, given, pointer, &mut findings));
        }
        wipe(&mut all);
        self.secrets = within(pointer, std::mem::take(&mut findings.secrets));
        let (own_sender, sender_place) = (Wiped(own_sender.unwrap_or_default()), child(pointer, "sender"));
        if sends {
            findings.visible.push(sender_place.clone());
            self.sender = own_sender::read(&own_sender, &sender_place, &mut findings);
            self.sender_secrets = within(&sender_place, std::mem::take(&mut findings.secrets));
        } else if !says_nothing(own_sender::schema(), &own_sender) && !conditions::is_left_out(&own_sender) {
            self.problems.push(Problem::warning(&sender_place, "settings.not_used"));
        }
        self.references = findings.accounts;
        self.login = findings.login;
        self.problems.append(&mut findings.problems);
        visible.append(&mut findings.visible);
        let place = rules::Place { pointer, schema: &schema, layers };
        rules::account(&self.settings, &place, &self.secrets, &findings.decided, &mut self.problems);
        rules::secrets(&self.sender, &sender_place, &self.sender_secrets, layers, &mut self.problems);
        self.schema = Some(schema);
    }

    /// The schema of its settings; `null` where there is no such transport.
    pub(super) fn schema(&self) -> &Value {
        self.schema.as_deref().unwrap_or(&Value::Null)
    }

    /// Why the account cannot be used.
    pub(super) fn error(&self) -> Option<Error> {
        self.unusable.clone().or_else(|| problem::error(&self.problems))
    }
}

pub(super) fn read_accounts(accounts: Option<Value>, schemas: &dyn Schemas, layers: &Layers, findings: &mut Findings) -> Vec<Account> {
    findings.visible.push("/accounts".to_owned());
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
        if id.is_empty() || id.chars().count() > 64 || id.chars().any(char::is_control) {
            findings.problems.push(Problem::new(&pointer, "settings.account_name").arg("account", shown(&id)));
            continue;
        }
        findings.visible.extend([pointer.clone(), child(&pointer, "transport")]);
        read.push(read_account(id, settings, &pointer, schemas, layers, &mut findings.visible));
    }
    read
}

fn read_account(id: String, given: Value, pointer: &str, schemas: &dyn Schemas, layers: &Layers, visible: &mut Vec<String>) -> Account {
    let mut account = Account::new(id);
    let Value::Object(mut given) = given else {
        let expected = serde_json::json!({"code": "settings.type.group"});
        account.problems.push(Problem::new(pointer, "settings.wrong_type").arg("expected", expected));
        return account;
    };
    account.transport = read_transport(&mut given, pointer, schemas, &mut account.problems);
    if account.transport.is_empty() {
        return account;
    }
    match schemas.schema(&account.transport) {
        Ok(schema) => {
            let sends = schemas.supports(&account.transport, "send");
            account.read_settings(given, schema, pointer, layers, sends, visible);
        }
        Err(error) => account.without_transport(error, pointer, schemas, layers),
    }
    account
}

/// Pointers within a place, relative to it.
fn within(place: &str, pointers: Vec<String>) -> Vec<String> {
    pointers.iter().filter_map(|pointer| pointer.strip_prefix(place)).map(str::to_owned).collect()
}

/// Takes the name of the transport out of an account's members; empty where there is none.
fn read_transport(given: &mut Map<String, Value>, pointer: &str, schemas: &dyn Schemas, problems: &mut Vec<Problem>) -> String {
    let place = child(pointer, "transport");
    match given.shift_remove("transport") {
        Some(Value::String(transport)) if !transport.is_empty() => return transport,
        None | Some(Value::Null | Value::String(_)) => {
            problems.push(Problem::new(&place, "settings.required"));
            let known = schemas.names();
            for (name, value) in given.iter().filter(|(name, _)| nearest(name, ["transport"].into_iter()).is_some()) {
                let place = child(pointer, name);
                let problem =
                    Problem::new(&place, "settings.unknown_member").arg("member", shown(name)).arg("hint", suggestion("transport"));
                problems.push(match value.as_str().is_some_and(|value| known.iter().any(|known| known == value)) {
                    true => problem.repair(Repair::renamed(&place, "transport", value.clone())),
                    false => problem,
                });
            }
        }
        Some(_) => {
            let expected = serde_json::json!({"code": "settings.type.text"});
            problems.push(Problem::new(&place, "settings.wrong_type").arg("expected", expected));
        }
    }
    String::new()
}
