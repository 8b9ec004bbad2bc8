//! A connection secured by TLS, whatever secures it.

use crate::socket::Socket;
use std::io::{Read, Write};

/// A connection secured by TLS.
pub(crate) trait Secured: Read + Write + Send {
    /// Says farewell, as far as that goes.
    fn end(&mut self);
}

impl Secured for native_tls::TlsStream<Socket> {
    fn end(&mut self) {
        // The client may be gone.
        drop(self.shutdown());
    }
}
