//! The server of the benchmarks: takes mail over SMTP as fast as this machine can, counts it and throws it away.
//!
//! Usage: `bench-sink [--delay MS] [--quick-ack]`. The first line on standard output is the port on 127.0.0.1. Each line
//! on standard input is answered with the counters as one line of JSON and sets them to zero; the end of standard input
//! ends the server.
//!
//! - `--delay` keeps each reply back until that long after its command arrived. It is a line, not a toll booth: replies
//!   to commands that were sent together leave together, so a client that pipelines gains by it as it does on a real line.
//! - `--quick-ack` lets the kernel acknowledge each segment at once. Without it the kernel delays acknowledgements as it
//!   normally does, which is what makes a client wait that leaves Nagle's algorithm on and writes the final dot by itself.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how the sink talks to the benchmark")]

mod connection;
mod counters;
mod session;

use counters::Counters;
use std::io::{BufRead, Error, ErrorKind, Result, stdin};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How the sink treats its clients.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    delay: Duration,
    quick_ack: bool,
}

fn main() -> Result<()> {
    let options = options(std::env::args().skip(1))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let counters = Arc::new(Counters::default());
    let counted = Arc::clone(&counters);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counters = Arc::clone(&counted);
            thread::spawn(move || {
                // A connection that breaks is the client's affair; the counters show what was lost.
                drop(connection::serve(stream, options, &counters));
            });
        }
    });
    for line in stdin().lock().lines() {
        line?;
        println!("{}", counters.take());
    }
    Ok(())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--delay" => {
                let ms = arguments.next().and_then(|ms| ms.parse().ok());
                options.delay = Duration::from_millis(ms.ok_or_else(|| usage("--delay wants milliseconds"))?);
            }
            "--quick-ack" => options.quick_ack = true,
            other => return Err(usage(&format!("unknown option {other}"))),
        }
    }
    Ok(options)
}

fn usage(problem: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, problem)
}
