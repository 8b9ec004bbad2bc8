//! Mails that came back: what is fetched may report that a mail of the outbox did not arrive.

use crate::answer::Answer;
use postkontor_core::{Cancel, Error, Host};
use postkontor_outbox::Outbox;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// The outbox that hears of reports; none where the settings have none.
pub(crate) struct Returns<'a> {
    /// Opens it.
    pub(crate) host: &'a Arc<Host>,
    /// The settings document.
    pub(crate) settings: &'a str,
}

impl Returns<'_> {
    /// Ties the reports among the messages that were saved in this folder to their entries. Where that fails the messages are there all
    /// the same, so it is a warning.
    pub(crate) fn tie(&self, folder: &Path, answer: &mut Answer, cancel: &Cancel) {
        let reports = reports(folder, &answer.json);
        if reports.is_empty() || !self.has_outbox() {
            return;
        }
        if let Err(error) = self.tied(&reports, cancel)
            && let Ok(warning) = serde_json::to_value(&error)
            && let Some(members) = answer.json.as_object_mut()
            && let Some(warnings) = members.entry("warnings").or_insert_with(|| json!([])).as_array_mut()
        {
            warnings.push(warning);
        }
    }

    fn has_outbox(&self) -> bool {
        self.host.settings(self.settings).is_ok_and(|document| document.outbox.is_some())
    }

    fn tied(&self, reports: &[Value], cancel: &Cancel) -> Result<(), Error> {
        let mut outbox = Outbox::open(self.host, self.settings, cancel)?;
        // One about a mail of another program finds no entry, which is no error.
        reports.iter().try_for_each(|report| {
            let bounced = json!({"action": "bounced", "summary": {"report": report}});
            outbox.act(&bounced.to_string(), cancel).map(drop)
        })
    }
}

/// The reports among fetched messages, from the summaries beside them.
fn reports(folder: &Path, received: &Value) -> Vec<Value> {
    let files = received["messages"].as_array().into_iter().flatten().filter_map(|message| message["file"].as_str());
    let report = |file: &str| {
        let summary = std::fs::read(folder.join(Path::new(file).with_extension("json"))).ok()?;
        let mut summary: Value = serde_json::from_slice(&summary).ok()?;
        Some(summary["report"].take()).filter(|report| report["kind"] == "failure")
    };
    files.filter_map(report).collect()
}
