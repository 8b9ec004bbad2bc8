//! One run of one client against a server of its own.

use super::build::Clients;
use super::{DELAY_MS, Who};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What the work cost, each value for one mail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    pub(crate) cpu_us: f64,
    pub(crate) bytes: f64,
    /// Of the whole process.
    pub(crate) peak_mb: f64,
}

impl Cost {
    /// Mails in a second.
    pub(crate) fn rate(&self) -> f64 {
        1.0 / self.seconds
    }

    /// Round trips that a mail took, where replies are delayed.
    pub(crate) fn round_trips(&self) -> f64 {
        self.seconds * 1e3 / DELAY_MS as f64
    }
}

/// Lets a client do its work; fails when the server did not get exactly the mails that it should have got.
pub(crate) fn run_client(clients: &Clients, who: Who, sink: &[&str], work: &str, mails: u32) -> Result<Cost, String> {
    let sink = Sink::start(clients, sink)?;
    let mut command = Command::new(&clients.measure);
    command.args(clients.command(who)).args([sink.port.as_str(), work, &mails.to_string()]).arg(&clients.file);
    let output = output(command, who)?;
    let counters = sink.stop()?;
    let (took, errors) = (counter(&counters, "mails")?, counter(&counters, "errors")?);
    if took != u64::from(mails) || errors != 0 {
        return Err(format!("{who:?} was to send {mails} mails; the server saw {counters}"));
    }
    let values: Vec<f64> = output.split_whitespace().filter_map(|value| value.parse().ok()).collect();
    let [seconds, cpu_us, peak_kb] = values[..] else { return Err(format!("{who:?} reported \"{output}\"")) };
    let mails = f64::from(mails);
    let bytes = counter(&counters, "bytes")? as f64 / mails;
    Ok(Cost { seconds: seconds / mails, cpu_us: cpu_us / mails, bytes, peak_mb: peak_kb / 1024.0 })
}

/// Seconds that opening a host with all plugins takes in a fresh process.
pub(crate) fn open_host(clients: &Clients) -> Result<f64, String> {
    let mut command = Command::new(&clients.postkontor);
    command.args(["0", "open", "1"]);
    let output = output(command, Who::Postkontor)?;
    output.trim().parse().map_err(|_| format!("the client reported \"{output}\""))
}

fn output(mut command: Command, who: Who) -> Result<String, String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{who:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{who:?} ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn counter(counters: &str, name: &str) -> Result<u64, String> {
    let digits = counters.split_once(&format!("\"{name}\":")).map(|(_, rest)| rest.split([',', '}']).next().unwrap_or_default());
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| format!("the server counted \"{counters}\""))
}

/// A running `bench-sink`.
struct Sink {
    port: String,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Sink {
    fn start(clients: &Clients, options: &[&str]) -> Result<Sink, String> {
        let failed = |error: std::io::Error| format!("bench-sink: {error}");
        let mut child = Command::new(&clients.sink).args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else { return Err("bench-sink has no pipes".into()) };
        let mut sink = Sink { port: String::new(), child, stdin, stdout: BufReader::new(stdout) };
        sink.port = sink.line()?;
        Ok(sink)
    }

    /// Ends the server and returns what it counted.
    fn stop(mut self) -> Result<String, String> {
        self.stdin.write_all(b"\n").map_err(|error| format!("bench-sink: {error}"))?;
        let counters = self.line()?;
        drop(self.stdin);
        self.child.wait().map_err(|error| format!("bench-sink: {error}"))?;
        Ok(counters)
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).map_err(|error| format!("bench-sink: {error}"))?;
        Ok(line.trim().to_string())
    }
}
