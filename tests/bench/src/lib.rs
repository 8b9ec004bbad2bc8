//! The common ground of the benchmarks' servers: they are started and asked for their counters in the same way, and
//! keep replies back in the same way.
//!
//! The first line that a server prints on standard output is its port on 127.0.0.1. Each line on standard input is answered
//! with the counters as one line of JSON and sets them to zero; the end of standard input ends the server.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how a server talks to the benchmark")]

pub mod connection;
pub mod counters;
pub mod dialogue;
pub mod mailbox;
pub mod options;
pub mod outlet;
mod stream;

use counters::Counters;
use dialogue::Dialogue;
use options::Options;
use std::io::{BufRead, Result, stdin};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

/// Serves clients, a thread for each, until standard input ends.
pub fn serve<D: Dialogue>(options: Options, dialogue: impl Fn(Arc<Counters>) -> D + Send + Clone + 'static) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let counters = Arc::new(Counters::default());
    let counted = Arc::clone(&counters);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (counters, dialogue, options) = (Arc::clone(&counted), dialogue.clone(), options.clone());
            thread::spawn(move || {
                let dialogue = dialogue(Arc::clone(&counters));
                // A connection that breaks is the client's affair; the counters show what was lost.
                drop(connection::serve(stream, &options, dialogue, &counters));
            });
        }
    });
    for line in stdin().lock().lines() {
        line?;
        println!("{}", counters.take());
    }
    Ok(())
}
