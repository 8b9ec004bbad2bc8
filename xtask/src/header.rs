//! `cargo xtask header`: writes the C headers anew.

use crate::workspace::cargo;
use std::process::ExitCode;

/// Runs the test that compares the headers with the sources, in the mood to write them.
pub(crate) fn run(_arguments: &[String]) -> ExitCode {
    let status = cargo()
        .args(["test", "--package", "postkontor-ffi", "--test", "header", "the_sources_say"])
        .env("POSTKONTOR_HEADER", "write")
        .status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
