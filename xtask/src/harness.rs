//! Understands what a test program of Rust prints: its sum, and which tests failed with what.

/// How many lines of a failed test are repeated behind the sum.
const SHOWN: usize = 30;

/// A test that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) test: String,
    /// The output of the test, cut after [`SHOWN`] lines.
    pub(crate) said: Vec<String>,
}

/// The output of the programs of one step so far.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    pub(crate) failures: Vec<Failure>,
    sums: u64,
    /// The failure whose output is being read.
    speaking: Option<usize>,
}

impl Reading {
    /// Whether a sum was printed: a program that ends before has crashed.
    pub(crate) fn is_complete(&self) -> bool {
        self.sums > 0
    }

    /// Takes the next line.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(summary) = Summary::read(line) {
            self.passed += summary.passed;
            self.failed += summary.failed;
            self.ignored += summary.ignored;
            self.sums += 1;
            self.speaking = None;
        } else if let Some(test) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(Failure { test: test.to_owned(), said: Vec::new() });
        } else if let Some(test) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            // The last one of that name: an earlier program may have a test of the same name.
            self.speaking = self.failures.iter().rposition(|failure| failure.test == test);
        } else if line == "failures:" {
            self.speaking = None;
        } else if let Some(failure) = self.speaking.and_then(|index| self.failures.get_mut(index))
            && failure.said.len() < SHOWN
            && !line.trim().is_empty()
        {
            failure.said.push(line.to_owned());
        }
    }
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

    #[test]
    fn each_failed_test_is_named_with_what_it_said() {
        let output = "running 3 tests\ntest a::fine ... ok\ntest a::first ... FAILED\ntest a::second ... FAILED\n\nfailures:\n\n\
                      ---- a::first stdout ----\n\nthread 'a::first' panicked at x.rs:1:1:\nno\n\n---- a::second stdout ----\nneither\n\n\
                      failures:\n    a::first\n    a::second\n\ntest result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured\n\n\
                      running 1 test\ntest a::first ... FAILED\n\nfailures:\n\n---- a::first stdout ----\nthe other program's\n\n\
                      failures:\n    a::first\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured\n";
        let mut reading = Reading::default();
        output.lines().for_each(|line| reading.line(line));
        let found: Vec<(&str, Vec<&str>)> =
            reading.failures.iter().map(|failure| (failure.test.as_str(), failure.said.iter().map(String::as_str).collect())).collect();
        let expected = vec![
            ("a::first", vec!["thread 'a::first' panicked at x.rs:1:1:", "no"]),
            ("a::second", vec!["neither"]),
            ("a::first", vec!["the other program's"]),
        ];
        assert_eq!(found, expected);
        assert_eq!((reading.passed, reading.failed), (1, 3));
    }

    #[test]
    fn what_a_test_says_without_end_is_cut() {
        let mut reading = Reading::default();
        reading.line("test talks ... FAILED");
        reading.line("---- talks stdout ----");
        (0..1000).for_each(|number| reading.line(&number.to_string()));
        assert_eq!(reading.failures[0].said.len(), SHOWN);
    }
}
