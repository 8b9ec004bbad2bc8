//! Sending and fetching at Exchange, beside exchangelib. The server is the double of the tests, whose own time is taken off.

use std::path::Path;
use std::process::{Command, Stdio};

/// How many mails are sent, and how many are fetched.
const SENT: f64 = 1000.0;
const RECEIVED: f64 = 200.0;

/// What one client needed.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    pub(crate) name: String,
    /// Mails in a second of the time that the client itself needed.
    pub(crate) sent: f64,
    pub(crate) fetched: f64,
    pub(crate) connections: f64,
    pub(crate) handshakes: f64,
}

/// Lets all clients work once; none where the double cannot be had, which its program says.
pub(crate) fn compare(program: &Path, plugins: &Path) -> Result<Vec<Cost>, String> {
    let mut command = Command::new(program);
    command.arg(plugins).args([SENT.to_string(), RECEIVED.to_string()]).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", program.display(), output.status));
    }
    String::from_utf8_lossy(&output.stdout).lines().map(read).collect()
}

fn read(line: &str) -> Result<Cost, String> {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default().to_owned();
    let numbers: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
    let [sending, to_send, fetching, to_fetch, connections, handshakes] = numbers[..] else {
        return Err(format!("bench-exchange reported \"{line}\""));
    };
    println!(
        "| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {connections} | {handshakes} |",
        SENT / sending,
        SENT / (sending - to_send),
        RECEIVED / fetching,
        RECEIVED / (fetching - to_fetch)
    );
    Ok(Cost { name, sent: SENT / (sending - to_send), fetched: RECEIVED / (fetching - to_fetch), connections, handshakes })
}

/// Prints the head of the table that [`compare`] fills.
pub(crate) fn print_head() {
    println!("\n### 1000 mails of 2 KB sent at Exchange, and 200 fetched\n");
    println!("| Client | Sent/s | without the double's time | Fetched/s | without the double's time | Connections | Handshakes |");
    println!("|---|---|---|---|---|---|---|");
}
