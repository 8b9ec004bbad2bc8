//! A non-blocking socket and the waiting for it.

use crate::Call;
use crate::Error;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Bytes to read, or the end.
    Read,
    /// Room to write.
    Write,
}

/// How many of the first bytes a server sent are kept, to recognise one that does not speak TLS.
const OPENING: usize = 256;

/// A non-blocking socket that remembers what it is waiting for.
///
/// A TLS engine reads to write and writes to read; whoever gets `WouldBlock` from it finds here which of the two it was.
#[derive(Debug)]
pub(super) struct Socket {
    tcp: TcpStream,
    blocked: Direction,
    opening: Option<Vec<u8>>,
}

impl Socket {
    /// Takes a connected socket that is already non-blocking.
    pub(super) fn new(tcp: TcpStream) -> Socket {
        Socket { tcp, blocked: Direction::Read, opening: None }
    }

    pub(super) fn local_address(&self) -> Option<SocketAddr> {
        self.tcp.local_addr().ok()
    }

    /// What the last `WouldBlock` was about.
    pub(super) fn blocked(&self) -> Direction {
        self.blocked
    }

    /// Begins to keep the first bytes that arrive.
    pub(super) fn keep_opening(&mut self) {
        self.opening = Some(Vec::new());
    }

    /// The first bytes that arrived since [`Socket::keep_opening`].
    pub(super) fn opening(&self) -> &[u8] {
        self.opening.as_deref().unwrap_or_default()
    }

    /// Stops keeping the first bytes.
    pub(super) fn forget_opening(&mut self) {
        self.opening = None;
    }

    /// Waits one slice of the call, at most `longest`, and checks whether the call may go on. Says whether the socket is ready.
    pub(super) fn wait(&self, direction: Direction, longest: Duration, call: &Call) -> Result<bool, Error> {
        let ready = ready(&self.tcp, direction, call.slice().min(longest));
        call.check()?;
        Ok(ready)
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

impl Read for Socket {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let result = retried(|| self.tcp.read(data));
        match &result {
            Ok(read) => {
                if let Some(opening) = &mut self.opening {
                    let room = OPENING - opening.len().min(OPENING);
                    opening.extend_from_slice(&data[..(*read).min(room)]);
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
        let result = retried(|| self.tcp.write(data));
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            self.blocked = Direction::Write;
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Does it again when a signal of the host's process came in between.
fn retried<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match work() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
