//! The test programs of the workspace: built by cargo, run side by side, because most of their time is waiting.

use crate::harness::Reading;
use crate::workspace::{cargo, root};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

/// Tests that measure time or computing time, which neighbours would falsify: package, program, the part of it that measures.
const ALONE: &[(&str, &str, &str)] = &[("postkontor-tests", "hostile", "patience::"), ("postkontor-core", "message", "growth::")];

/// A test program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) package: String,
    /// `lib` for the unit tests of a library.
    pub(crate) target: String,
    file: PathBuf,
    /// The folder of its package, in which cargo would start it.
    folder: PathBuf,
}

/// One run of a program, ended.
pub(crate) struct Run {
    /// The package and the target, as `cargo test` would take them.
    pub(crate) name: String,
    /// Everything that the program printed.
    pub(crate) output: String,
    pub(crate) reading: Reading,
    /// The reasons of the tests that this machine cannot run.
    pub(crate) skipped: Vec<String>,
    /// How the program ended, where it did not end well.
    pub(crate) problem: Option<String>,
    pub(crate) seconds: u64,
}

impl Run {
    pub(crate) fn is_well(&self) -> bool {
        self.problem.is_none() && self.reading.failed == 0
    }
}

/// A program, and the tests of it to run.
struct Job<'a> {
    program: &'a Program,
    filter: Vec<&'a str>,
}

/// Builds the test programs of the workspace, no more than these arguments of `cargo test` say, and lists them. `None` if they cannot be built.
pub(crate) fn build(arguments: &[String]) -> Option<Vec<Program>> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"]).args(arguments);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().ok()?;
    let lines = BufReader::new(child.stdout.take()?).lines();
    let programs = lines.map_while(Result::ok).filter_map(|line| Program::read(&line)).collect();
    child.wait().is_ok_and(|status| status.success()).then_some(programs)
}

/// Runs programs side by side, then those that must be alone. `show` gets each run as soon as it ended.
pub(crate) fn run(programs: &[Program], mut show: impl FnMut(Run)) -> io::Result<()> {
    let folder = root().join("target").join("test-programs");
    std::fs::create_dir_all(&folder)?;
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    for program in programs {
        let measuring = ALONE.iter().find(|(package, target, _)| (*package, *target) == (&program.package, &program.target));
        together.push(Job { program, filter: measuring.map_or(Vec::new(), |(.., part)| vec!["--skip", part]) });
        alone.extend(measuring.map(|(.., part)| Job { program, filter: vec![part] }));
    }
    // The longest first, as long as they took last time; a new program may be a long one.
    together.sort_by_key(|job| std::cmp::Reverse(job.last_seconds(&folder)));
    side_by_side(together, places(), &folder, &mut show);
    side_by_side(alone, 1, &folder, &mut show);
    Ok(())
}

/// How many programs run at a time: twice as many as there are processors, because they wait more than they compute.
fn places() -> usize {
    2 * std::thread::available_parallelism().map_or(1, usize::from)
}

fn side_by_side(jobs: Vec<Job<'_>>, places: usize, folder: &Path, show: &mut impl FnMut(Run)) {
    let waiting = Mutex::new(jobs.into_iter());
    let (sender, runs) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..places {
            let (waiting, sender) = (&waiting, sender.clone());
            scope.spawn(move || {
                let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                // The receiver lives until the last sender is dropped.
                while let Some(job) = next() {
                    drop(sender.send(job.run(folder)));
                }
            });
        }
        drop(sender);
        runs.into_iter().for_each(&mut *show);
    });
}

impl Program {
    /// Reads a message of cargo's; only one about a test program has a file that can be run.
    fn read(message: &str) -> Option<Program> {
        // The target has a member of that name as well: whether it could be tested.
        let (_, profile) = message.split_once("\"profile\":{")?;
        let is_test = profile.split('}').next().is_some_and(|profile| profile.contains("\"test\":true"));
        let file = PathBuf::from(text_of(message, "executable").filter(|_| is_test)?);
        let manifest = PathBuf::from(text_of(message, "manifest_path")?);
        let (_, target) = message.split_once("\"target\":{")?;
        let is_library = target.starts_with("\"kind\":[\"lib\"") || target.starts_with("\"kind\":[\"cdylib\"");
        let target = if is_library { "lib".to_owned() } else { text_of(target, "name")? };
        let package = std::fs::read_to_string(&manifest).ok()?;
        let package = package.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))?.to_owned();
        Some(Program { package, target, file, folder: manifest.parent()?.to_owned() })
    }

    fn name(&self) -> String {
        format!("{} {}", self.package, self.target)
    }
}

