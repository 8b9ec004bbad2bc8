//! Groups `send`, `sent` and `receive`: which accounts send, keep copies and fetch, and who gets fetched messages.

use super::smime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which accounts send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Send {
    /// The account that sends where the caller names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 10, "account": true, "default_by": "document"}))]
    pub account: Option<String>,
    /// The accounts that are tried in turn when that one fails before anything was delivered.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 20, "account": true, "list": true}))]
    pub fallback: Vec<String>,
}

/// Where copies of sent mail are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sent {
    /// A copy of each mail is put into the folder for sent mail; the folder is that of the account's own settings (`imap.sent`).
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 10}))]
    pub copy: bool,
    /// The account whose mailbox gets the copies; that of `receive.account` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 20, "account": true, "default_by": "document", "when": {"copy": [true]}}))]
    pub account: Option<String>,
}

/// Which account fetches, and who gets the messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Receive {
    /// The account that mail is fetched from where the caller names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 10, "account": true, "default_by": "document"}))]
    pub account: Option<String>,
    /// Four digits by which the application knows the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9]{4}$"), extend("x-postkontor" = {"scope": "user", "order": 20, "problem": "settings.number_invalid"}))]
    pub number: Option<String>,
    /// What is fetched is delivered to operators and workgroups; without an operator nothing is fetched.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 25}))]
    pub routing: bool,
    /// The operators who each get a copy of what is fetched; a list, or a text with `;` between them.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 30, "list": true}))]
    pub operators: Vec<String>,
    /// The workgroups who each get a copy; like `operators`.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 40, "list": true}))]
    pub workgroups: Vec<String>,
    /// With what encrypted mail is opened and signed mail verified (S/MIME).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 50}))]
    pub smime: Option<smime::Incoming>,
}

impl Receive {
    /// The folder for the certificates of those who send signed mail.
    pub(crate) fn collect(&self) -> Option<&str> {
        self.smime.as_ref()?.collect.as_deref()
    }
}
