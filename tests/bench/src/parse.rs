//! What reading a message costs: mail-parser alone, and with our summary in JSON. Prints the microseconds of both for one
//! message, first mail-parser's, the best of several rounds in which they take turns.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how it talks to the benchmark")]

use mail_parser::MessageParser;
use postkontor_bench::mailbox::Mailbox;
use postkontor_core::Opened;
use std::hint::black_box;
use std::time::Instant;

/// Rounds, and messages of 4 KB in each.
const ROUNDS: usize = 200;
const MESSAGES: usize = 100;

fn main() {
    let mailbox = Mailbox::new(MESSAGES, 4096);
    let (mut parser, mut summary) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        parser = parser.min(microseconds(&mailbox, |message| {
            black_box(MessageParser::default().parse(message));
        }));
        summary = summary.min(microseconds(&mailbox, |message| {
            black_box(Opened::new(message.to_vec()).summary().len());
        }));
    }
    println!("{parser:.3} {summary:.3}");
}

fn microseconds(mailbox: &Mailbox, work: impl Fn(&[u8])) -> f64 {
    let started = Instant::now();
    mailbox.iter().for_each(|(_, message)| work(message));
    started.elapsed().as_secs_f64() * 1e6 / mailbox.len() as f64
}
