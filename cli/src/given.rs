//! What was given for the options that belong to certain commands.

use crate::texts::problem;
use postkontor_core::Error;
use std::collections::BTreeMap;
use std::ffi::OsString;

/// The options that belong to certain commands only.
#[derive(Default)]
pub(crate) struct CommandOptions(pub(crate) BTreeMap<&'static str, OsString>);

impl CommandOptions {
    /// What was given for an option.
    pub(crate) fn take(&mut self, option: &'static str) -> Option<OsString> {
        self.0.remove(option)
    }

    pub(crate) fn text(&mut self, option: &'static str) -> Result<Option<String>, Error> {
        self.0.remove(option).map(|value| text(option, value)).transpose()
    }

    pub(crate) fn number(&mut self, option: &'static str) -> Result<Option<u64>, Error> {
        let Some(value) = self.text(option)? else { return Ok(None) };
        let wrong = |_| problem("cli.number_invalid").arg("option", format!("--{option}")).arg("value", value.as_str());
        value.parse().map(Some).map_err(wrong)
    }
}

pub(crate) fn text(what: &str, value: OsString) -> Result<String, Error> {
    value.into_string().map_err(|value| problem("cli.not_unicode").arg("option", what).arg("value", value.to_string_lossy()))
}
