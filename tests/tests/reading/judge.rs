//! Foreign parsers as processes that live as long as the test: a message goes in with its length in front, a line of JSON comes out.

use crate::corpus;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A foreign parser.
pub(crate) struct Judge {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Judge {
    /// The version of Python that judges, as far as its email changes: `3.11`.
    pub(crate) fn python_version() -> String {
        let version = Command::new("python3").args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).output().unwrap();
        String::from_utf8_lossy(&version.stdout).trim().to_owned()
    }

    /// Python's email with this policy: `default` or `compat32`.
    pub(crate) fn python(policy: &str) -> Judge {
        Judge::start(Command::new("python3").arg(corpus::folder().join("judges").join("python.py")).arg(policy))
    }

    /// GMime, through a small C program; `None` where it cannot be built here.
    pub(crate) fn gmime() -> Option<(Judge, String)> {
        let flags =
            Command::new("pkg-config").args(["--cflags", "--libs", "gmime-3.0"]).output().ok().filter(|flags| flags.status.success())?;
        let program = std::env::temp_dir().join(format!("postkontor-gmime-{}", std::process::id()));
        let source = corpus::folder().join("judges").join("gmime.c");
        let flags = String::from_utf8_lossy(&flags.stdout).into_owned();
        let built = Command::new("cc").args(["-O1", "-o"]).arg(&program).arg(source).args(flags.split_whitespace()).status().ok()?;
        let version = Command::new(&program).arg("--version").output().ok().filter(|_| built.success())?;
        let judge = Judge::start(&mut Command::new(&program));
        // It runs on without its file.
        std::fs::remove_file(&program).ok()?;
        Some((judge, String::from_utf8_lossy(&version.stdout).trim().to_owned()))
    }

    fn start(command: &mut Command) -> Judge {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Judge { child, input, output }
    }

    /// What the parser tells of a message; `{"failed": …}` where it could not read it.
    pub(crate) fn told(&mut self, raw: &[u8]) -> Value {
        let input = self.input.as_mut().unwrap();
        input
            .write_all(&u32::try_from(raw.len()).unwrap().to_be_bytes())
            .and_then(|()| input.write_all(raw))
            .and_then(|()| input.flush())
            .unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // The parser ends with its input.
        self.input = None;
        let _ = self.child.wait();
    }
}
