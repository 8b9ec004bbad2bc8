//! For the tests of a transport: a host that notes what it gets. Behind the feature `testing`, for `[dev-dependencies]` only.
//!
//! [`TestHost`] is the host of a call: messages to send, answers to what is fetched, notes of everything. docs/plugins.md shows how to use it.
//! [`open`] opens an account, [`mail`] is a mail to be sent, [`Scratch`] a folder.
//!
//! [`failed`] and [`skipped`] read a report, [`check_default_ports`] compares a form with the port that is used.
//!
//! With the feature `net`, `play` plays dialogues with servers from text files, a `Network` connects to servers within the process, and on a
//! `ClosedPort` nothing answers.

mod account;
#[cfg(feature = "net")]
mod dialogue;
mod host;
#[cfg(feature = "net")]
mod performance;
#[cfg(feature = "net")]
mod play;
mod ports;
mod report;
#[cfg(feature = "net")]
mod server;

#[cfg(feature = "net")]
pub use crate::net::memory::{Network, Peer, PeerOutput};
pub use account::{Scratch, mail, open};
pub use host::{Fetched, TestHost};
#[cfg(feature = "net")]
pub use play::play;
#[cfg(feature = "net")]
pub use ports::ClosedPort;
pub use ports::check_default_ports;
pub use report::{failed, skipped};
