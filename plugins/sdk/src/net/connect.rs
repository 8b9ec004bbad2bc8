//! Connecting to one of a server's addresses.

use super::socket::{Direction, ready};
use crate::settings::Endpoint;
use crate::{Call, Error, Stage, Status};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The most time that one of several addresses gets, so that a dead IPv6 route is a nuisance and not an outage.
const SHARE: Duration = Duration::from_secs(10);

/// A connected socket, and the way there.
pub(super) struct Dialled {
    pub(super) tcp: TcpStream,
    pub(super) address: SocketAddr,
    /// The addresses that were tried before in vain.
    pub(super) failed: Vec<Error>,
}

/// Why no address answered: the most telling error, and those of the other addresses.
pub(super) struct Undialled {
    pub(super) error: Error,
    pub(super) others: Vec<Error>,
}

/// Connects to the first address that answers. All together get `limit`; none of several may use up the time of the rest.
pub(super) fn dial(endpoint: &Endpoint, addresses: &[SocketAddr], limit: Duration, call: &Call) -> Result<Dialled, Undialled> {
    let until = Instant::now() + limit.min(call.remaining());
    let mut failed: Vec<Error> = Vec::new();
    for (index, address) in addresses.iter().enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        let after = addresses.len() - index - 1;
        let share = if after == 0 { left } else { (left / (after as u32 + 1)).min(SHARE) };
        let started = Instant::now();
        let facts = |error: Error| {
            let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let error = error.stage(Stage::Connect).arg("host", endpoint.host.as_str()).arg("port", endpoint.port);
            error.arg("address", address.ip().to_string()).arg("ms", ms)
        };
        match connect(*address, share, call) {
            Ok(tcp) => return Ok(Dialled { tcp, address: *address, failed }),
            Err(error) if matches!(error.status, Status::Cancelled) || error.code == "call.timeout" && after > 0 => {
                return Err(Undialled { error: facts(error), others: failed });
            }
            Err(error) => failed.push(facts(error)),
        }
    }
    // A refusal tells most: there is a machine. Silence tells more than a missing route, which is often only absent IPv6.
    let telling = |error: &Error| match error.code.as_str() {
        "net.refused" => 3,
        "net.connect_timeout" => 2,
        "net.unreachable" => 0,
        _ => 1,
    };
    let best = (0..failed.len()).max_by_key(|index| telling(&failed[*index]));
    match best {
        Some(best) => Err(Undialled { error: failed.remove(best), others: failed }),
        None => Err(Undialled { error: Error::new(Status::Network, "net.name_not_found").stage(Stage::Resolve), others: failed }),
    }
}

fn connect(address: SocketAddr, limit: Duration, call: &Call) -> Result<TcpStream, Error> {
    let until = Instant::now() + limit;
    call.check()?;
    let socket = open(address).map_err(|error| failure(&error))?;
    match socket.connect(&address.into()) {
        Ok(()) => return Ok(socket.into()),
        Err(error) if is_under_way(&error) => {}
        Err(error) => return Err(failure(&error)),
    }
    let tcp = TcpStream::from(socket);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let is_ready = ready(&tcp, Direction::Write, call.slice().min(left));
        // Asked in every round: WSAPoll before Windows 10 2004 does not report a refused connection.
        if let Some(error) = tcp.take_error().map_err(|error| failure(&error))? {
            return Err(failure(&error));
        }
        if is_ready && tcp.peer_addr().is_ok() {
            return Ok(tcp);
        }
        let result = call.check();
        if result.as_ref().is_err_and(|error| error.status == Status::Cancelled) {
            return result.map(|()| tcp);
        }
        // Before the call's own deadline in the order of questions: "does not answer" tells the user more.
        if left.is_zero() || result.is_err() {
            return Err(Error::new(Status::Timeout, "net.connect_timeout"));
        }
    }
}

fn open(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // Without it the final dot of a mail waits for a delayed acknowledgement, 40 ms each.
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

/// `EINPROGRESS` has no kind of its own in std and comes as a raw number; on Windows it is `WouldBlock`.
fn is_under_way(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
        || error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
        || error.kind() == ErrorKind::Interrupted
}

fn failure(error: &io::Error) -> Error {
    let (status, code) = match error.kind() {
        ErrorKind::ConnectionRefused => (Status::Network, "net.refused"),
        ErrorKind::TimedOut => (Status::Timeout, "net.connect_timeout"),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable | ErrorKind::NetworkDown => {
            (Status::Network, "net.unreachable")
        }
        ErrorKind::PermissionDenied => (Status::Network, "net.forbidden"),
        _ => (Status::Network, "net.unreachable"),
    };
    Error::new(status, code).detail(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ClosedPort;
    use std::net::TcpListener;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn an_address_that_refuses_does_not_stop_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (dead, alive) = (ClosedPort::new().unwrap(), listener.local_addr().unwrap());
        let call = Call::new(&(), Instant::now() + LONG);
        let endpoint = Endpoint { host: "mail.example.com".to_owned(), port: alive.port() };
        let Ok(dialled) = dial(&endpoint, &[dead.address, alive], LONG, &call) else { panic!("not connected") };
        assert_eq!(dialled.address, alive);
        assert_eq!(dialled.failed.iter().map(|error| error.code.as_str()).collect::<Vec<_>>(), ["net.refused"]);
    }

    #[test]
    fn of_several_failures_the_most_telling_is_the_error() {
        // A group of machines cannot be connected to, which every system knows without asking the network.
        let (refusing, nowhere) = (ClosedPort::new().unwrap(), SocketAddr::from(([224, 0, 0, 1], 25)));
        let call = Call::new(&(), Instant::now() + LONG);
        let endpoint = Endpoint { host: "mail.example.com".to_owned(), port: 25 };
        let Err(undialled) = dial(&endpoint, &[refusing.address, nowhere], Duration::from_secs(1), &call) else { panic!("connected") };
        assert_eq!(undialled.error.code, "net.refused");
        assert_eq!(undialled.error.stage, Some(Stage::Connect));
        assert_eq!(undialled.others.iter().map(|error| error.code.as_str()).collect::<Vec<_>>(), ["net.unreachable"]);
    }
}
