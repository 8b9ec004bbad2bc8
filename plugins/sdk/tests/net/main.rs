//! The wire against scripted servers on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod call;
#[cfg(unix)]
mod certificates;
mod plain;
mod proxy;
mod server;
#[cfg(unix)]
mod tls;
