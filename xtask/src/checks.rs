//! The checks that run nothing of ours: lints, each feature alone, the code for Windows, the documentation.

use crate::steps::Steps;
use crate::windows::std::{Library, TARGETS};
use crate::workspace::{cargo, delivered, members};
use std::process::Command;

/// Lints packages; all of the workspace where none is named.
pub(crate) fn lints(steps: &mut Steps, packages: &[String]) {
    steps.check("lints", clippy().args(selected(packages)).args(["--all-targets", "--", "-D", "warnings"]));
}

/// Lints each package without features and with each of its features alone: a program may ask for any of them.
pub(crate) fn features(steps: &mut Steps) {
    let members = match members() {
        Ok(members) => members,
        Err(error) => {
            println!("{error}");
            return steps.fail("features");
        }
    };
    for member in members {
        let alone = ["--package", &member.name, "--no-default-features"];
        steps.check(&format!("{} without features", member.name), clippy().args(alone).args(["--", "-D", "warnings"]));
        for feature in &member.features {
            let name = format!("{} with {feature} alone", member.name);
            steps.check(&name, clippy().args(alone).args(["--features", feature, "--", "-D", "warnings"]));
        }
    }
}

/// Type checks the code for Windows of what customers get, where its standard library has been built here; the other packages need servers
/// and callers of Unix.
pub(crate) fn windows(steps: &mut Steps) {
    let delivered = match delivered() {
        Ok(delivered) => delivered,
        Err(error) => {
            println!("{error}");
            return steps.fail("type check for Windows");
        }
    };
    for target in TARGETS {
        let Some(library) = Library::find(target) else {
            steps.skip(&format!("type check for {target}: its standard library is not there; `cargo xtask dist --std` builds it"));
            continue;
        };
        let mut check = cargo();
        check.args(["check", "--quiet", "--target", target]).args(selected(&delivered));
        library.serve(&mut check);
        steps.check(&format!("type check for {target}"), &mut check);
    }
}

/// Builds the documentation, which finds broken links.
pub(crate) fn documentation(steps: &mut Steps) {
    steps.check("documentation", cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"));
}

fn clippy() -> Command {
    let mut command = cargo();
    command.args(["clippy", "--quiet"]);
    command
}

/// The arguments that choose packages.
pub(crate) fn selected(packages: &[String]) -> Vec<String> {
    if packages.is_empty() {
        vec!["--workspace".to_owned()]
    } else {
        packages.iter().map(|package| format!("--package={package}")).collect()
    }
}
