//! Name lookup that keeps to the deadline.

use crate::settings::Endpoint;
use crate::{Call, Error, Stage, Status};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

/// How many addresses of one name are tried. A name with more is a mistake or an attack.
const MOST_ADDRESSES: usize = 16;

/// The addresses of a host, in the order in which the system wants them tried. `pointer` is the setting that names the host.
///
/// The system's resolver cannot be interrupted, so it works on a thread of its own; when the call ends first, the thread
/// is left behind and ends with the resolver's own time limit.
pub(super) fn resolve(endpoint: &Endpoint, pointer: &str, call: &Call) -> Result<Vec<SocketAddr>, Error> {
    let (host, port) = (endpoint.host.as_str(), endpoint.port);
    let failed = |error: Error| error.stage(Stage::Resolve).arg("host", host).arg("port", port);
    call.check().map_err(failed)?;
    if let Some(addresses) = known(host) {
        return Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect());
    }
    let (sender, receiver) = sync_channel(1);
    let name = host.to_owned();
    let work = move || {
        let found = (name.as_str(), port).to_socket_addrs().map(|found| found.collect::<Vec<_>>());
        // The receiver is gone when the call has ended meanwhile.
        let _ = sender.send(found);
    };
    let thread = std::thread::Builder::new().name("postkontor-resolve".to_owned()).stack_size(256 * 1024);
    thread.spawn(work).map_err(|error| failed(Error::new(Status::Local, "net.no_thread").detail(error.to_string())))?;
    loop {
        match receiver.recv_timeout(call.slice()) {
            Ok(Ok(mut addresses)) => {
                let mut seen = Vec::new();
                addresses.retain(|address| {
                    !seen.contains(address) && {
                        seen.push(*address);
                        true
                    }
                });
                addresses.truncate(MOST_ADDRESSES);
                if addresses.is_empty() {
                    return Err(failed(Error::new(Status::Network, "net.name_not_found")));
                }
                return Ok(addresses);
            }
            Ok(Err(error)) => {
                let code = if is_temporary(&error) { "net.name_lookup_failed" } else { "net.name_not_found" };
                return Err(failed(Error::new(Status::Network, code).detail(error.to_string())).at(pointer, code));
            }
            Err(RecvTimeoutError::Timeout) => call.check().map_err(failed)?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failed(
                    Error::new(Status::Network, "net.name_lookup_failed").detail("the resolver thread ended without a result"),
                ));
            }
        }
    }
}

/// Addresses that need no lookup: literals, and `localhost` (RFC 6761, section 6.3).
fn known(host: &str) -> Option<Vec<IpAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(vec![address]);
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    name.eq_ignore_ascii_case("localhost").then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
}

/// Whether the resolver itself could not do its work. The standard library keeps the resolver's number on Windows and
/// only its English text elsewhere; an unknown text counts as "not found".
fn is_temporary(error: &std::io::Error) -> bool {
    const WSATRY_AGAIN: i32 = 11002;
    if cfg!(windows) { error.raw_os_error() == Some(WSATRY_AGAIN) } else { error.to_string().contains("Temporary failure") }
}
