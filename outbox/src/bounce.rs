//! Reports that a mail did not arrive, and the entries that they are about.

use crate::engine::Engine;
use crate::recipient::{Recipient, Standing};
use postkontor_core::{Error, Status, Watch};
use serde::Deserialize;

/// The summary of a message, as far as it tells of a mail that did not arrive.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Summary {
    report: Option<Report>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Report {
    kind: String,
    message_id: Option<String>,
    recipients: Vec<Reported>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reported {
    address: String,
    original: Option<String>,
    enhanced: Option<String>,
    text: Option<String>,
}

impl Summary {
    pub(crate) fn read(json: &str) -> Result<Summary, Error> {
        let unreadable = |error: serde_json::Error| {
            Error::new(Status::Argument, "request.unreadable")
                .usable()
                .detail(error.to_string())
                .at_request("/summary", "request.unreadable")
        };
        serde_json::from_str(json).map_err(unreadable)
    }

    /// The mail that did not arrive; nothing where the message is no such report.
    fn message_id(&self) -> Option<&str> {
        let failure = self.report.as_ref().filter(|report| report.kind == "failure");
        failure?.message_id.as_deref().map(|id| id.trim_matches(['<', '>']))
    }

    /// Marks the recipients who did not get it: those that the report names, or all where it names none.
    pub(crate) fn mark(&self, recipients: &mut [Recipient]) {
        let reported = self.report.as_ref().map(|report| report.recipients.as_slice()).unwrap_or_default();
        for recipient in recipients {
            let is_it = |address: &str| address.eq_ignore_ascii_case(&recipient.address);
            let found = reported.iter().find(|found| is_it(&found.address) || found.original.as_deref().is_some_and(is_it));
            if found.is_none() && !reported.is_empty() {
                continue;
            }
            recipient.status = Standing::Bounced;
            if let Some(found) = found {
                recipient.code = 0;
                recipient.enhanced.clone_from(&found.enhanced);
                recipient.text = found.text.clone().unwrap_or_default();
            }
        }
    }
}

/// The entries that a report is about; none where it is about a mail that did not go out by this outbox.
pub(crate) fn entries(engine: &mut dyn Engine, summary: &Summary, watch: &Watch<'_>) -> Result<Vec<i64>, Error> {
    let Some(message_id) = summary.message_id() else { return Ok(Vec::new()) };
    let select = "SELECT id FROM postkontor_outbox_entries
        WHERE message_id = $1 AND state IN ('sent', 'held', 'bounced') ORDER BY id LIMIT 100";
    engine.rows(select, &[message_id.into()], watch)?.iter().map(|row| row.int(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_marks_those_whom_it_names() {
        let summary = r#"{"subject": "x", "report": {"kind": "failure", "message_id": "<1@example.com>",
            "recipients": [{"address": "Berta@Example.com", "enhanced": "5.1.1", "text": "unknown", "confidence": "certain"}, {"address": "x", "original": "carl@example.com"}]}}"#;
        let summary = Summary::read(summary).unwrap();
        assert_eq!(summary.message_id(), Some("1@example.com"));
        let mut recipients = ["anna", "berta", "carl"].map(|name| Recipient::new(format!("{name}@example.com")));
        summary.mark(&mut recipients);
        assert_eq!(recipients.each_ref().map(|recipient| recipient.status), [Standing::Waiting, Standing::Bounced, Standing::Bounced]);
        assert_eq!((recipients[1].enhanced.as_deref(), recipients[1].text.as_str()), (Some("5.1.1"), "unknown"));
    }

    #[test]
    fn what_is_no_report_of_a_failure_is_about_no_mail() {
        for summary in
            [r#"{"subject": "x"}"#, r#"{"report": {"kind": "delay", "message_id": "1@example.com"}}"#, r#"{"report": {"kind": "failure"}}"#]
        {
            assert_eq!(Summary::read(summary).unwrap().message_id(), None, "{summary}");
        }
    }
}
