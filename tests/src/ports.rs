//! Free ports for servers that cannot be asked to choose their own, and ports on which nothing answers.

use socket2::{Domain, Socket, Type};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Different free ports of 127.0.0.1, below those that the system gives to others by itself. Another process may still take one
/// before the server does: the caller tries again then.
pub fn free(count: usize) -> io::Result<Vec<u16>> {
    let chance = RandomState::new();
    let mut ports = HashSet::new();
    for attempt in 0..20_000_u64 {
        let port = 10_000 + (chance.hash_one(attempt) % 22_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            ports.insert(port);
        }
        if ports.len() == count {
            return Ok(ports.into_iter().collect());
        }
    }
    Err(io::Error::other("no free ports"))
}

/// A port of 127.0.0.1 on which every connection is refused until this is dropped. No other process can take it meanwhile.
#[derive(Debug)]
pub struct Closed {
    /// The port.
    pub port: u16,
    /// Bound, so that the port is ours. It does not listen, so that the system answers with a reset (RFC 9293, section 3.10.7.1).
    _socket: Socket,
}

impl Closed {
    /// One that the system chooses.
    pub fn new() -> io::Result<Closed> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = socket.local_addr()?.as_socket_ipv4().ok_or_else(|| io::Error::other("the socket has no address"))?;
        Ok(Closed { port: address.port(), _socket: socket })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_closed_port_refuses_and_can_be_taken_by_no_other() {
        let closed = Closed::new().unwrap();
        let address = (Ipv4Addr::LOCALHOST, closed.port);
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(TcpListener::bind(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
