//! What reading messages costs: small ones beside mail-parser, a large one beside GMime.

use super::build::Clients;
use super::client::output;
use super::workloads::Who;
use std::process::Command;

/// How often a large message is read in a round, and how many rounds there are.
const TURNS: &str = "10";
const ROUNDS: usize = 5;

/// What a rival took, and what Postkontor did, in the same unit.
#[derive(Clone, Copy, Debug)]
struct Reading {
    rival: f64,
    ours: f64,
}

/// Microseconds that reading a message of 4 KB takes: mail-parser alone, and with our summary in JSON. Prints them, and returns the largest multiple of
/// mail-parser's time.
pub(crate) fn parse(clients: &Clients) -> Result<f64, String> {
    let output = output(Command::new(&clients.parse), Who::Postkontor)?;
    let values: Vec<f64> = output.split_whitespace().filter_map(|value| value.parse().ok()).collect();
    let [parser, summary, mixed_parser, mixed_summary] = values[..] else { return Err(format!("the client reported \"{output}\"")) };
    let readings = [Reading { rival: parser, ours: summary }, Reading { rival: mixed_parser, ours: mixed_summary }];
    println!("\n### A message of 4 KB read\n\n| Message | mail-parser | with our summary in JSON | |\n|---|---|---|---|");
    for (name, reading) in ["one text", "text, HTML, attachment"].into_iter().zip(readings) {
        println!("| {name} | {:.2} us | {:.2} us | {:.2} times |", reading.rival, reading.ours, reading.ours / reading.rival);
    }
    Ok(readings.iter().map(|reading| reading.ours / reading.rival).fold(0.0, f64::max))
}

/// Milliseconds that opening a message of 10 MB takes, with all its parts decoded: GMime, and we with a summary beside. Prints them, and returns how many
/// times as fast we are.
pub(crate) fn decode(clients: &Clients) -> Result<f64, String> {
    let [ours, rival] = &clients.decode;
    let file = clients.file.with_extension("eml");
    let mut best = Reading { rival: f64::INFINITY, ours: f64::INFINITY };
    let mut told = Vec::new();
    for _ in 0..ROUNDS {
        for (program, best) in [(ours, &mut best.ours), (rival, &mut best.rival)] {
            let mut command = Command::new(program);
            command.arg(&file).arg(TURNS);
            let output = output(command, Who::Postkontor)?;
            let (milliseconds, decoded) = output.trim().split_once(' ').unwrap_or_default();
            *best = best.min(milliseconds.parse().map_err(|_| format!("{} reported \"{output}\"", program.display()))?);
            told.push(decoded.to_owned());
        }
    }
    if told.iter().any(|decoded| *decoded != told[0]) {
        return Err(format!("GMime and Postkontor decoded different bytes (their number and sum): {told:?}"));
    }
    let times = best.rival / best.ours;
    println!("\n### A message of 10 MB opened from a file, all parts decoded\n\n| GMime | Postkontor, with its summary | |\n|---|---|---|");
    println!("| {:.2} ms | {:.2} ms | {times:.2} times as fast |", best.rival, best.ours);
    Ok(times)
}
