//! Everything that is wrong with a message, collected before anybody is told.

use postkontor_plugin::{At, Error, Input, Stage, Status};
use serde_json::{Map, Value};

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems {
    found: Vec<At>,
    status: Option<Status>,
}

impl Problems {
    /// Notes that something in the document is wrong.
    pub(super) fn add(&mut self, pointer: impl Into<String>, code: &str, args: &[(&str, &str)]) {
        self.add_in(Input::Message, pointer, code, args);
    }

    /// Notes that something in the document, or in the settings that it is composed by, is wrong.
    pub(super) fn add_in(&mut self, of: Input, pointer: impl Into<String>, code: &str, args: &[(&str, &str)]) {
        self.add_as(Status::Argument, of, pointer, code, args);
    }

    /// Notes that a file is missing or cannot be read.
    pub(super) fn add_local(&mut self, pointer: impl Into<String>, code: &str, args: &[(&str, &str)]) {
        self.add_as(Status::Local, Input::Message, pointer, code, args);
    }

    /// Whether nothing was found so far.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn add_as(&mut self, status: Status, of: Input, pointer: impl Into<String>, code: &str, args: &[(&str, &str)]) {
        // A document that is wrong in itself matters more than a missing file.
        if self.status != Some(Status::Argument) {
            self.status = Some(status);
        }
        let args: Map<String, Value> = args.iter().map(|(name, value)| ((*name).to_owned(), excerpt(value).into())).collect();
        self.found.push(At { args, ..At::new(of, pointer, code) });
    }

    /// Nothing when there are none, else the error that names them all.
    pub(super) fn into_result(self) -> Result<(), Error> {
        if self.found.is_empty() { Ok(()) } else { Err(self.into_error()) }
    }

    /// The error that names them all.
    pub(super) fn into_error(self) -> Error {
        let status = self.status.unwrap_or(Status::Argument);
        let mut error = match self.found.as_slice() {
            [only] => {
                let mut error = Error::new(status, &only.code);
                error.args = only.args.clone();
                error
            }
            several => Error::new(status, "message.invalid").arg("count", several.len()),
        };
        error.at = self.found;
        error.stage(Stage::Message)
    }
}

/// Enough of a text to recognise it by, without what would upset a terminal or a dialog.
fn excerpt(text: &str) -> String {
    const LENGTH: usize = 80;
    let mut shown: String = text.chars().take(LENGTH).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if shown.len() < text.len() && text.chars().nth(LENGTH).is_some() {
        shown.push('…');
    }
    shown
}
