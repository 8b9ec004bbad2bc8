//! Runs commands one after another and counts what they say about tests.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The counts of all that ran so far.
#[derive(Default)]
pub(crate) struct Steps {
    passed: u64,
    failed: u64,
    skipped: u64,
    broken: Vec<String>,
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The cargo that runs this task.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

impl Steps {
    /// Runs a check that has no tests in it; it counts as one that passed or failed.
    pub(crate) fn check(&mut self, name: &str, command: &mut Command) -> bool {
        self.look(name, || command.stdin(Stdio::null()).status().is_ok_and(|status| status.success()))
    }

    /// Runs tests; each summary line of theirs is counted. Tests that a machine cannot run write a line into the file named by
    /// `POSTKONTOR_SKIPPED`, and count as skipped.
    pub(crate) fn tests(&mut self, name: &str, command: &mut Command) -> bool {
        let begin = heading(name);
        let notes = root().join("target").join("skipped.txt");
        // Left by an earlier run, or not there.
        let _ = std::fs::remove_file(&notes);
        let before = self.failed;
        let done = self.count(command.env("POSTKONTOR_SKIPPED", &notes));
        let skipped: Vec<String> = std::fs::read_to_string(&notes).unwrap_or_default().lines().map(str::to_owned).collect();
        for reason in &skipped {
            println!("skipped: {reason}");
        }
        self.skipped += skipped.len() as u64;
        self.passed = self.passed.saturating_sub(skipped.len() as u64);
        if !done {
            self.broken.push(name.to_owned());
            if self.failed == before {
                self.failed += 1;
            }
        }
        ending(name, done, begin);
        done
    }

    fn count(&mut self, command: &mut Command) -> bool {
        let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() else { return false };
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                println!("{line}");
                if let Some(summary) = Summary::read(&line) {
                    self.passed += summary.passed;
                    self.failed += summary.failed;
                    self.skipped += summary.ignored;
                }
            }
        }
        child.wait().is_ok_and(|status| status.success())
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
        self.broken.push(name.to_owned());
    }

    /// Prints the sum; true when nothing failed.
    pub(crate) fn finish(self) -> bool {
        for name in &self.broken {
            println!("FAILED: {name}");
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

/// `test result: ok. 7 passed; 0 failed; 0 ignored; …`
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Summary {
    fn read(line: &str) -> Option<Summary> {
        let rest = line.strip_prefix("test result: ")?;
        let number = |word: &str| {
            let (before, _) = rest.split_once(&format!(" {word}"))?;
            before.rsplit(' ').next()?.parse().ok()
        };
        Some(Summary { passed: number("passed")?, failed: number("failed")?, ignored: number("ignored")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_cargo_test_is_understood() {
        let line = "test result: FAILED. 17 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s";
        assert_eq!(Summary::read(line), Some(Summary { passed: 17, failed: 2, ignored: 1 }));
        assert_eq!(Summary::read("test a ... ok"), None);
    }
}
