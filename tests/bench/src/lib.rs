//! What the servers of the benchmarks have in common: they are started and asked for their counters in the same way, and
//! keep replies back in the same way.
//!
//! The first line that a server prints on standard output is its port on 127.0.0.1. Each line on standard input is answered
//! with the counters as one line of JSON and sets them to zero; the end of standard input ends the server.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how a server talks to the benchmark")]

pub mod connection;
pub mod counters;
pub mod mailbox;
pub mod outlet;

use counters::Counters;
use outlet::Outlet;
use std::io::{BufRead, Error, ErrorKind, Result, stdin};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How a server treats its clients.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Each reply is kept back until that long after its command arrived. It is a line, not a toll booth: replies to commands
    /// that were sent together leave together, so a client that pipelines gains by it as it does on a real line.
    pub delay: Duration,
    /// The kernel acknowledges each segment at once. Without it the kernel delays acknowledgements as it normally does, which
    /// is what makes a client wait that leaves Nagle's algorithm on and writes the end of a mail by itself.
    pub quick_ack: bool,
}

impl Options {
    /// Takes an option that every server has; whether it was one.
    pub fn take(&mut self, argument: &str, rest: &mut impl Iterator<Item = String>) -> Result<bool> {
        match argument {
            "--delay" => self.delay = Duration::from_millis(number(argument, rest)?),
            "--quick-ack" => self.quick_ack = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The number behind an option.
pub fn number(option: &str, rest: &mut impl Iterator<Item = String>) -> Result<u64> {
    rest.next().and_then(|number| number.parse().ok()).ok_or_else(|| usage(&format!("{option} wants a number")))
}

/// The error of whoever does not know how a server is started.
pub fn usage(problem: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, problem)
}

/// The server's side of a conversation.
pub trait Dialogue {
    /// Says what a server says first.
    fn greet(&mut self, outlet: &mut Outlet) -> Result<()>;
    /// Works through `input` and tells how much of it was used up; the rest is fed again with more behind it.
    fn feed(&mut self, input: &[u8], outlet: &mut Outlet) -> Result<usize>;
    /// The client has taken its leave.
    fn ended(&self) -> bool;
    /// Takes note of the connection's end.
    fn cut(&self) {}
}

/// Serves clients, a thread for each, until standard input ends.
pub fn serve<D: Dialogue>(options: Options, dialogue: impl Fn(Arc<Counters>) -> D + Send + Clone + 'static) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let counters = Arc::new(Counters::default());
    let counted = Arc::clone(&counters);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (counters, dialogue) = (Arc::clone(&counted), dialogue.clone());
            thread::spawn(move || {
                let dialogue = dialogue(Arc::clone(&counters));
                // A connection that breaks is the client's affair; the counters show what was lost.
                drop(connection::serve(stream, options, dialogue, &counters));
            });
        }
    });
    for line in stdin().lock().lines() {
        line?;
        println!("{}", counters.take());
    }
    Ok(())
}
