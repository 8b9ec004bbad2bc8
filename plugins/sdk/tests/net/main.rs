//! The wire against scripted servers on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod call;
#[cfg(unix)]
mod certificates;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod client_certificate;
#[cfg(unix)]
mod frame;
#[cfg(unix)]
mod http;
mod ntlm;
mod oauth;
mod plain;
mod proxy;
#[cfg(unix)]
mod records;
mod server;
#[cfg(unix)]
mod session;
#[cfg(unix)]
mod tls;
