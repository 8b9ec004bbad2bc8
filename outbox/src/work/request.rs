//! What a call of work is asked to do.

use postkontor_core::{At, Error, Input, Request, Status};
use serde::{Deserialize, Serialize};

/// When a lane ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// As soon as nothing is due.
    #[default]
    Empty,
    /// Only when the caller stops it.
    Stopped,
}

/// What a lane is to work on, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkRequest {
    /// For so many seconds at most; what is in flight then is finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// When it ends by itself.
    pub until: Until,
    /// On mail of these accounts; by default of all that the settings have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<String>>,
    /// So many mails at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_mails: Option<u64>,
}

impl Request for WorkRequest {
    fn read(json: &str) -> Result<WorkRequest, Error> {
        let json = if json.trim().is_empty() { "{}" } else { json };
        serde_json::from_str(json).map_err(|error| Error::new(Status::Argument, "request.unreadable").usable().detail(error.to_string()))
    }
}

impl WorkRequest {
    /// Fails where an account is named that the settings do not have.
    pub(super) fn check(&self, known: &[String]) -> Result<(), Error> {
        let named = self.accounts.iter().flatten().enumerate();
        let unknown: Vec<At> = named
            .filter(|(_, account)| !known.contains(account))
            .map(|(place, _)| At::new(Input::Request, format!("/accounts/{place}"), "outbox.account_unknown"))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let mut error = Error::new(Status::Argument, "outbox.account_unknown").usable();
        error.at = unknown;
        Err(error)
    }
}
