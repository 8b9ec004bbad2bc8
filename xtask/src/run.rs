//! Runs the programs of which a task is made.

use std::process::{Command, Stdio};

/// Runs a program that has to succeed; what it prints is passed on.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", shown(command))),
        Err(error) => Err(format!("{}: {error}", shown(command))),
    }
}

/// What a program that has to succeed prints.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    bytes(command).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The same, where it is no text.
pub(crate) fn bytes(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{}: {error}", shown(command)))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{} ended with {}: {}", shown(command), output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

/// The program and its first words, which suffice to know it again.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args().take(4));
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
