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
    /// Python's email with this policy: `default` or `compat32`.
    pub(crate) fn python(policy: &str) -> Judge {
        Judge::start(Command::new("python3").arg(corpus::folder().join("judges").join("python.py")).arg(policy))
    }

    pub(crate) fn start(command: &mut Command) -> Judge {
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
