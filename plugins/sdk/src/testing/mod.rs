//! For the tests of a transport: a host that notes what it gets. Behind the feature `testing`, for `[dev-dependencies]` only.
//!
//! [`TestHost`] is the host of a call: messages to send, answers to what is fetched, notes of everything. docs/plugins.md shows how to use it.

mod host;

pub use host::{Fetched, TestHost};
