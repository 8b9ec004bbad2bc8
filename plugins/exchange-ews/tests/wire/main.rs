//! The transport against servers in this process that cut their answers, lie, or attack.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod doubt;
mod file;
mod hostile;
mod server;
