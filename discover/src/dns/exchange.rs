//! The exchange with a name server: UDP, and TCP where the answer is longer.

use super::message::{Answer, Kind, Read, failed, question, random_id, read};
use postkontor_plugin::net::{Pointers, Recorder, Stream, Target};
use postkontor_plugin::settings::{Endpoint, Route};
use postkontor_plugin::{Call, Error, Status};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long one name server has for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often all name servers are asked; a datagram may be lost.
const ROUNDS: usize = 2;

/// The longest datagram. Without EDNS (RFC 6891) none has more than 512 bytes; a longer one is no harm.
const DATAGRAM: usize = 4096;

/// Asks one name server after the other.
pub(super) fn ask(servers: &[SocketAddr], name: &str, kind: Kind, call: &Call) -> Result<Answer, Error> {
    let mut last = Error::new(Status::Local, "discover.no_name_server");
    for server in servers.iter().cycle().take(servers.len() * ROUNDS) {
        call.check()?;
        match ask_one(*server, name, kind, &call.until(Instant::now() + PATIENCE)) {
            Ok(answer) => return Ok(answer),
            Err(error) => last = error,
        }
    }
    call.check()?;
    Err(last)
}

fn ask_one(server: SocketAddr, name: &str, kind: Kind, call: &Call) -> Result<Answer, Error> {
    let silent = |cause: String| {
        Error::new(Status::Network, "discover.dns_silent").arg("server", server.to_string()).arg("name", name).detail(cause)
    };
    let id = random_id()?;
    let asked = question(id, name, kind).ok_or_else(|| failed("discover.dns_name_invalid", name))?;
    let reply = match by_datagram(server, &asked, |bytes| read(bytes, id, name, kind), call) {
        Ok(Read::Truncated) => by_stream(server, &asked, call).map(|bytes| read(&bytes, id, name, kind)),
        other => other,
    };
    match reply {
        Ok(Read::Answer(answer)) => Ok(answer),
        Ok(Read::Failed(code)) => Err(silent(code)),
        Ok(Read::Strange | Read::Truncated) => Err(failed("discover.dns_malformed", name)),
        Err(error) if matches!(error.status, Status::Cancelled) => Err(error),
        Err(error) => Err(silent(error.detail.clone())),
    }
}

/// Sends a datagram from a port that the system draws, and waits for the answer; what else arrives is passed over.
fn by_datagram(server: SocketAddr, asked: &[u8], read: impl Fn(&[u8]) -> Read, call: &Call) -> Result<Read, Error> {
    let failed = |error: std::io::Error| Error::new(Status::Network, "discover.dns_silent").detail(error.to_string());
    let here: SocketAddr = if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(here).map_err(failed)?;
    // A connected socket gets nothing from anyone else.
    socket.connect(server).map_err(failed)?;
    socket.send(asked).map_err(failed)?;
    let mut datagram = [0; DATAGRAM];
    loop {
        call.check()?;
        socket.set_read_timeout(Some(call.slice().max(Duration::from_millis(1)))).map_err(failed)?;
        match socket.recv(&mut datagram) {
            Ok(length) => match read(datagram.get(..length).unwrap_or_default()) {
                Read::Strange => (),
                other => return Ok(other),
            },
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => (),
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Asks over a connection: each message has its length before it (RFC 7766, section 8).
fn by_stream(server: SocketAddr, asked: &[u8], call: &Call) -> Result<Vec<u8>, Error> {
    let endpoint = Endpoint { host: server.ip().to_string(), port: server.port() };
    let target: Target = Route::default().target(endpoint, Pointers::default());
    let mut stream = Stream::reach(&target, call, &mut Recorder::off())?;
    let length = u16::try_from(asked.len()).map_err(|_| Error::new(Status::Internal, "discover.dns_malformed"))?;
    stream.write(&[&length.to_be_bytes(), asked].concat(), call)?;
    let mut length = [0; 2];
    fill(&mut stream, &mut length, call)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    fill(&mut stream, &mut message, call)?;
    Ok(message)
}

fn fill(stream: &mut Stream, data: &mut [u8], call: &Call) -> Result<(), Error> {
    let mut done = 0;
    while let Some(rest) = data.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest, call)? {
            0 => return Err(Error::new(Status::Network, "net.closed").detail("the name server closed the connection")),
            read => done += read,
        }
    }
    Ok(())
}
