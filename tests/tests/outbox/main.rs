//! The outbox on real databases: what is lost, doubled or held when something dies.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test, which says what it counted")]

mod command;
mod durable;
mod faults;
mod kills;
#[cfg(target_os = "linux")]
mod network;
mod passwords;
mod rig;
mod scene;
mod stores;
#[cfg(target_os = "linux")]
mod workers;
