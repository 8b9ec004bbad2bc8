//! TLS in front of a server: of one version only before one that begins in clear text, which makes an old server of it; or before
//! another TLS, as proxies and load balancers do it.

use crate::certificates::{Certificates, Kind};
use openssl::ssl::{SslAcceptor, SslConnector, SslMethod, SslStream, SslVerifyMode, SslVersion};
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
        Tunnel::listen(Some(version), move || TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)))
    }

    /// Starts a tunnel to a port of 127.0.0.1 that speaks TLS, too: each side has a TLS connection of its own.
    pub fn between(upstream: u16) -> io::Result<Tunnel> {
        Tunnel::listen(None, move || {
            let mut connector = SslConnector::builder(SslMethod::tls())?;
            connector.set_verify(SslVerifyMode::NONE);
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream))?;
            connector.build().connect("localhost", stream).map_err(|error| io::Error::other(error.to_string()))
        })
    }

    fn listen<S: Upstream>(version: Option<SslVersion>, reach: impl Fn() -> io::Result<S> + Send + Sync + 'static) -> io::Result<Tunnel> {
        let acceptor = Certificates::shared()?.server(Kind::Good).acceptor(version, version)?.build();
        let (acceptor, reach) = (Arc::new(acceptor), Arc::new(reach));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        std::thread::Builder::new().name("tunnel".to_owned()).spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (acceptor, reach) = (Arc::clone(&acceptor), Arc::clone(&reach));
                std::thread::spawn(move || {
                    // A client that refuses the version goes away; that is for the test to see on its side.
                    let _ = reach().and_then(|server| connect(client, &acceptor, server));
                });
            }
        })?;
        Ok(Tunnel { port })
    }
}

/// The side of the server.
trait Upstream: Read + Write {
    fn socket(&self) -> &TcpStream;
}

impl Upstream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Upstream for SslStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref()
    }
}

fn connect(client: TcpStream, acceptor: &SslAcceptor, mut server: impl Upstream) -> io::Result<()> {
    let mut client: SslStream<TcpStream> = acceptor.accept(client).map_err(|error| io::Error::other(error.to_string()))?;
    client.get_ref().set_read_timeout(Some(TURN))?;
    server.socket().set_read_timeout(Some(TURN))?;
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
