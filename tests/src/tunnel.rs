//! TLS in front of a server that begins in clear text, of one version only: an old server, whatever the real one can do.

use crate::certificates::{Certificates, Kind};
use openssl::ssl::{SslAcceptor, SslStream, SslVersion};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// How long one side is listened to before it is the other's turn.
const TURN: Duration = Duration::from_millis(5);

/// A running tunnel; it lives as long as the process.
pub struct Tunnel {
    /// The port that clients connect to, with TLS from the first byte.
    pub port: u16,
}

impl Tunnel {
    /// Starts a tunnel to a port of 127.0.0.1 that speaks this version and no other.
    pub fn start(upstream: u16, version: SslVersion) -> io::Result<Tunnel> {
        let acceptor = Certificates::shared()?.server(Kind::Good).acceptor(Some(version), Some(version))?.build();
        let acceptor = Arc::new(acceptor);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        std::thread::Builder::new().name("tunnel".to_owned()).spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let acceptor = Arc::clone(&acceptor);
                std::thread::spawn(move || {
                    // A client that refuses the version goes away; that is for the test to see on its side.
                    let _ = connect(client, &acceptor, upstream);
                });
            }
        })?;
        Ok(Tunnel { port })
    }
}

fn connect(client: TcpStream, acceptor: &SslAcceptor, upstream: u16) -> io::Result<()> {
    let mut client: SslStream<TcpStream> = acceptor.accept(client).map_err(|error| io::Error::other(error.to_string()))?;
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream))?;
    client.get_ref().set_read_timeout(Some(TURN))?;
    server.set_read_timeout(Some(TURN))?;
    loop {
        if !pass(&mut client, &mut server)? || !pass(&mut server, &mut client)? {
            return Ok(());
        }
    }
}

/// Passes on what is there; says whether there may be more.
fn pass(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let mut block = [0; 16 << 10];
    match from.read(&mut block) {
        Ok(0) => Ok(false),
        Ok(count) => to.write_all(&block[..count]).map(|()| true),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(true),
        Err(error) => Err(error),
    }
}
