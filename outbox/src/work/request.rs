//! What a call of work is asked to do.

use postkontor_core::{At, Error, Input, Request, Status, read_request};
use serde::Serialize;

/// When a lane ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// As soon as nothing is due.
    #[default]
    Empty,
    /// Only when the caller stops it.
    Stopped,
}

/// What a lane is to work on, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
        read_request(json, |members| WorkRequest {
            seconds: members.number("seconds"),
            until: members.choice("until", &[("empty", Until::Empty), ("stopped", Until::Stopped)]).unwrap_or_default(),
            accounts: members.words("accounts"),
            max_mails: members.number("max_mails"),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_and_a_slip_of_the_pen_in_it_is_refused() {
        let request = WorkRequest::read(r#"{"seconds": 5, "until": "stopped", "accounts": ["a", "b"], "max_mails": 7}"#).unwrap();
        assert_eq!((request.seconds, request.until, request.max_mails), (Some(5), Until::Stopped, Some(7)));
        assert_eq!(WorkRequest::read("").unwrap(), WorkRequest::default());
        let error = WorkRequest::read(r#"{"max_mail": 7}"#).unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, "/max_mail"));
        let error = request.check(&["a".to_owned()]).unwrap_err();
        assert_eq!(error.at.iter().map(|at| at.pointer.as_str()).collect::<Vec<_>>(), ["/accounts/1"]);
    }
}
