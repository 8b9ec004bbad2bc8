//! The ports that a form shows, and one on which nothing answers.

use crate::settings::schema;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::json;
#[cfg(feature = "net")]
use socket2::{Domain, Socket, Type};
#[cfg(feature = "net")]
use std::net::{Ipv4Addr, SocketAddr};

/// Checks that the form names, for each TLS mode, the port that is used where the settings name none.
///
/// # Panics
///
/// Where they differ, or the schema has no default port by `/tls/mode`.
pub fn check_default_ports<S: JsonSchema + DeserializeOwned>(default_port: impl Fn(&S) -> u16) {
    let schema = schema::<S>();
    let ports = &schema["properties"]["server"]["properties"]["port"]["x-postkontor"]["default_by"]["/tls/mode"];
    for (mode, port) in ports.as_object().unwrap_or_else(|| panic!("no default port by TLS mode: {schema}")) {
        let settings = json!({"server": {"host": "h"}, "tls": {"mode": mode}});
        let settings = serde_json::from_value(settings).unwrap_or_else(|error| panic!("{mode}: {error}"));
        assert_eq!(*port, default_port(&settings), "{mode}");
    }
}

/// A port of 127.0.0.1 on which every connection is refused until this is dropped. No other process can take it meanwhile.
#[cfg(feature = "net")]
#[derive(Debug)]
pub struct ClosedPort {
    /// The address with the port.
    pub address: SocketAddr,
    /// Bound, so that the port is ours. It does not listen, so that the system answers with a reset (RFC 9293, section 3.10.7.1).
    _socket: Socket,
}

#[cfg(feature = "net")]
impl ClosedPort {
    /// One that the system chooses.
    pub fn new() -> std::io::Result<ClosedPort> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = socket.local_addr()?.as_socket().ok_or_else(|| std::io::Error::other("the socket has no address"))?;
        Ok(ClosedPort { address, _socket: socket })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}
