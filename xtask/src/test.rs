//! `cargo xtask test`: everything, in the order in which a failure is cheapest.

use crate::steps::Steps;
use crate::workspace::{cargo, root};
use crate::{deny, packages};
use std::path::PathBuf;
use std::process::ExitCode;

/// Installs what is missing, then checks and tests everything. Ends with the line `N passed, N failed, N skipped`.
pub(crate) fn run(_arguments: &[String]) -> ExitCode {
    packages::provide(&[packages::BUILD, packages::TESTS]);
    let mut steps = Steps::default();
    steps.check("format", cargo().args(["fmt", "--all", "--check"]));
    steps.check("lints", cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]));
    steps.check("documentation", cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"));
    deny::run(&mut steps);
    // The tests load the plugins, call the shared library and run the command, so all of them must be there before.
    // With the feature that the plugins' own tests bring, so that neither build undoes the other.
    if steps.check("build", cargo().args(["build", "--workspace", "--features", "postkontor-plugin/testing"])) {
        steps.tests("tests", cargo().args(["test", "--workspace", "--no-fail-fast"]));
        steps.tests("documentation of core with lettre", cargo().args(["test", "-p", "postkontor-core", "--features", "lettre", "--doc"]));
        steps.tests(
            "programs that compose with lettre",
            cargo().args(["test", "-p", "postkontor-tests", "--features", "lettre", "--test", "lettre"]),
        );
        for manifest in strangers() {
            let name = format!("tests of {}", manifest.strip_prefix(root()).unwrap_or(&manifest).display());
            steps.tests(&name, cargo().args(["test", "--manifest-path"]).arg(&manifest));
        }
    }
    if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The Rust projects under `examples`: built as their authors would, outside the workspace.
fn strangers() -> Vec<PathBuf> {
    let Ok(folders) = std::fs::read_dir(root().join("examples")) else { return Vec::new() };
    let mut manifests: Vec<PathBuf> =
        folders.filter_map(|folder| Some(folder.ok()?.path().join("Cargo.toml"))).filter(|manifest| manifest.exists()).collect();
    manifests.sort();
    manifests
}
