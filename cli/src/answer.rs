//! The result of a command.

use crate::texts::problem;
use postkontor_core::{Error, Status};
use serde_json::Value;

/// The kind of a result, which decides how it is shown.
pub(crate) enum Kind {
    /// Text for people; there is no JSON of it.
    Text,
    /// The transports.
    Transports,
    /// A form.
    Schema,
    /// The problems of the settings.
    Check,
    /// Secrets and their stores.
    Secrets,
    /// What files have of certificates.
    Certificates,
    /// The certificates that were collected.
    Collected,
    /// The report of a test, whose steps were shown as they ended.
    Report,
    /// The receipt of a message, or of several.
    Receipt,
    /// Folders, or messages: those of a folder, or those that were fetched.
    List,
    /// What became of messages or folders.
    Changes,
    /// Settings that were found for an address.
    Discovered,
    /// What became of a document of an older version.
    Migrated,
    /// The consent of a person.
    Consent,
    /// The settings of another program, which are shown as JSON.
    Imported,
    /// What the outbox answers: entries in a line each, numbers, or what was done.
    Outbox,
    /// Entries of the outbox, whole.
    Entries,
    /// Everything was shown already.
    Printed,
}

/// A result, as the C ABI would return it, and the status to end with.
pub(crate) struct Answer {
    /// The result.
    pub(crate) json: Value,
    /// The exit status.
    pub(crate) status: Status,
    /// Its kind.
    pub(crate) kind: Kind,
}

impl Answer {
    /// A result of the library's, as the JSON that is shown.
    pub(crate) fn new(result: &impl serde::Serialize, kind: Kind) -> Result<Answer, Error> {
        let json = serde_json::to_value(result).map_err(|error| problem("cli.unreadable").detail(error.to_string()))?;
        Ok(Answer { json, status: Status::Ok, kind })
    }
}
