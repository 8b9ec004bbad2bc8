//! What was given for the options that belong to certain commands.

use crate::texts::problem;
use postkontor_core::Error;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

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

/// The host takes absolute paths only; a relative one on the command line starts in the working directory.
pub(crate) fn absolute(option: &str, value: OsString) -> Result<PathBuf, Error> {
    let unreadable = |error: std::io::Error| problem("cli.unreadable").arg("option", option).detail(error.to_string());
    std::path::absolute(&value).map_err(unreadable)
}

pub(crate) fn seconds(value: OsString) -> Result<Duration, Error> {
    let value = text("timeout", value)?;
    let wrong = || problem("cli.number_invalid").arg("option", "--timeout").arg("value", value.as_str());
    let seconds: f64 = value.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(seconds).ok().filter(|timeout| !timeout.is_zero()).ok_or_else(wrong)
}
