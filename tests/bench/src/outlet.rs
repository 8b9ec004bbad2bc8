//! Where replies go: to the socket at once, or through a line on which they take their time.

use crate::stream::Stream;
use std::io::{ErrorKind, Result, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// So much is gathered before it is written.
const BLOCK: usize = 256 * 1024;

/// Gathers replies and sends them on.
pub struct Outlet {
    gathered: Vec<u8>,
    /// Whether something was said since the last flush.
    spoke: bool,
    way: Way,
}

enum Way {
    Direct(Stream),
    Delayed { delay: Duration, line: Sender<(Instant, Vec<u8>)> },
}

impl Outlet {
    /// The way out of a connection. A delayed one is in clear text.
    pub(crate) fn open(stream: &Stream, delay: Duration) -> Result<Outlet> {
        let way = match stream {
            Stream::Clear(socket) if !delay.is_zero() => {
                let (socket, (line, due)) = (socket.try_clone()?, channel());
                thread::spawn(move || deliver(socket, &due));
                Way::Delayed { delay, line }
            }
            stream => Way::Direct(stream.clone()),
        };
        Ok(Outlet { gathered: Vec::new(), spoke: false, way })
    }

    /// Says something; it leaves with the next flush at the latest. What is large is not copied.
    pub fn say(&mut self, reply: &[u8]) -> Result<()> {
        self.spoke |= !reply.is_empty();
        if let Way::Direct(stream) = &mut self.way
            && self.gathered.len() + reply.len() > BLOCK
        {
            stream.write_all(&self.gathered)?;
            self.gathered.clear();
            if reply.len() > BLOCK {
                return stream.write_all(reply);
            }
        }
        self.gathered.extend_from_slice(reply);
        Ok(())
    }

    /// Sends what was said; whether there was anything.
    pub fn flush(&mut self) -> Result<bool> {
        if !self.gathered.is_empty() {
            match &mut self.way {
                Way::Direct(stream) => {
                    stream.write_all(&self.gathered)?;
                    self.gathered.clear();
                }
                Way::Delayed { delay, line } => {
                    let replies = std::mem::take(&mut self.gathered);
                    line.send((Instant::now() + *delay, replies)).map_err(|_| ErrorKind::BrokenPipe)?;
                }
            }
        }
        Ok(std::mem::take(&mut self.spoke))
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
