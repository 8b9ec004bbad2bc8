//! `cargo xtask test [--windows] [AREA…]`: everything, or what a change in these areas needs, in the order in which a failure is cheapest.

use crate::areas::{LIBRARY, Selection};
use crate::programs::{self, Program};
use crate::steps::Steps;
use crate::workspace::{cargo, members, root};
use crate::{checks, deny, packages, structure, windows};
use std::io::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Installs what is missing, then checks and tests. Ends with the line `N passed, N failed, N skipped`.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let selection = match Selection::read(arguments) {
        Ok(selection) => selection,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    packages::provide(&[packages::BUILD, packages::TESTS]);
    let mut steps = Steps::default();
    check(&mut steps, &selection);
    if selection.takes_windows() {
        windows::provide::all(&mut steps);
    } else if selection.all {
        steps.skip("programs of Windows: `cargo xtask test --windows` runs them by Wine");
    }
    // The tests load the plugins, call the shared library and run the command, so all of them must be there before.
    // With the feature that the plugins' own tests bring, so that neither build undoes the other.
    let build = ["build", "--workspace", "--features", "postkontor-plugin/testing"];
    if selection.has_tests() && steps.check("build", cargo().args(build)) {
        test(&mut steps, &selection);
    }
    if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The checks that need no test program.
fn check(steps: &mut Steps, selection: &Selection) {
    steps.check("format", cargo().args(["fmt", "--all", "--check"]));
    structure::run(steps);
    if selection.all || selection.checks {
        checks::lints(steps, &[]);
        checks::features(steps);
        checks::windows(steps);
        checks::documentation(steps);
        deny::run(steps);
    } else if !selection.packages.is_empty() {
        checks::lints(steps, &selection.packages);
    }
}

fn test(steps: &mut Steps, selection: &Selection) {
    if let Some(programs) = build(steps, selection) {
        steps.programs(&programs);
    }
    if selection.all {
        steps.tests("examples in the documentation", cargo().args(["test", "--workspace", "--doc"]));
    }
    if selection.all || selection.lettre {
        steps.tests("documentation of core with lettre", cargo().args(["test", "-p", "postkontor-core", "--features", "lettre", "--doc"]));
        steps.tests(
            "programs that compose with lettre",
            cargo().args(["test", "-p", "postkontor-tests", "--features", "lettre", "--test", "lettre"]),
        );
    }
    if selection.all || selection.examples {
        for manifest in strangers() {
            let name = format!("tests of {}", manifest.strip_prefix(root()).unwrap_or(&manifest).display());
            steps.tests(&name, cargo().args(["test", "--manifest-path"]).arg(&manifest));
        }
    }
}

/// Builds the test programs of the selection; a failure is noted.
fn build(steps: &mut Steps, selection: &Selection) -> Option<Vec<Program>> {
    let mut built = None;
    steps.look("test programs", || {
        let targets = if selection.all { Ok(Vec::new()) } else { targets(selection) };
        built = targets.map_or(None, |targets| programs::build(&targets));
        built.is_some()
    });
    let mut built = built?;
    built.retain(|program| selection.takes(&program.package, &program.target));
    Some(built)
}

/// The arguments of `cargo test` for no more than the selection. Of the whole workspace all the same: cargo would give the dependencies of a
/// single package other features, and build them once more.
fn targets(selection: &Selection) -> Result<Vec<String>> {
    let mut targets = vec!["--lib".to_owned(), "--bins".to_owned()];
    let mut names: Vec<String> =
        selection.programs.iter().filter(|program| **program != LIBRARY).map(|program| (*program).to_owned()).collect();
    for member in members()?.iter().filter(|member| selection.packages.contains(&member.name)) {
        names.extend(member.test_programs()?);
    }
    targets.extend(names.into_iter().map(|name| format!("--test={name}")));
    Ok(targets)
}

/// The Rust projects under `examples`: built as their authors would, outside the workspace.
fn strangers() -> Vec<PathBuf> {
    let Ok(folders) = std::fs::read_dir(root().join("examples")) else { return Vec::new() };
    let mut manifests: Vec<PathBuf> =
        folders.filter_map(|folder| Some(folder.ok()?.path().join("Cargo.toml"))).filter(|manifest| manifest.exists()).collect();
    manifests.sort();
    manifests
}
