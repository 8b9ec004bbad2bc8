//! `cargo xtask test [AREA…]`: everything, or what a change in these areas needs, in the order in which a failure is cheapest.

use crate::areas::{LIBRARY, Selection};
use crate::steps::Steps;
use crate::workspace::{cargo, root};
use crate::{checks, deny, packages, programs, structure};
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
    // The tests load the plugins, call the shared library and run the command, so all of them must be there before.
    // With the feature that the plugins' own tests bring, so that neither build undoes the other.
    let build = ["build", "--workspace", "--features", "postkontor-plugin/testing"];
    if selection.has_tests() && steps.check("build", cargo().args(build)) {
        test(&mut steps, &selection);
    }
    if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What needs no test program.
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
fn build(steps: &mut Steps, selection: &Selection) -> Option<Vec<programs::Program>> {
    let mut wanted = Vec::new();
    if selection.all || !selection.packages.is_empty() {
        wanted.push(checks::selected(&selection.packages));
    }
    if !selection.programs.is_empty() {
        let named = selection.programs.iter().map(|program| match *program {
            LIBRARY => "--lib".to_owned(),
            program => format!("--test={program}"),
        });
        wanted.push(std::iter::once("--package=postkontor-tests".to_owned()).chain(named).collect());
    }
    let mut built = Vec::new();
    for arguments in wanted {
        let done = steps.look("test programs", || programs::build(&arguments).map(|programs| built.extend(programs)).is_some());
        if !done {
            return None;
        }
    }
    // One that is chosen twice, by its package and by its name, runs once.
    built.sort();
    built.dedup();
    Some(built)
}

/// The Rust projects under `examples`: built as their authors would, outside the workspace.
fn strangers() -> Vec<PathBuf> {
    let Ok(folders) = std::fs::read_dir(root().join("examples")) else { return Vec::new() };
    let mut manifests: Vec<PathBuf> =
        folders.filter_map(|folder| Some(folder.ok()?.path().join("Cargo.toml"))).filter(|manifest| manifest.exists()).collect();
    manifests.sort();
    manifests
}
