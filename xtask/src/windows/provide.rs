//! What the tests of programs of Windows need beside packages.

use crate::packages;
use crate::steps::Steps;
use crate::windows::std::{Library, TARGETS};
use crate::windows::{dotnet, pascal, wine};
use crate::workspace::{cargo, delivered};

/// Brings all of it, then builds what customers get for both widths, unless the archives of a release are tested. What cannot be had here is noted as skipped, and the tests say so, too.
pub(crate) fn all(steps: &mut Steps) {
    packages::provide(&[packages::WINDOWS, packages::WINE]);
    for (name, problem) in [("Wine", wine::provide().err()), ("Free Pascal", pascal::provide().err()), (".NET", dotnet::provide().err())] {
        if let Some(problem) = problem {
            steps.skip(&format!("{name} for programs of Windows: {problem}"));
        }
    }
    for target in TARGETS {
        match Library::provide(target) {
            Ok(_) if is_release_tested() => {}
            Ok(library) => build(steps, target, &library),
            Err(problem) => steps.skip(&format!("the standard library for {target}: {problem}")),
        }
    }
}

/// Whether the tests take the products from archives (tests/src/windows/release.rs).
fn is_release_tested() -> bool {
    ::std::env::var_os("POSTKONTOR_RELEASE").is_some_and(|folder| !folder.is_empty())
}

/// With the same words as the tests, which build once more, so that they never run what is old.
fn build(steps: &mut Steps, target: &str, library: &Library) {
    let packages = match delivered() {
        Ok(packages) => packages,
        Err(error) => return steps.fail(&format!("build for {target}: {error}")),
    };
    let mut build = cargo();
    build.args(["build", "--target", target]).args(packages.iter().map(|package| format!("--package={package}")));
    library.serve(&mut build);
    steps.check(&format!("build for {target}"), &mut build);
}
