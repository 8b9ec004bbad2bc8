//! The settings document.

use super::account::Account;
use super::reading::Reading;
use super::{Bridge, Outbox, Receive, Schemas, Send, Sender, Sent, own_sender, problem, secrets};
use postkontor_plugin::{Error, Status};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

/// A settings document: merged from its layers, complete with its defaults, and checked.
pub struct Document {
    /// Off means that nothing else was looked at, and that each call ends with [`Status::Disabled`].
    pub enabled: bool,
    /// In whose name mail goes out.
    pub sender: Sender,
    /// Which accounts send.
    pub send: Send,
    /// Where copies of sent mail are kept.
    pub sent: Sent,
    /// Which account fetches, and who gets the messages.
    pub receive: Receive,
    /// Where mail lies that goes out later, and how often it is tried.
    pub outbox: Option<Outbox>,
    /// The servers for programs that can speak nothing but SMTP and POP3.
    pub bridge: Option<Bridge>,
    reading: Reading,
}

/// The settings of one account, as its transport takes them.
#[derive(Clone)]
pub struct AccountSettings {
    /// The account's name in the document.
    pub id: String,
    /// The transport's name.
    pub transport: String,
    /// The transport's settings, complete with their defaults; `auth.account` is resolved, references to secrets are not.
    pub settings: Value,
    /// Where in `settings` secrets stand, as JSON pointers.
    pub secrets: Vec<String>,
    /// In whose name its mail goes out: the document's sender, with what the account says of its own.
    pub sender: Sender,
    /// The account that sends in its place, where the settings name one.
    pub via: Option<String>,
}

impl Drop for AccountSettings {
    fn drop(&mut self) {
        secrets::wipe(&mut self.settings);
    }
}

impl Document {
    /// Reads a document: one object, or the layers `{"company": …, "user": …, "workstation": …}`.
    ///
    /// The error names every problem of the document's own groups. Those of an account come from [`Document::account`], so that
    /// a half-finished account does not stand in the way of the others.
    pub fn parse(json: &str, schemas: &dyn Schemas) -> Result<Document, Error> {
        let invalid = |problems: &[_]| problem::error(problems).unwrap_or_else(|| Error::new(Status::Settings, "settings.invalid"));
        let mut reading = Reading::of(json, schemas).map_err(|problems| invalid(&problems))?;
        if let Some(error) = problem::error(&reading.problems) {
            return Err(error);
        }
        reading.keep_what_accounts_need();
        Ok(Document {
            enabled: reading.enabled,
            sender: group(&reading, "sender")?,
            send: group(&reading, "send")?,
            sent: group(&reading, "sent")?,
            receive: group(&reading, "receive")?,
            outbox: reading.groups.get("outbox").map(read).transpose()?.filter(|outbox: &Outbox| outbox.store.is_some()),
            bridge: reading.groups.get("bridge").map(read).transpose()?.and_then(Bridge::serving),
            reading,
        })
    }

    /// The names of the accounts, in the order of the document.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.reading.accounts.iter().map(|account| account.id.as_str())
    }

    /// The account that sends where the caller names none: `send.account`, else the only one there is.
    pub fn default_account(&self) -> Option<&str> {
        let only = || {
            let mut accounts = self.accounts();
            accounts.next().filter(|_| accounts.next().is_none())
        };
        self.send.account.as_deref().or_else(only)
    }

    /// The account whose mailbox gets a copy of each sent mail, where that is wanted: `sent.account`, else `receive.account`.
    pub fn copying_account(&self) -> Option<&str> {
        self.sent.account.as_deref().or(self.receive.account.as_deref()).filter(|_| self.sent.copy)
    }

    /// The settings of an account; the error names every problem in them.
    pub fn account(&self, id: &str) -> Result<AccountSettings, Error> {
        if !self.enabled {
            return Err(Error::new(Status::Disabled, "settings.disabled"));
        }
        let unknown = || Error::new(Status::NotFound, "settings.account_unknown").arg("account", problem::shown(id)).arg("hint", "");
        let account = self.reading.account(id).ok_or_else(unknown)?;
        match account.error() {
            Some(error) => Err(error),
            None => Ok(AccountSettings {
                id: account.id.clone(),
                transport: account.transport.clone(),
                settings: account.resolved.clone(),
                secrets: secrets::pointers(account.schema(), &account.resolved),
                sender: self.sender_of(account)?,
                via: account.references.iter().find(|reference| reference.via).map(|via| via.account.clone()),
            }),
        }
    }

    /// What works in an account's settings but is risky: pointer, code and arguments.
    pub(crate) fn warnings(&self, id: &str) -> impl Iterator<Item = (&str, &str, &serde_json::Map<String, Value>)> {
        let problems = self.reading.accounts.iter().filter(move |account| account.id == id).flat_map(|account| &account.problems);
        problems.filter(|problem| problem.warning).map(|problem| (problem.pointer.as_str(), problem.code.as_str(), &*problem.args))
    }

    /// The pointer of a field of an account's sender (`/sender/name`) in the merged document: in the account, or where it holds for all.
    pub fn sender_pointer(&self, account: &str, pointer: &str) -> String {
        let field = pointer.strip_prefix("/sender").unwrap_or_default();
        match self.reading.account(account).is_some_and(|account| own_sender::is_own(&account.sender, field)) {
            true => format!("{}{pointer}", crate::pointer::child("/accounts", account)),
            false => pointer.to_owned(),
        }
    }

    fn sender_of(&self, account: &Account) -> Result<Sender, Error> {
        if account.sender.is_null() {
            return Ok(self.sender.clone());
        }
        read(&own_sender::merged(&self.reading.groups["sender"], &account.sender))
    }

    /// Where a setting of an account stands in the document as it was given: with account and layer in front. For errors of
    /// transports, whose pointers know neither.
    pub fn place(&self, account: &str, pointer: &str) -> String {
        self.reading.place(&format!("{}{pointer}", crate::pointer::child("/accounts", account)))
    }
}

impl Document {
    /// Where a setting of the document's own groups stands in the document as it was given: with the layer in front.
    pub fn locate(&self, pointer: &str) -> String {
        self.reading.place(pointer)
    }
}

fn group<T: DeserializeOwned + Default>(reading: &Reading, name: &str) -> Result<T, Error> {
    reading.groups.get(name).map_or_else(|| Ok(T::default()), read)
}

fn read<T: DeserializeOwned>(group: &Value) -> Result<T, Error> {
    T::deserialize(group).map_err(|error| Error::new(Status::Internal, "settings.unreadable").detail(error.to_string()))
}

impl fmt::Debug for Document {
    /// The accounts by name only: their settings contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accounts: Vec<_> = self.accounts().collect();
        f.debug_struct("Document").field("enabled", &self.enabled).field("accounts", &accounts).finish_non_exhaustive()
    }
}

impl fmt::Debug for AccountSettings {
    /// Without the settings, which contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSettings").field("id", &self.id).field("transport", &self.transport).finish_non_exhaustive()
    }
}
