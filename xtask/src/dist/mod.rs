//! `cargo xtask dist [PLATFORM…]`: makes a release, the files that one can hand over. docs/release.md tells what is in it.
//!
//! - [`platform`]: for what, and which files; [`build`]: each built by itself, [`resource`] with its version;
//! - [`release`]: laid out as an installation, with what [`contents`] adds, the linkers' files of [`exports`] and the bill of [`sbom`];
//! - [`verify`]: what a release promises, read from the files by [`binary`], the lowest Windows by [`imports`];
//! - [`pack`], [`zip`], [`debian`], [`wheel`]: the archives and packages, with the one time of [`stamp`];
//! - [`mod@twice`] proves that they can be made again; [`trial`] installs them by the words of docs/install.md, which [`page`] reads.

mod binary;
mod build;
mod contents;
mod debian;
mod exports;
mod imports;
mod measure;
mod pack;
mod page;
mod platform;
mod release;
mod resource;
mod sbom;
mod stamp;
mod trial;
mod twice;
mod verify;
mod wheel;
mod zip;

use crate::packages;
use crate::windows::std::{Library, TARGETS};
use build::Mode;
use platform::{ALL, Platform};
use release::Release;
use stamp::Stamp;
use std::process::ExitCode;

/// Makes a release for the named platforms, or all of them; with `--twice` once more elsewhere, to compare, and
/// with `--draft` without optimisation, to try the rest. `--try` installs the release that was
/// made on a fresh machine, `--measure` writes the table of sizes and start times into README.md. `--std` builds the standard library for Windows and prints the variables with which cargo builds for it.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let done = match arguments {
        [option] if option == "--std" => standard_libraries(),
        [option] if option == "--try" => trial::run(),
        [option] if option == "--measure" => measured(None),
        [option, runner] if option == "--measure" => measured(Some(runner)),
        [option, names @ ..] if option == "--draft" => selected(names).and_then(|platforms| make(&platforms, Mode::Draft)),
        [option, names @ ..] if option == "--twice" => twice(names),
        [option, ..] if option.starts_with('-') => Err(format!(
            "usage: cargo xtask dist [--draft | --twice [--draft]] [PLATFORM…] | --try | --measure [RUNNER] | --std; {option} is not known"
        )),
        names => selected(names).and_then(|platforms| make(&platforms, Mode::Final)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("dist: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn selected(names: &[String]) -> Result<Vec<&'static Platform>, String> {
    match names {
        [] => Ok(ALL.iter().collect()),
        names => names.iter().map(|name| Platform::named(name)).collect(),
    }
}

/// Makes it twice, and compares.
fn twice(names: &[String]) -> Result<(), String> {
    let (mode, names) = match names {
        [option, names @ ..] if option == "--draft" => (Mode::Draft, names),
        names => (Mode::Final, names),
    };
    let platforms = selected(names)?;
    make(&platforms, mode)?;
    twice::prove(&platforms, &Stamp::read()?, mode)
}

/// What the folder of the files holds where they are a draft.
const DRAFT: &str = "DRAFT";

fn make(platforms: &[&'static Platform], mode: Mode) -> Result<(), String> {
    packages::provide(&[packages::BUILD]);
    let stamp = Stamp::read()?;
    // A release of some platforms leaves the files of the others, unless those are a draft and these are not.
    let draft = Release::files().join(DRAFT);
    if platforms.len() == ALL.len() || draft.exists() != (mode == Mode::Draft) {
        crate::cache::empty(&Release::files())?;
    }
    if mode == Mode::Draft {
        std::fs::write(&draft, "Not optimised and not to be handed over.\n").map_err(crate::cache::at(&draft))?;
    }
    for platform in platforms {
        let release = Release::make(platform, &stamp, mode)?;
        wheel::write(&release, &stamp)?;
        if !platform.is_windows() {
            debian::write(&release, &stamp)?;
        }
    }
    let sums = pack::sums(&Release::files())?;
    println!("{}", sums.parent().unwrap_or(&sums).display());
    std::fs::read_to_string(&sums).map(|text| print!("{text}")).map_err(crate::cache::at(&sums))
}

/// Measures what was made. `runner`: a program that runs programs for Windows.
fn measured(runner: Option<&str>) -> Result<(), String> {
    if Release::files().join(DRAFT).exists() {
        return Err("a draft is larger and slower than what is handed over; make a release first".to_owned());
    }
    let mut releases = Vec::new();
    for platform in &ALL {
        match Release::find(platform)? {
            Some(release) => releases.push(release),
            None => eprintln!("{}: no release is there, and the table will not have it", platform.name),
        }
    }
    if releases.is_empty() {
        return Err("there is no release; make one first".to_owned());
    }
    measure::write(&releases, runner)
}

fn standard_libraries() -> Result<(), String> {
    for target in TARGETS {
        for (name, value) in Library::provide(target)?.variables() {
            println!("export {name}='{value}'");
        }
    }
    Ok(())
}
