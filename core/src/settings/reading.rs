//! Reading a whole document: layers, own groups, accounts, and what refers from one to the other.

use super::account::{Account, read_accounts};
use super::fields;
use super::findings::Findings;
use super::keyword::annotation;
use super::layers::{self, Given, Layers};
use super::patch;
use super::problem::Problem;
use super::repair::Repair;
use super::secrets::{Wiped, wipe};
use super::version::Migration;
use super::{Schemas, document_schema, json, own_sender, references, rules, scopes};
use crate::pointer::{child, names};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// What a document turned out to be.
pub(super) struct Reading {
    pub(super) enabled: bool,
    /// The version that the document had, and what became of it.
    pub(super) migration: Migration,
    /// The document's own groups, complete with their defaults.
    pub(super) groups: Wiped,
    /// Where secrets were given in them.
    pub(super) secrets: Vec<String>,
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
        match json::read(text, &mut problems) {
            Some(document) => Reading::of_document(document, schemas, problems),
            None => Err(problems),
        }
    }

    /// The same for a document that is no text any more; `problems` are those that it has already.
    pub(super) fn of_document(mut document: Value, schemas: &dyn Schemas, mut problems: Vec<Problem>) -> Result<Reading, Vec<Problem>> {
        let migration = Migration::of(&mut document, schemas).map_err(|problem| vec![problem])?;
        let layers = Layers::of(document, &mut problems);
        let merged = layers.merged();
        if layers.are_switched_off() {
            return Ok(Reading::of_mail_switched_off(migration, layers));
        }
        let schema = document_schema();
        let Value::Object(mut members) = merged else { return Err(problems) };
        let accounts = members.shift_remove("accounts");
        let beside = Some((String::new(), ["accounts", "version", "company", "user", "workstation"].as_slice()));
        let mut findings = Findings { beside, ..Findings::default() };
        let groups = Wiped(Value::Object(fields::group(schema, &members, "", &mut findings)));
        wipe(&mut Value::Object(members));
        rules::document(&groups, &findings.accounts, &mut findings.problems);
        rules::secrets(&groups, "", &findings.secrets, &layers, &mut findings.problems);
        let mut accounts = read_accounts(accounts, schemas, &layers, &mut findings);
        for account in &mut accounts {
            let (place, senders) = (child("/accounts", &account.id), [&account.sender, &groups["sender"]]);
            let problem = rules::login::address(&account.settings, &place, &account.login, senders);
            account.problems.extend(problem);
        }
        let places = accounts.iter().enumerate().map(|(place, account)| (account.id.clone(), place)).collect();
        references::check(&mut accounts, &places, &groups, &findings.accounts, schemas, &mut findings.problems);
        let Findings { visible, secrets, problems: found, .. } = findings;
        let mut reading = Reading { enabled: true, migration, groups, secrets, problems: Vec::new(), accounts, places, visible, layers };
        scopes::check(&reading.layers, &|pointer| reading.scope(schema, pointer), &|pointer| reading.movable(pointer), &mut problems);
        let placed = |problem: Problem| Problem {
            pointer: reading.layers.place(&problem.pointer, &|pointer| reading.scope(schema, pointer)),
            ..problem
        };
        problems.extend(found.into_iter().map(&placed));
        let by_account: Vec<Vec<Problem>> =
            reading.accounts.iter().map(|account| account.problems.iter().cloned().map(&placed).collect()).collect();
        for (account, problems) in reading.accounts.iter_mut().zip(by_account) {
            account.problems = problems;
        }
        reading.note(problems);
        Ok(reading)
    }

    /// A document of which nothing else counts.
    fn of_mail_switched_off(migration: Migration, layers: Layers) -> Reading {
        Reading {
            enabled: false,
            migration,
            groups: Wiped(serde_json::json!({"enabled": false})),
            secrets: Vec::new(),
            problems: Vec::new(),
            accounts: Vec::new(),
            places: HashMap::new(),
            visible: vec!["/enabled".to_owned()],
            layers,
        }
    }

    /// Notes problems of the document where they count.
    fn note(&mut self, problems: Vec<Problem>) {
        // What a layer must not set in an account is that account's problem, so that the others remain usable.
        for problem in problems {
            let names: Vec<_> = names(&problem.pointer).take(3).collect();
            let id = match names.iter().map(|name| &**name).collect::<Vec<_>>()[..] {
                ["accounts", id, ..] | [_, "accounts", id] => Some(id.to_owned()),
                _ => None,
            };
            let place = id.and_then(|id| self.places.get(&id).copied());
            let account = place.and_then(|place| self.accounts.get_mut(place));
            account.map_or(&mut self.problems, |account| &mut account.problems).push(problem);
        }
    }

    /// What is wrong or risky in the groups and in the accounts.
    pub(super) fn all_problems(&self) -> impl Iterator<Item = &Problem> + Clone {
        self.problems.iter().chain(self.accounts.iter().flat_map(|account| &account.problems))
    }

    /// Gives away what only `check` looks at: what shows, and the settings without the credentials of other accounts.
    pub(super) fn keep_what_accounts_need(&mut self) {
        self.visible = Vec::new();
        self.migration.forget();
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

    /// The patch of the document as it was given that repairs a problem.
    pub(super) fn patch(&self, repair: &Repair) -> Option<Value> {
        let schema = document_schema();
        patch::of(repair, &self.layers, &|pointer| self.layers.layer_of(pointer, &|pointer| self.scope(schema, pointer)))
    }

    /// The document as it was given.
    pub(super) fn document(&self) -> Value {
        self.layers.document()
    }

    /// A place of the document as it was given, without the layer.
    pub(super) fn without_layer<'p>(&self, pointer: &'p str) -> &'p str {
        if !self.layers.are_several() {
            return pointer;
        }
        let rest = pointer.strip_prefix('/').unwrap_or_default();
        rest.find('/').and_then(|end| rest.get(end..)).unwrap_or_default()
    }

    /// The layers of a document, or of a patch of one; the whole where there are none.
    pub(super) fn parts<'d>(&self, document: &'d mut Value) -> Vec<&'d mut Value> {
        if self.layers.are_several() {
            return document.as_object_mut().into_iter().flat_map(|layers| layers.values_mut()).collect();
        }
        vec![document]
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
        if let Some(id) = account_at(pointer)
            && self.layers.is_company_account(&id)
        {
            return Some("company".to_owned());
        }
        let (schema, within) = self.described(schema, pointer)?;
        layers::scope(schema, &within)
    }

    /// The schema that describes a place of the merged document, and the place within what it describes.
    fn described<'s>(&'s self, schema: &'s Value, pointer: &str) -> Option<(&'s Value, String)> {
        let Some(id) = account_at(pointer) else { return Some((schema, pointer.to_owned())) };
        let within = names(pointer).skip(2).fold(String::new(), |pointer, name| child(&pointer, &name));
        match within.strip_prefix("/sender") {
            Some(field) => Some((own_sender::schema(), field.to_owned())),
            None => Some((self.account(&id)?.schema.as_deref()?, within)),
        }
    }

    /// The place of the whole value that a place belongs to, where the value is no literal secret: of a field that is known, of the reference
    /// to a secret, or of a transport's name.
    fn movable(&self, pointer: &str) -> Option<String> {
        let (schema, within) = self.described(document_schema(), pointer)?;
        if within == "/transport" && schema.get("properties").is_some_and(|members| members.get("transport").is_none()) {
            return Some(pointer.to_owned());
        }
        if let Some(field) = layers::at(schema, &within) {
            let is_group = field.get("properties").is_some() || layers::group_of_items(field).is_some();
            let is_plain = annotation(field, "secret") != true && !is_group;
            return is_plain.then(|| pointer.to_owned());
        }
        let whole = pointer.strip_suffix("/secret")?;
        let field = layers::at(schema, within.strip_suffix("/secret")?)?;
        (annotation(field, "secret") == true).then(|| whole.to_owned())
    }
}

/// The name of the account that a place of the merged document belongs to.
fn account_at(pointer: &str) -> Option<Cow<'_, str>> {
    let mut names = names(pointer);
    names.next().filter(|group| group == "accounts")?;
    names.next()
}
