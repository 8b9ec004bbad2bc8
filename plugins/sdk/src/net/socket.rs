//! A non-blocking socket and the waiting for it.

#[cfg(feature = "testing")]
use super::memory::End;
use crate::Call;
use crate::Error;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Bytes to read, or the end.
    Read,
    /// Room to write.
    Write,
}

/// How many of the first bytes a server sent are kept.
const OPENING: usize = 256;

/// The first bytes that a server sent, to recognise one that does not speak TLS.
///
/// Shared with the socket, since some TLS engines do not give a socket back after a failed handshake.
#[derive(Clone, Debug, Default)]
pub(super) struct Opening(Arc<Mutex<Vec<u8>>>);

impl Opening {
    /// What has arrived so far.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = OPENING - kept.len().min(OPENING);
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// A non-blocking socket that remembers what it is waiting for.
///
/// A TLS engine reads to write and writes to read; after its `WouldBlock` the socket knows which of the two was blocked.
#[derive(Debug)]
pub(super) struct Socket {
    wire: Wire,
    blocked: Direction,
    opening: Option<Opening>,
    is_ended: bool,
}

/// What a socket is made of.
#[derive(Debug)]
enum Wire {
    Tcp(TcpStream),
    #[cfg(feature = "testing")]
    Memory(End),
}

impl Socket {
    /// Takes a connected socket that is already non-blocking.
    pub(super) fn new(tcp: TcpStream) -> Socket {
        Socket { wire: Wire::Tcp(tcp), blocked: Direction::Read, opening: None, is_ended: false }
    }

    /// A connection within the process.
    #[cfg(feature = "testing")]
    pub(super) fn in_memory(end: End) -> Socket {
        Socket { wire: Wire::Memory(end), blocked: Direction::Read, opening: None, is_ended: false }
    }

    pub(super) fn local_address(&self) -> Option<SocketAddr> {
        match &self.wire {
            Wire::Tcp(tcp) => tcp.local_addr().ok(),
            #[cfg(feature = "testing")]
            Wire::Memory(_) => None,
        }
    }

    /// Whether TLS begins now on a connection within the process; `None` on all others.
    #[cfg(feature = "testing")]
    pub(super) fn pretend_tls(&mut self) -> Option<bool> {
        match &mut self.wire {
            Wire::Tcp(_) => None,
            Wire::Memory(end) => Some(end.secure()),
        }
    }

    /// What the last `WouldBlock` was about.
    pub(super) fn blocked(&self) -> Direction {
        self.blocked
    }

    /// Keeps the first bytes that arrive from now on.
    pub(super) fn keep_opening(&mut self) -> Opening {
        self.opening.insert(Opening::default()).clone()
    }

    /// Stops keeping the first bytes.
    pub(super) fn forget_opening(&mut self) {
        self.opening = None;
    }

    /// Whether the other side has closed its half of the connection, for an engine that cannot tell how it ended.
    #[cfg_attr(any(windows, all(unix, not(feature = "native-tls"))), allow(dead_code))]
    pub(super) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Waits one slice of the call, at most `longest`, and checks whether the call may go on. Returns whether the socket is ready.
    pub(super) fn wait(&self, direction: Direction, longest: Duration, call: &Call) -> Result<bool, Error> {
        let ready = match &self.wire {
            Wire::Tcp(tcp) => ready(tcp, direction, call.slice().min(longest)),
            #[cfg(feature = "testing")]
            // Writing never waits there.
            Wire::Memory(_) => !self.waits_in_vain(),
        };
        call.check()?;
        Ok(ready)
    }

    /// Whether no wait will ever end: only a connection within the process knows that.
    pub(super) fn waits_in_vain(&self) -> bool {
        match &self.wire {
            Wire::Tcp(_) => false,
            #[cfg(feature = "testing")]
            Wire::Memory(end) => end.is_silent(),
        }
    }
}

/// Waits until the socket is ready or the time is over. An interrupted wait counts as not ready: callers go round again.
pub(super) fn ready(tcp: &TcpStream, direction: Direction, longest: Duration) -> bool {
    let flags = if direction == Direction::Read { PollFlags::IN } else { PollFlags::OUT };
    // Rounded up to whole milliseconds: WSAPoll knows nothing finer, and zero would make the caller spin.
    let longest = Duration::from_millis(u64::try_from(longest.as_millis()).unwrap_or(u64::MAX).saturating_add(1).min(1000));
    let Ok(timeout) = Timespec::try_from(longest) else { return false };
    poll(&mut [PollFd::new(tcp, flags)], Some(&timeout)).is_ok_and(|ready| ready > 0)
}

/// What one write hands over. As long as there is any room at all, Windows takes a block of any size and keeps it in the system's memory, so that
/// nothing would show how far the server has read.
fn at_once(data: &[u8]) -> &[u8] {
    const MOST: usize = 256 * 1024;
    if cfg!(windows) && data.len() > MOST { &data[..MOST] } else { data }
}

impl Wire {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Tcp(tcp) => tcp.read(data),
            #[cfg(feature = "testing")]
            Wire::Memory(end) => end.read(data),
        }
    }

    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Tcp(tcp) => tcp.write(at_once(data)),
            #[cfg(feature = "testing")]
            Wire::Memory(end) => end.write(data),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let result = retried(|| self.wire.read(data));
        match &result {
            Ok(read) => {
                self.is_ended = *read == 0 && !data.is_empty();
                if let Some(opening) = &self.opening {
                    opening.add(&data[..*read]);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.blocked = Direction::Read,
            Err(_) => {}
        }
        result
    }
}

impl Write for Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let result = retried(|| self.wire.write(data));
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            self.blocked = Direction::Write;
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Repeats a call that a signal of the host's process has interrupted.
fn retried<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match work() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
