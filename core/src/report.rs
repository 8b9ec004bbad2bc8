//! What a test of an account found, as the caller gets it.

use postkontor_plugin::{Status, Step, StepStatus};
use serde::Serialize;

/// The report of a test: every step with its sentences in the host's language.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Whether no step failed.
    pub ok: bool,
    /// How long the test took.
    pub elapsed_ms: u64,
    /// The account that was tested.
    pub account: String,
    /// Its transport.
    pub transport: String,
    /// The steps in the order they were taken. Their pointers and patches are those of the settings document.
    pub steps: Vec<Step>,
    /// The dialogue without secrets, a line each, beginning with `S: ` or `C: `.
    pub transcript: Vec<String>,
}

impl Report {
    /// The first step that failed.
    pub fn failed(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.status == StepStatus::Fail)
    }

    /// The status of the first step that failed, or OK.
    pub fn status(&self) -> Status {
        // A step that fails without a number is a defect of its plugin, and must not look like success.
        self.failed().map_or(Status::Ok, |step| match Status::from_number(step.status_number) {
            Status::Ok => Status::Internal,
            status => status,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::{Error, Stage};

    #[test]
    fn a_report_has_the_status_of_its_first_failing_step() {
        let fail = |status| Step::fail(Stage::Login, &Error::new(status, "x"));
        let status = |steps| {
            let report =
                Report { ok: false, elapsed_ms: 0, account: String::new(), transport: String::new(), steps, transcript: Vec::new() };
            report.status()
        };
        assert_eq!(status(vec![Step::ok(Stage::Tls), Step::warn(Stage::Tls, "x")]), Status::Ok);
        assert_eq!(status(vec![Step::warn(Stage::Tls, "x"), fail(Status::Tls), fail(Status::Auth)]), Status::Tls);
        assert_eq!(status(vec![fail(Status::Ok)]), Status::Internal);
    }
}
