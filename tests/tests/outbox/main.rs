//! The outbox on real databases: what is lost, doubled or held when something dies.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod faults;
mod rig;
mod stores;
