//! A connection secured by TLS, whatever secures it.

use std::io::{Read, Write};

/// A connection secured by TLS.
pub(crate) trait Secured: Read + Write + Send {
    /// Says farewell, as far as that goes.
    fn end(&mut self);
}