impl Job<'_> {
    fn run(&self, folder: &Path) -> Run {
        let (name, begin) = (self.name(), Instant::now());
        let log = self.file(folder, "txt");
        let notes = self.file(folder, "skipped");
        // Left by an earlier run, or not there.
        let _ = std::fs::remove_file(&notes);
        let status = self.start(&log, &notes);
        let output = std::fs::read(&log).map_or(String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
        let mut reading = Reading::default();
        output.lines().for_each(|line| reading.line(line));
        let problem = match status {
            Ok(status) if status.success() => (!reading.is_complete()).then(|| "the program ended without a sum".to_owned()),
            // Its failed tests say the rest.
            Ok(_) if reading.is_complete() && reading.failed > 0 => None,
            Ok(status) => Some(format!("the program ended with {status}: {}", self.program.file.display())),
            Err(error) => Some(format!("the program cannot be run: {}: {error}", self.program.file.display())),
        };
        let skipped = std::fs::read_to_string(&notes).unwrap_or_default().lines().map(str::to_owned).collect();
        let seconds = begin.elapsed().as_secs();
        // It only decides the order of the next run.
        let _ = std::fs::write(self.file(folder, "seconds"), seconds.to_string());
        Run { name, output, reading, skipped, problem, seconds }
    }

    /// Starts the program as `cargo test` does and waits for its end.
    fn start(&self, log: &Path, notes: &Path) -> io::Result<std::process::ExitStatus> {
        let output = File::create(log)?;
        let mut command = Command::new(&self.program.file);
        command.args(&self.filter).current_dir(&self.program.folder).env("POSTKONTOR_SKIPPED", notes);
        command.env("CARGO_MANIFEST_DIR", &self.program.folder).env("CARGO_PKG_NAME", &self.program.package);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).status()
    }

    fn name(&self) -> String {
        let mut name = self.program.name();
        self.filter.iter().for_each(|word| name.extend([" ", word]));
        name
    }

    fn file(&self, folder: &Path, extension: &str) -> PathBuf {
        folder.join(format!("{}.{extension}", self.name().replace([' ', ':'], "-")))
    }

    /// How long the last run took; as long as possible for a program that has never run.
    fn last_seconds(&self, folder: &Path) -> u64 {
        let noted = std::fs::read_to_string(self.file(folder, "seconds")).ok();
        noted.and_then(|seconds| seconds.trim().parse().ok()).unwrap_or(u64::MAX)
    }
}

/// The first member of that name whose value is a text, in a JSON document of one line.
fn text_of(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    let mut text = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some(text),
            // A path has no other escapes than `\\` and `\"`.
            '\\' => text.push(characters.next()?),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_test_program_is_taken_from_what_cargo_says() {
        let manifest = root().join("xtask").join("Cargo.toml");
        let message = |kind: &str, test: bool, file: &str| {
            format!(
                "{{\"reason\":\"compiler-artifact\",\"package_id\":\"x\",\"manifest_path\":\"{}\",\"target\":{{\"kind\":[\"{kind}\"],\
                 \"crate_types\":[\"bin\"],\"name\":\"wire\",\"src_path\":\"y\",\"test\":true}},\"profile\":{{\"test\":{test}}},\"executable\":{file}}}",
                manifest.display()
            )
        };
        let read = Program::read(&message("test", true, "\"C:\\\\deps\\\\wire-1\"")).unwrap();
        assert_eq!((read.name().as_str(), read.file.to_str()), ("xtask wire", Some("C:\\deps\\wire-1")));
        assert_eq!(Program::read(&message("lib", true, "\"/deps/x\"")).unwrap().name(), "xtask lib");
        assert_eq!(Program::read(&message("bin", false, "\"/deps/x\"")), None);
        assert_eq!(Program::read(&message("test", true, "null")), None);
    }

    /// A program that is a shell script.
    #[cfg(unix)]
    fn script(target: &str, text: &str) -> Program {
        let folder = root().join("target").join("test-programs").join("of-xtask");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(target);
        std::fs::write(&file, text).unwrap();
        Program { package: "of-xtask".to_owned(), target: target.to_owned(), file: "/bin/sh".into(), folder }
    }

    #[cfg(unix)]
    fn run_script(target: &str, text: &str) -> Run {
        let program = script(target, text);
        Job { program: &program, filter: vec![target] }.run(&program.folder)
    }

    #[test]
    #[cfg(unix)]
    fn a_program_that_crashes_is_named_with_how_it_ended() {
        let run = run_script("crashes", "echo test a ... ok; kill -SEGV $$");
        assert!(run.problem.unwrap().contains("signal: 11"));
        assert_eq!((run.reading.passed, run.reading.failed), (0, 0));
        let run = run_script("exits", "echo running 3 tests; exit 0");
        assert_eq!(run.problem.unwrap(), "the program ended without a sum");
        let sum = "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured";
        let run = run_script("fails", &format!("echo 'test b ... FAILED' >&2; echo '{sum}'; exit 101"));
        assert_eq!((run.problem, run.reading.passed, run.reading.failed), (None, 1, 1));
        assert_eq!(run.reading.failures[0].test, "b");
        let run = run_script("late", &format!("echo '{}'; exit 134", sum.replace("1 failed", "0 failed")));
        assert!(run.problem.unwrap().contains("exit status: 134"));
    }

    #[test]
    #[cfg(unix)]
    fn programs_run_side_by_side_and_each_output_is_its_own() {
        // Each waits for the other one's file, so that they end only if both run at a time.
        let meet = |own: &str, other: &str| {
            let text = format!(
                "touch {own}.here; for i in $(seq 3000); do [ -e {other}.here ] && break; sleep 0.01; done; [ -e {other}.here ] || exit 1; \
                 echo I am {own}; echo 'test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured'"
            );
            script(own, &text)
        };
        let programs = [meet("first", "second"), meet("second", "first")];
        for program in &programs {
            let _ = std::fs::remove_file(program.folder.join(format!("{}.here", program.target)));
        }
        let jobs = programs.iter().map(|program| Job { program, filter: vec![&program.target] }).collect();
        let mut runs = Vec::new();
        side_by_side(jobs, 2, &programs[0].folder, &mut |run| runs.push(run));
        assert_eq!(runs.len(), 2);
        for run in runs {
            assert_eq!(run.problem, None, "{}", run.name);
            let own = run.name.rsplit(' ').next().unwrap();
            assert!(run.output.starts_with(&format!("I am {own}\n")) && run.output.matches("I am").count() == 1, "{}", run.output);
        }
    }
}
