//! Runs commands one after another and counts what they say about tests.

use crate::harness::{Failure, Reading};
use crate::programs::{self, Program};
use crate::workspace::root;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The counts of all that ran so far.
#[derive(Default)]
pub(crate) struct Steps {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// The steps that failed, each with the tests that did.
    broken: Vec<(String, Vec<Failure>)>,
}

impl Steps {
    /// Runs a check that has no tests in it; it counts as one that passed or failed.
    pub(crate) fn check(&mut self, name: &str, command: &mut Command) -> bool {
        self.look(name, || command.stdin(Stdio::null()).status().is_ok_and(|status| status.success()))
    }

    /// Runs tests by cargo; each summary line of theirs is counted. Tests that a machine cannot run write a line into the file named by
    /// `POSTKONTOR_SKIPPED`, and count as skipped.
    pub(crate) fn tests(&mut self, name: &str, command: &mut Command) {
        let begin = heading(name);
        let notes = root().join("target").join("skipped.txt");
        // Left by an earlier run, or not there.
        let _ = std::fs::remove_file(&notes);
        let (done, reading) = read(command.env("POSTKONTOR_SKIPPED", &notes));
        let skipped: Vec<String> = std::fs::read_to_string(&notes).unwrap_or_default().lines().map(str::to_owned).collect();
        // A command that ended before its sum, or built nothing, has failed as well.
        let problem = (!done && reading.failed == 0).then(|| "ended without a failed test".to_owned());
        self.count(name, reading, &skipped, problem);
        ending(name, done, begin);
    }

    /// Runs test programs side by side; each one's output is printed when it ended.
    pub(crate) fn programs(&mut self, programs: &[Program]) {
        let name = format!("{} test programs", programs.len());
        let (begin, before) = (heading(&name), self.failed);
        let ran = programs::run(programs, |run| {
            println!("\n-- {}\n{}", run.name, run.output.trim_matches('\n'));
            println!("-- {}: {} after {} s", run.name, if run.is_well() { "done" } else { "FAILED" }, run.seconds);
            self.count(&run.name, run.reading, &run.skipped, run.problem);
        });
        if let Err(error) = ran {
            println!("{error}");
            self.fail(&name);
        }
        ending(&name, self.failed == before, begin);
    }

    /// Adds what tests said. `problem`: what went wrong beside the tests that failed.
    fn count(&mut self, name: &str, reading: Reading, skipped: &[String], problem: Option<String>) {
        for reason in skipped {
            println!("skipped: {reason}");
        }
        self.skipped += reading.ignored + skipped.len() as u64;
        self.passed += reading.passed.saturating_sub(skipped.len() as u64);
        self.failed += reading.failed + u64::from(problem.is_some());
        if reading.failed > 0 || problem.is_some() {
            let name = problem.map_or(name.to_owned(), |problem| format!("{name}: {problem}"));
            self.broken.push((name, reading.failures));
        }
    }

    /// Runs a check that is no command of its own.
    pub(crate) fn look(&mut self, name: &str, check: impl FnOnce() -> bool) -> bool {
        let begin = heading(name);
        let done = check();
        if done {
            self.passed += 1;
        } else {
            self.fail(name);
        }
        ending(name, done, begin);
        done
    }

    /// Notes what this machine cannot do, and why.
    pub(crate) fn skip(&mut self, reason: &str) {
        println!("skipped: {reason}");
        self.skipped += 1;
    }

    /// Notes a failure.
    pub(crate) fn fail(&mut self, name: &str) {
        self.failed += 1;
        self.broken.push((name.to_owned(), Vec::new()));
    }

    /// Prints what failed and the sum, behind all else, since the middle of a long output is what gets cut; true when nothing failed.
    pub(crate) fn finish(self) -> bool {
        for (name, failures) in &self.broken {
            for failure in failures {
                println!("\n---- {name}: {}", failure.test);
                failure.said.iter().for_each(|line| println!("{line}"));
            }
        }
        println!();
        for (name, failures) in &self.broken {
            println!("FAILED: {name}");
            for failure in failures {
                println!("FAILED: {name}: {}", failure.test);
            }
        }
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        self.failed == 0
    }
}

fn heading(name: &str) -> Instant {
    println!("\n== {name}");
    Instant::now()
}

fn ending(name: &str, done: bool, begin: Instant) {
    println!("== {name}: {} after {} s", if done { "done" } else { "FAILED" }, begin.elapsed().as_secs());
}

/// Runs a command, passes on what it prints, and reads it. False when it failed.
fn read(command: &mut Command) -> (bool, Reading) {
    let mut reading = Reading::default();
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() else { return (false, reading) };
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            reading.line(&line);
        }
    }
    (child.wait().is_ok_and(|status| status.success()), reading)
}
