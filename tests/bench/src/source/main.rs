//! The server that mails are fetched from: gives the same messages to each client, from memory, as fast as this machine can.
//!
//! Usage: `bench-source pop3|imap [--messages N] [--bytes N] [--delay MS] [--quick-ack]`; the library of this package tells how
//! a server is asked. Every name and password is right.

#![forbid(unsafe_code)]

mod imap;
mod pop3;

use postkontor_bench::mailbox::Mailbox;
use postkontor_bench::options::{Options, number, usage};
use postkontor_bench::serve;
use std::io::Result;
use std::sync::Arc;

fn main() -> Result<()> {
    let mut options = Options::default();
    let (mut messages, mut bytes) = (10_000, 4096);
    let mut arguments = std::env::args().skip(1);
    let protocol = arguments.next().unwrap_or_default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--messages" => messages = number(&argument, &mut arguments)?,
            "--bytes" => bytes = number(&argument, &mut arguments)?,
            _ if options.take(&argument, &mut arguments)? => (),
            other => return Err(usage(&format!("unknown option {other}"))),
        }
    }
    let mailbox = Arc::new(Mailbox::new(messages as usize, bytes as usize));
    match protocol.as_str() {
        "pop3" => serve(options, move |counters| pop3::Session::new(Arc::clone(&mailbox), counters)),
        "imap" => serve(options, move |counters| imap::Session::new(Arc::clone(&mailbox), counters)),
        other => Err(usage(&format!("unknown protocol \"{other}\""))),
    }
}
