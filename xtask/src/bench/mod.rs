//! `cargo xtask bench`: the same work done by Postkontor, libcurl, lettre, libetpan and Python's library, as ratios.
//!
//! Every client does the same work against the same server on loopback (tests/bench), in turn and several times over, so
//! that what else the machine does hits all alike. The promises at the end compare what was measured in this one run;
//! docs/benchmarks.md explains them. The task fails when one of them is not kept.

mod build;
mod client;
mod exchange;
mod promises;
mod protecting;
mod reading;
mod workloads;

use crate::packages;
use build::Clients;
use client::{Cost, Running, run_client};
use promises::{Promise, Results, promises};
use std::io::IsTerminal;
use std::process::ExitCode;
use workloads::Server::Dovecot;
use workloads::Who::{Python, Smtplib};
use workloads::{OTHERS, WORKLOADS, Who, Workload};

/// Short work scatters most, so it is done again, at most so many times, until a turn has lasted so many seconds.
const REPETITIONS: usize = 10;
const TURN: f64 = 1.0;

/// Runs the benchmark. `--rounds N` is how often everything is done (3); a name of a workload limits it to that one.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let (rounds, only) = match options(arguments) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\nusage: cargo xtask bench [--rounds N] [WORKLOAD]");
            return ExitCode::from(2);
        }
    };
    packages::provide(&[packages::BUILD, packages::TESTS]);
    match measure(rounds, only) {
        Ok(promises) if promises.iter().all(|promise| promise.kept) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn options(arguments: &[String]) -> Result<(usize, Option<&str>), String> {
    let (mut rounds, mut only) = (3, None);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = arguments.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).ok_or("--rounds wants a number")?,
            name if WORKLOADS.iter().any(|workload| workload.name == name) || OTHERS.contains(&name) => only = Some(name),
            other => {
                let names: Vec<_> = WORKLOADS.iter().map(|workload| workload.name).chain(OTHERS).collect();
                return Err(format!("there is no workload \"{other}\"; there are \"{}\"", names.join("\", \"")));
            }
        }
    }
    Ok((rounds, only))
}

fn measure(rounds: usize, only: Option<&str>) -> Result<Vec<Promise>, String> {
    let clients = build::build()?;
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    let mut results = Results::new();
    for workload in WORKLOADS.iter().filter(|workload| wanted(workload.name)) {
        let costs = compare(workload, &clients, rounds)?;
        print_costs(workload, &costs);
        results.push((workload, costs));
    }
    let mut openings = Vec::new();
    if wanted("open") {
        openings = (0..20).map(|_| client::open_host(&clients)).collect::<Result<Vec<f64>, String>>()?;
        openings.sort_by(f64::total_cmp);
        println!(
            "\n### Host opened, and all plugins for the list of transports\n\n{:.2} ms (median of {}), {:.2} ms at best",
            median(&openings) * 1e3,
            openings.len(),
            openings[0] * 1e3
        );
    }
    let mut checks = Vec::new();
    if wanted("check") {
        checks = (0..10).map(|_| client::check_settings(&clients)).collect::<Result<Vec<f64>, String>>()?;
        checks.sort_by(f64::total_cmp);
        println!(
            "\n### `check` of a document of 10 accounts, all plugins open\n\n{:.3} ms (median of {}), {:.3} ms at best",
            median(&checks) * 1e3,
            checks.len(),
            checks[0] * 1e3
        );
    }
    let parsing = if wanted("parse") { Some(reading::parse(&clients)?) } else { None };
    let decoding = if wanted("decode") { Some(reading::decode(&clients)?) } else { None };
    let protecting = if wanted("smime") { Some(protecting::protect(&clients)?) } else { None };
    let mut at_exchange = Vec::new();
    if wanted("exchange") {
        exchange::print_head();
        at_exchange = exchange::compare(&clients.exchange, &clients.plugins)?;
    }
    let opening = (!openings.is_empty()).then(|| median(&openings));
    let checking = (!checks.is_empty()).then(|| median(&checks));
    let promises = promises(&results, (opening, checking), (parsing, decoding), protecting, &at_exchange);
    println!("\n### Promises\n\n| Promise | Measured | |\n|---|---|---|");
    for promise in &promises {
        println!("| {} | {} | {} |", promise.text, promise.measured, if promise.kept { "kept" } else { "**NOT KEPT**" });
    }
    Ok(promises)
}

/// Lets the clients work in turn, several times over, and takes each one's medians.
fn compare(workload: &Workload, clients: &Clients, rounds: usize) -> Result<Vec<(Who, Cost)>, String> {
    let mut costs: Vec<(Who, Vec<Cost>)> = workload.mails.iter().map(|(who, _)| (*who, Vec::new())).collect();
    let mut server = Running::start(clients.server(workload.server), workload.options, &clients.authority)?;
    if let (Dovecot, Some((who, mails))) = (workload.server, workload.mails.get(1)) {
        // The first client would wait for Dovecot's index.
        run_client(clients, &mut server, *who, workload, *mails)?;
    }
    for round in 0..rounds {
        let mut lasted = vec![0.0; costs.len()];
        // One after the other in each repetition, so that what the machine does meanwhile hits all alike.
        for repetition in 0..REPETITIONS {
            for (((who, mails), (_, costs)), lasted) in workload.mails.iter().zip(&mut costs).zip(&mut lasted) {
                // Python is a yardstick that no promise mentions, and slow: once is enough.
                let is_over = *lasted >= TURN || matches!(who, Smtplib | Python) && (round, repetition) != (0, 0);
                if is_over {
                    continue;
                }
                if std::io::stderr().is_terminal() {
                    eprint!("\r\x1b[K{}: {who:?}, round {} of {rounds}", workload.name, round + 1);
                }
                let cost = run_client(clients, &mut server, *who, workload, *mails)?;
                *lasted += cost.seconds * f64::from(*mails);
                costs.push(cost);
            }
        }
    }
    server.stop()?;
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    Ok(costs.into_iter().map(|(who, costs)| (who, medians(&costs))).collect())
}

fn medians(costs: &[Cost]) -> Cost {
    let of = |value: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        median(&values)
    };
    Cost {
        seconds: of(|cost| cost.seconds),
        cpu_us: of(|cost| cost.cpu_us),
        peak_mb: of(|cost| cost.peak_mb),
        bytes: of(|cost| cost.bytes),
    }
}

/// The middle of sorted values.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

fn print_costs(workload: &Workload, costs: &[(Who, Cost)]) {
    let delayed = workload.name.contains("delay");
    println!("\n### {}\n", workload.title);
    println!(
        "| Client | Mails/s | Postkontor is | CPU us/mail | Postkontor uses | Peak MB | Bytes/mail |{}",
        if delayed { " Round trips/mail |" } else { "" }
    );
    println!("|---|---|---|---|---|---|---|{}", if delayed { "---|" } else { "" });
    let ours = costs[0].1;
    for (who, cost) in costs {
        print!("| {who:?} | {:.1} | {:.2} times as fast ", cost.rate(), ours.rate() / cost.rate());
        print!("| {:.1} | {:.2} of it | {:.1} | {:.0} |", cost.cpu_us, ours.cpu_us / cost.cpu_us, cost.peak_mb, cost.bytes);
        println!("{}", if delayed { format!(" {:.2} |", cost.round_trips()) } else { String::new() });
    }
}
