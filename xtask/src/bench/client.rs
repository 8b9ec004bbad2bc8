//! One run of one client against a server of its own.

use super::build::Clients;
use super::workloads::{ACCOUNT, DELAY_MS, Who, Workload};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The cost of the work, each value for one mail.
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

/// Lets a client do its work; fails when the server did not see exactly the mails that it should have seen.
pub(crate) fn run_client(clients: &Clients, server: &mut Running, who: Who, workload: &Workload, mails: u32) -> Result<Cost, String> {
    // The files of an earlier run.
    drop(std::fs::remove_dir_all(clients.file.with_extension("saved")));
    let mut command = Command::new(&clients.measure);
    command.args(clients.command(who, workload.server)).args([server.port.as_str(), workload.work, &mails.to_string()]);
    command.arg(if workload.work == ACCOUNT { &clients.authority } else { &clients.file });
    let output = output(command, who)?;
    let counters = server.counters()?;
    let (took, errors) = (counter(&counters, "mails")?, counter(&counters, "errors")?);
    if took != u64::from(mails) || errors != 0 {
        return Err(format!("{who:?} was to send or fetch {mails} mails; the server saw {counters}"));
    }
    if workload.work == ACCOUNT && counter(&counters, "connections")? != u64::from(mails) {
        return Err(format!("{who:?} was to connect {mails} times; the server saw {counters}"));
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

/// Seconds that the check of a document of ten accounts takes, the mean of many in one process.
pub(crate) fn check_settings(clients: &Clients) -> Result<f64, String> {
    const TIMES: u32 = 500;
    let mut command = Command::new(&clients.postkontor);
    command.args(["0", "check", &TIMES.to_string()]);
    let output = output(command, Who::Postkontor)?;
    let seconds: f64 = output.trim().parse().map_err(|_| format!("the client reported \"{output}\""))?;
    Ok(seconds / f64::from(TIMES))
}

/// What a program prints that ends well.
pub(crate) fn output(mut command: Command, who: Who) -> Result<String, String> {
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

/// A running server.
pub(crate) struct Running {
    port: String,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Starts a server; one that begins with TLS writes its authority into that file.
    pub(crate) fn start(program: &Path, options: &[&str], authority: &Path) -> Result<Running, String> {
        let failed = |error: std::io::Error| format!("server: {error}");
        let mut command = Command::new(program);
        command.args(options);
        if options.last() == Some(&"--tls") {
            command.arg(authority);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else { return Err("the server has no pipes".into()) };
        let mut server = Running { port: String::new(), child, stdin, stdout: BufReader::new(stdout) };
        server.port = server.line()?;
        Ok(server)
    }

    /// Its counters since it was last asked.
    fn counters(&mut self) -> Result<String, String> {
        self.stdin.write_all(b"\n").map_err(|error| format!("server: {error}"))?;
        self.line()
    }

    /// Ends the server.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        drop(self.stdin);
        self.child.wait().map(drop).map_err(|error| format!("server: {error}"))
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).map_err(|error| format!("server: {error}"))?;
        Ok(line.trim().to_string())
    }
}
