//! One connection: bytes in, replies out, at once or through the delay line.

use crate::Options;
use crate::counters::Counters;
use crate::session::Session;

use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Serves a client until one of both sides has had enough.
pub(crate) fn serve(mut stream: TcpStream, options: Options, counters: &Counters) -> Result<()> {
    stream.set_nodelay(true)?;
    counters.connections.fetch_add(1, Relaxed);
    let mut outlet = Outlet::open(&stream, options.delay)?;
    let mut session = Session::new(counters);
    // Twice what a client would write at once, so that the sink is not what limits the transfer of large mails.
    let mut buffer = vec![0; 256 * 1024];
    let mut filled = 0;
    outlet.reply(session.greeting())?;
    while !session.ended() {
        if options.quick_ack {
            // The kernel falls back to delaying by itself, so it has to be told again before each wait.
            acknowledge_at_once(&stream)?;
        }
        let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) else { break };
        let read = stream.read(free)?;
        if read == 0 {
            break;
        }
        filled += read;
        let taken = session.feed(&buffer[..filled]);
        buffer.copy_within(taken..filled, 0);
        filled -= taken;
        if let Some(replies) = session.replies() {
            counters.turns.fetch_add(1, Relaxed);
            outlet.reply(replies)?;
        }
    }
    session.cut();
    Ok(())
}

/// Where replies go.
enum Outlet {
    Direct(TcpStream),
    Delayed { delay: Duration, line: Sender<(Instant, Vec<u8>)> },
}

impl Outlet {
    fn open(stream: &TcpStream, delay: Duration) -> Result<Outlet> {
        let stream = stream.try_clone()?;
        if delay.is_zero() {
            return Ok(Outlet::Direct(stream));
        }
        let (line, due) = channel();
        thread::spawn(move || deliver(stream, &due));
        Ok(Outlet::Delayed { delay, line })
    }

    fn reply(&mut self, replies: Vec<u8>) -> Result<()> {
        match self {
            Outlet::Direct(stream) => stream.write_all(&replies),
            Outlet::Delayed { delay, line } => {
                line.send((Instant::now() + *delay, replies)).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
            }
        }
    }
}

/// Writes each reply when it is due. They come in the order in which they are due.
fn deliver(mut stream: TcpStream, due: &Receiver<(Instant, Vec<u8>)>) {
    for (moment, replies) in due {
        thread::sleep(moment.saturating_duration_since(Instant::now()));
        if stream.write_all(&replies).is_err() {
            return;
        }
    }
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> Result<()> {
    Ok(rustix::net::sockopt::set_tcp_quickack(stream, true)?)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) -> Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
