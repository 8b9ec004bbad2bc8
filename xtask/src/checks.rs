//! The checks that run nothing of ours: lints, each feature alone, the code for Windows, the documentation.

use crate::steps::Steps;
use crate::workspace::{cargo, delivered, members};
use std::path::Path;
use std::process::Command;

/// The targets whose code is type checked where the toolchain has their standard library, beside the machine's own.
const WINDOWS: [&str; 2] = ["x86_64-pc-windows-gnu", "i686-pc-windows-gnu"];

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

/// Type checks the code for Windows of what customers get, as far as this toolchain can; the other packages need servers and callers of
/// Unix.
pub(crate) fn windows(steps: &mut Steps) {
    let delivered = match delivered() {
        Ok(delivered) => delivered,
        Err(error) => {
            println!("{error}");
            return steps.fail("type check for Windows");
        }
    };
    for target in WINDOWS {
        if !has_library(target) {
            steps.skip(&format!("type check for {target}: this toolchain has no standard library for it"));
            continue;
        }
        steps.check(&format!("type check for {target}"), cargo().args(["check", "--quiet", "--target", target]).args(selected(&delivered)));
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

/// Whether the compiler has the standard library of a target.
fn has_library(target: &str) -> bool {
    let asked = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "target-libdir", "--target", target])
        .output();
    let Ok(answer) = asked else { return false };
    let folder = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    let mut files = std::fs::read_dir(Path::new(&folder)).into_iter().flatten().flatten();
    files.any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standard_library_is_found_only_where_there_is_one() {
        let version = String::from_utf8(Command::new("rustc").arg("-vV").output().unwrap().stdout).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        assert!(has_library(host));
        assert!(!has_library("no-such-target"));
    }
}
