//! The server's side of a conversation.

use crate::outlet::Outlet;
use std::io::Result;

/// The server's side of a conversation.
pub trait Dialogue {
    /// Sends the greeting.
    fn greet(&mut self, outlet: &mut Outlet) -> Result<()>;
    /// Works through `input` and returns how much of it was used up; the rest is fed again with more behind it.
    fn feed(&mut self, input: &[u8], outlet: &mut Outlet) -> Result<usize>;
    /// Whether the client has logged out.
    fn ended(&self) -> bool;
    /// Takes note of the connection's end.
    fn cut(&self) {}
}
