//! The bridge, as foreign mail programs and hostile ones see it.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod clients;
mod command;
mod hostile;
mod reading;
mod setup;
mod taking;
