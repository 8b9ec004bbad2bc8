//! The server that mails are sent to: takes them over SMTP as fast as this machine can, counts them and throws them away.
//!
//! Usage: `bench-sink [--delay MS] [--quick-ack] [--tls FILE]`; the library of this package tells what these mean and how a server is asked.

#![forbid(unsafe_code)]

mod session;

use postkontor_bench::options::{Options, usage};
use postkontor_bench::serve;
use session::Session;
use std::io::Result;

fn main() -> Result<()> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if !options.take(&argument, &mut arguments)? {
            return Err(usage(&format!("unknown option {argument}")));
        }
    }
    let login = options.tls.is_some();
    serve(options, move |counters| Session::new(counters, login))
}
