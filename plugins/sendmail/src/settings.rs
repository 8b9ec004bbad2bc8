//! The account's settings.

use postkontor_plugin::{Error, Stage, Status, Step, schemars, serde};
use std::path::Path;

/// The settings of an account with the transport `sendmail`.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields, default)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Settings {
    /// The command that takes the mail.
    pub sendmail: Options,
}

/// Group `sendmail`: the command that takes the mail.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields, default)]
#[schemars(crate = "postkontor_plugin::schemars")]
pub struct Options {
    /// The file of the command, as an absolute path; it understands sendmail's options `-i` and `-f`.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "workstation", "order": 10}))]
    pub command: String,
}

impl Default for Options {
    fn default() -> Options {
        Options { command: "/usr/sbin/sendmail".to_owned() }
    }
}

impl Settings {
    /// Refuses a command that the search path or the working directory would decide about.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let command = &self.sendmail.command;
        let code = match command {
            command if command.chars().any(char::is_control) => "settings.control_character",
            command if !Path::new(command).is_absolute() => "sendmail.command_relative",
            _ => return Ok(()),
        };
        Err(Error::new(Status::Settings, code).stage(Stage::Settings).arg("command", command.as_str()).at("/sendmail/command", code))
    }

    /// The only step of a test: whether the command is there and may be run.
    pub(crate) fn command_step(&self) -> Step {
        let command = self.sendmail.command.as_str();
        let found = match std::fs::metadata(command) {
            Err(error) => Err(missing(&error, command)),
            Ok(file) if !file.is_file() || !is_executable(&file) => Err(not_executable(command)),
            Ok(_) => Ok(()),
        };
        match found {
            Ok(()) => Step::ok(Stage::Connect).fact("command", command),
            Err(error) => Step::fail(Stage::Connect, &error).pointer("/sendmail/command").advice("advice.install_sendmail"),
        }
    }
}

/// The error for a command that cannot be started.
pub(crate) fn unstartable(error: &std::io::Error, command: &str) -> Error {
    if error.kind() == std::io::ErrorKind::PermissionDenied { not_executable(command) } else { missing(error, command) }
}

fn missing(error: &std::io::Error, command: &str) -> Error {
    let code = if error.kind() == std::io::ErrorKind::NotFound { "sendmail.command_missing" } else { "sendmail.command_unusable" };
    Error::new(Status::Local, code).stage(Stage::Connect).arg("command", command).at("/sendmail/command", code).detail(error.to_string())
}

fn not_executable(command: &str) -> Error {
    let code = "sendmail.command_not_executable";
    Error::new(Status::Local, code).stage(Stage::Connect).arg("command", command).at("/sendmail/command", code)
}

#[cfg(unix)]
fn is_executable(file: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn settings(command: &str) -> Settings {
        Settings { sendmail: Options { command: command.to_owned() } }
    }

    #[test]
    fn the_command_must_be_an_absolute_path() {
        for bad in ["sendmail", "./sendmail", "", "sbin/sendmail", "/usr/sbin/send\nmail", "/usr/sbin/sendmail\0"] {
            assert_eq!(settings(bad).check().unwrap_err().at[0].pointer, "/sendmail/command", "{bad:?}");
        }
        settings("/usr/sbin/sendmail").check().unwrap();
    }

    #[test]
    fn a_test_finds_out_whether_the_command_can_be_run() {
        assert_eq!(settings("/bin/sh").command_step().code, "");
        assert_eq!(settings("/nowhere/sendmail").command_step().code, "sendmail.command_missing");
        assert_eq!(settings("/etc/passwd").command_step().code, "sendmail.command_not_executable");
        assert_eq!(settings("/etc").command_step().code, "sendmail.command_not_executable");
        assert_eq!(settings("/etc/passwd/x").command_step().code, "sendmail.command_unusable");
    }
}
