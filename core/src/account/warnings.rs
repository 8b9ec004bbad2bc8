//! What transports warned of during a call, in its result or its error.

use super::Account;
use super::connection::Connection;
use crate::receipt::Receipt;
use postkontor_plugin::{Error, Stage, Step, StepStatus};
use serde_json::{Value, json};

/// The member of results and errors.
const MEMBER: &str = "warnings";

impl Account {
    /// What the call's transports warned of since this was last asked, the account's own first.
    pub(super) fn take_warnings(&self) -> Vec<Error> {
        self.connections.iter().chain(&self.others).flat_map(Connection::take_warnings).collect()
    }

    /// The error with what was warned of before it came.
    pub(super) fn warned(&self, mut error: Error) -> Error {
        let warnings = self.take_warnings();
        if warnings.is_empty() {
            return error;
        }
        // A fetch that was interrupted has some of its own.
        let member = error.more.entry(MEMBER.to_owned()).or_insert_with(|| json!([]));
        if let Value::Array(member) = member {
            member.extend(warnings.iter().map(|warning| json!(warning)));
        }
        error
    }

    /// The results of mails with what was warned of: it concerns the call as a whole, and stands in the first.
    pub(super) fn with_warnings(&self, results: &mut [Result<Receipt, Error>]) {
        match results.first_mut() {
            Some(Ok(receipt)) => receipt.warnings.extend(self.take_warnings()),
            Some(Err(error)) => *error = self.warned(error.clone()),
            None => (),
        }
    }

    /// The same as steps of a test.
    pub(super) fn warning_steps(&self) -> Vec<Step> {
        let step = |warning: &Error| {
            let step = Step::fail(warning.stage.unwrap_or(Stage::Settings), warning);
            Step { status: StepStatus::Warn, status_number: 0, message: warning.message.clone(), ..step }
        };
        self.take_warnings().iter().map(step).collect()
    }
}
