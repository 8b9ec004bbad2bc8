//! The tasks of this project: `cargo xtask TASK`.
//!
//! One file per task; this crate has no dependency, so that it is built in a second on a fresh machine.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person at the terminal")]

mod apt;
mod areas;
mod bench;
mod cache;
mod checks;
mod demo;
mod deny;
mod dist;
mod fuzz;
mod harness;
mod header;
mod notices;
mod packages;
mod pages;
mod programs;
mod remap;
mod run;
mod steps;
mod structure;
mod test;
mod windows;
mod workspace;

use std::process::ExitCode;

/// One thing that `cargo xtask` can do.
struct Task {
    name: &'static str,
    about: &'static str,
    /// Gets what stands after the task's name.
    run: fn(&[String]) -> ExitCode,
}

const TASKS: &[Task] = &[
    Task { name: "demo", about: "shows it all on this machine: form, test, an invoice sent, and what goes wrong", run: demo::run },
    Task {
        name: "test",
        about: "installs what is missing, then checks and tests everything, or what the named areas need",
        run: test::run,
    },
    Task { name: "pages", about: "shows every row of the four settings pages with the result of its tests", run: pages::run },
    Task { name: "fuzz", about: "looks for messages that the reader or S/MIME cannot bear: fuzz reader|smime [SECONDS]", run: fuzz::run },
    Task { name: "bench", about: "compares the speed with libcurl, lettre and smtplib", run: bench::run },
    Task {
        name: "dist",
        about: "makes a release: dist [--draft | --twice] [PLATFORM…] | --try | --measure [RUNNER] | --std",
        run: dist::run,
    },
    Task { name: "header", about: "writes include/*.h anew from the Rust sources", run: header::run },
    Task { name: "crates", about: "looks at the crates of the products: licences, duplicates, advisories", run: deny::task },
    Task { name: "structure", about: "looks for functions that are too long and for circles between files", run: structure::task },
    Task { name: "notices", about: "writes THIRD-PARTY.md anew from the crates in Cargo.lock", run: notices::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named = arguments.split_first().and_then(|(name, rest)| TASKS.iter().find(|task| task.name == name).map(|task| (task, rest)));
    match named {
        Some((task, rest)) => (task.run)(rest),
        None => {
            eprintln!("usage: cargo xtask TASK");
            for task in TASKS {
                eprintln!("  {:<10} {}", task.name, task.about);
            }
            ExitCode::from(2)
        }
    }
}
