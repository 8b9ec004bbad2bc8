//! Group `outbox`: where mail lies that goes out later, and how often it is tried.

use super::Password;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where mail lies that goes out later, and how often it is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
    /// The store: `sqlite:PATH` for one machine, `postgresql://…` for several; when left out, there is no outbox. A secret, as the URL may hold a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("examples" = ["sqlite:/var/lib/erp/outbox.db", "postgresql://erp@db.example.com/erp"], "x-postkontor" = {"secret": true, "order": 10, "default_by": "nothing"}))]
    pub store: Option<Password>,
    /// How long what is done with can still be asked about.
    #[serde(default = "days")]
    #[schemars(range(min = 1, max = 3650), extend("x-postkontor" = {"scope": "company", "unit": "d", "order": 20}))]
    pub keep_days: u32,
    /// When a mail is tried again that a server did not take for now.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"advanced": true, "order": 30}))]
    pub retry: Pauses,
    /// What becomes of a mail of which it is not known whether it was delivered.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 40}))]
    pub on_uncertain: OnUncertain,
    /// How much goes out by an account at most, by all machines together.
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 50}))]
    pub limits: Vec<Limit>,
}

/// The pauses between attempts: each is so many times as long as the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pauses {
    /// The first pause.
    #[schemars(range(min = 1, max = 86400), extend("x-postkontor" = {"scope": "company", "unit": "s", "order": 10}))]
    pub first_seconds: u32,
    /// How many times as long the next one is.
    #[schemars(range(min = 1, max = 10), extend("x-postkontor" = {"scope": "company", "order": 20}))]
    pub factor: u32,
    /// The longest pause.
    #[schemars(range(min = 1, max = 604_800), extend("x-postkontor" = {"scope": "company", "unit": "s", "order": 30}))]
    pub max_seconds: u32,
    /// When a mail is given up.
    #[schemars(range(min = 1, max = 8760), extend("x-postkontor" = {"scope": "company", "unit": "h", "order": 40}))]
    pub give_up_hours: u32,
}

impl Default for Pauses {
    fn default() -> Pauses {
        Pauses { first_seconds: 60, factor: 2, max_seconds: 3600, give_up_hours: 48 }
    }
}

/// What becomes of a mail of which it is not known whether it was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUncertain {
    /// It waits for a person.
    #[default]
    Hold,
    /// The identical mail goes out again, with the identical Message-ID.
    SendAgain,
}

/// How much goes out by an account at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The account.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "company", "order": 10, "account": true}))]
    pub account: String,
    /// Mails in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000), extend("x-postkontor" = {"scope": "company", "order": 20, "default_by": "nothing"}))]
    pub per_minute: Option<u32>,
    /// Connections at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("x-postkontor" = {"scope": "company", "order": 30, "default_by": "nothing"}))]
    pub connections: Option<u32>,
}

fn days() -> u32 {
    30
}
