//! A service tells systemd how it stands (sd_notify(3)): by a datagram to the socket that systemd names.

/// The way to the system that started the service; leads nowhere where none did.
pub(super) struct Notify {
    #[cfg(target_os = "linux")]
    socket: Option<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)>,
}

impl Notify {
    #[cfg(target_os = "linux")]
    pub(super) fn of_system(is_service: bool) -> Notify {
        Notify { socket: is_service.then(|| address(&std::env::var_os("NOTIFY_SOCKET")?)).flatten() }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn of_system(_is_service: bool) -> Notify {
        Notify {}
    }

    /// The service has begun: what is started after it may start.
    pub(super) fn ready(&self) {
        self.say("READY=1");
    }

    /// The service ends.
    pub(super) fn stopping(&self) {
        self.say("STOPPING=1");
    }

    #[cfg(target_os = "linux")]
    fn say(&self, state: &str) {
        if let Some((socket, address)) = &self.socket {
            // A system that does not listen is no reason not to work.
            drop(socket.send_to_addr(state.as_bytes(), address));
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn say(&self, _state: &str) {}
}

/// The socket and its address: a path, or a name beginning with "@" that stands in no file system.
#[cfg(target_os = "linux")]
fn address(name: &std::ffi::OsStr) -> Option<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let address = match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest),
        _ => SocketAddr::from_pathname(name),
    };
    Some((UnixDatagram::unbound().ok()?, address.ok()?))
}
