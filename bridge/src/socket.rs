//! A client's connection whose waiting has an end: at its deadline, and when the bridge ends.

use crate::ending::Ending;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a wait looks whether it is over.
const GLANCE: Duration = Duration::from_millis(100);

/// What is read and let go when a connection is closed: a client that is still sending would else never see why.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 1024 * 1024);

/// The same when the bridge ends, which waits for nothing that long.
const LAST_LINGER: Duration = Duration::from_millis(200);

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    clock: Clock,
}

/// Until when a connection is waited for. Clones are the same clock: that of the session, and that of the socket below its TLS.
#[derive(Clone)]
pub(crate) struct Clock(Arc<Shared>);

struct Shared {
    deadline: Mutex<Instant>,
    /// Whether something is in flight that may end although the bridge does.
    is_in_flight: AtomicBool,
    ending: Ending,
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

/// Why a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client closed it, or it broke.
    Closed,
    /// The client took too long.
    Overdue,
    /// The bridge ends.
    Bridge,
}

impl End {
    /// The end that an error of the stream means.
    pub(crate) fn of(error: &io::Error) -> End {
        let own = error.get_ref().and_then(|inner| inner.downcast_ref::<Cause>());
        own.map_or(End::Closed, |cause| cause.0)
    }
}

/// The end as an error, which passes through an engine of TLS.
#[derive(Debug)]
struct Cause(End);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Cause {}

impl Clock {
    pub(crate) fn new(ending: Ending) -> Clock {
        Clock(Arc::new(Shared { deadline: Mutex::new(Instant::now()), is_in_flight: AtomicBool::new(false), ending }))
    }

    /// Waiting ends so long from now.
    pub(crate) fn set(&self, patience: Duration) {
        self.set_at(Instant::now() + patience);
    }

    /// Waiting ends at this moment.
    pub(crate) fn set_at(&self, deadline: Instant) {
        *self.0.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    /// Whether something is in flight that may come to its end although the bridge does.
    pub(crate) fn in_flight(&self, is_it: bool) {
        self.0.is_in_flight.store(is_it, Ordering::Release);
    }

    /// Why it is time to end, if it is.
    pub(crate) fn end(&self) -> Option<End> {
        let ending = &self.0.ending;
        if ending.is_complete() || ending.has_begun() && !self.0.is_in_flight.load(Ordering::Acquire) {
            return Some(End::Bridge);
        }
        let deadline = *self.0.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        (Instant::now() >= deadline).then_some(End::Overdue)
    }

    fn check(&self) -> io::Result<()> {
        self.end().map_or(Ok(()), |end| Err(io::Error::other(Cause(end))))
    }
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, clock: Clock) -> io::Result<Socket> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(GLANCE))?;
        stream.set_write_timeout(Some(GLANCE))?;
        Ok(Socket { stream, clock })
    }

    /// A second hold on the connection, to close it by.
    pub(crate) fn closer(&self) -> io::Result<Closer> {
        self.stream.try_clone().map(Closer)
    }

    /// Waits until `io` does something; only a look at the clock ends it before.
    fn wait(&mut self, mut io: impl FnMut(&mut TcpStream) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match io(&mut self.stream) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                    self.clock.check()?;
                }
                done => return done,
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        self.wait(|stream| stream.read(data))
    }
}

impl Write for Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.wait(|stream| stream.write(data))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Closes a connection so that the client sees the last reply.
pub(crate) struct Closer(TcpStream);

impl Closer {
    /// Closes it: nothing more is written, and what the client is still sending is let go, within limits.
    pub(crate) fn close(mut self, ending: &Ending) {
        // A connection that is gone needs no more.
        if self.0.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let patience = if ending.has_begun() { LAST_LINGER } else { LINGER.0 };
        let (end, mut left) = (Instant::now() + patience, LINGER.1);
        let mut waste = [0; 8192];
        while left > 0 && Instant::now() < end && !ending.is_complete() {
            match self.0.read(&mut waste) {
                Ok(0) => return,
                Ok(count) => left = left.saturating_sub(count),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => (),
                Err(_) => return,
            }
        }
    }
}
