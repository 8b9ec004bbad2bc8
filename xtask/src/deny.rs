//! Looks at the crates that the products are made of with cargo-deny: licences, duplicates, sources, and known advisories.

use crate::steps::Steps;
use crate::workspace::cargo;
use crate::{notices, packages};
use std::process::{Command, ExitCode, Stdio};

/// `cargo xtask crates`: the checks alone.
pub(crate) fn task(_arguments: &[String]) -> ExitCode {
    let mut steps = Steps::default();
    run(&mut steps);
    if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the checks of `deny.toml` and compares the notices. What this machine cannot do is skipped, with the reason.
pub(crate) fn run(steps: &mut Steps) {
    steps.look("notices of third parties", notices::are_current);
    let Some(folder) = packages::tools() else {
        return steps.skip("crates: cargo-deny cannot be installed here");
    };
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let Ok(path) = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&paths))) else {
        return steps.skip("crates: the folder of tools cannot stand in PATH");
    };
    let deny = |arguments: &[&str]| -> Command {
        let mut command = cargo();
        command.arg("deny").args(arguments).env("PATH", &path);
        command
    };
    steps.check("crates", &mut deny(&["check", "licenses", "bans", "sources"]));
    // The advisories lie in a repository of their own, which not every machine reaches.
    let fetched = deny(&["fetch", "db"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if fetched.is_ok_and(|status| status.success()) {
        steps.check("advisories", &mut deny(&["check", "--disable-fetch", "advisories"]));
    } else {
        steps.skip("advisories: their database cannot be fetched from here");
    }
}
