//! One connection: bytes in, replies out, at once or through the delay line.

use crate::counters::Counters;
use crate::dialogue::Dialogue;
use crate::options::Options;
use crate::outlet::Outlet;
use crate::stream::Stream;
use std::io::{Read, Result};
use std::net::TcpStream;
use std::sync::atomic::Ordering::Relaxed;

/// Serves a client until either side ends the connection.
pub fn serve(socket: TcpStream, options: &Options, mut dialogue: impl Dialogue, counters: &Counters) -> Result<()> {
    socket.set_nodelay(true)?;
    counters.connections.fetch_add(1, Relaxed);
    let mut stream = Stream::accept(socket, options.tls.as_ref())?;
    let mut outlet = Outlet::open(&stream, options.delay)?;
    // Twice what a client would write at once, so that the server is not what limits the transfer of large mails.
    let mut buffer = vec![0; 256 * 1024];
    let mut filled = 0;
    dialogue.greet(&mut outlet)?;
    outlet.flush()?;
    while !dialogue.ended() {
        if options.quick_ack {
            // The kernel falls back to delaying by itself, so the option is set again before each wait.
            stream.with_socket(acknowledge_at_once)?;
        }
        let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) else { break };
        let read = stream.read(free)?;
        if read == 0 {
            break;
        }
        filled += read;
        let taken = dialogue.feed(&buffer[..filled], &mut outlet)?;
        buffer.copy_within(taken..filled, 0);
        filled -= taken;
        if outlet.flush()? {
            counters.turns.fetch_add(1, Relaxed);
        }
    }
    dialogue.cut();
    stream.close();
    Ok(())
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> Result<()> {
    Ok(rustix::net::sockopt::set_tcp_quickack(stream, true)?)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) -> Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
