//! Holds the sources to the house's own measures: no function above [`LINES`] lines, no circle between the files of a crate, `unsafe` in
//! certain files only.

mod circles;
mod functions;
mod modules;
mod paths;
mod tokens;
mod unsafe_code;

use crate::steps::Steps;
use crate::workspace::{members, shown};
use modules::Crate;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The longest function, from `fn` to its closing brace.
const LINES: usize = 60;

/// `cargo xtask structure`: the looks alone.
pub(crate) fn task(_arguments: &[String]) -> ExitCode {
    let mut steps = Steps::default();
    run(&mut steps);
    if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Looks at all crates of the workspace.
pub(crate) fn run(steps: &mut Steps) {
    steps.look("length of functions", || all_well(long_functions));
    steps.look("circles between files", || all_well(circles_of));
    steps.look("files with unsafe code", || none_found(unsafe_code::look));
}

/// Looks at each crate and prints what is found; whether that is nothing.
fn all_well(look: impl Fn(&Path, &mut Vec<String>) -> Result<()>) -> bool {
    none_found(|found| roots()?.iter().try_for_each(|root| look(root, found)))
}

fn none_found(look: impl Fn(&mut Vec<String>) -> Result<()>) -> bool {
    let mut found = Vec::new();
    let looked = look(&mut found);
    if let Err(error) = looked {
        found.push(format!("the sources cannot be read: {error}"));
    }
    found.iter().for_each(|line| println!("{line}"));
    found.is_empty()
}

fn long_functions(root: &Path, found: &mut Vec<String>) -> Result<()> {
    for file in Crate::read(root)?.files {
        let text = std::fs::read_to_string(&file)?;
        let tokens = tokens::of_product(&text);
        let long = functions::of(&tokens).into_iter().filter(|function| function.lines > LINES);
        found.extend(long.map(|function| {
            format!("{}:{}: `{}` has {} lines, more than {LINES}", shown(&file), function.line, function.name, function.lines)
        }));
    }
    Ok(())
}

fn circles_of(root: &Path, found: &mut Vec<String>) -> Result<()> {
    let files = Crate::read(root)?;
    let arrows = files.arrows();
    for circle in circles::of(files.files.len(), &arrows) {
        found.push(format!("a circle of {} files:", circle.len()));
        let within = arrows.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
        found.extend(within.map(|((from, to), names)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("    {} takes from {}: {}", shown(&files.files[*from]), shown(&files.files[*to]), names.join(", "))
        }));
    }
    Ok(())
}

/// The root files of all crates that are members of the workspace.
fn roots() -> Result<Vec<PathBuf>> {
    let mut roots = Vec::new();
    for member in members()? {
        let folder = member.folder.join("src");
        roots.extend(["lib.rs", "main.rs"].map(|name| folder.join(name)).into_iter().filter(|file| file.exists()));
        let programs = std::fs::read_dir(folder.join("bin")).into_iter().flatten().flatten().map(|entry| entry.path());
        roots.extend(programs.filter(|file| file.extension().is_some_and(|extension| extension == "rs")));
    }
    Ok(roots)
}
