//! Settings are found for an address: by the table, by DNS, by files of the domain, by usual names; and what is hostile is not believed.
//!
//! `POSTKONTOR_WRITE_DOCS=1 cargo test -p postkontor-tests --test discover` writes the table of docs/discovery.md.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod command;
mod dns;
mod hostile;
mod judges;
mod mail;
mod password;
mod rig;
mod table;
mod ways;
mod web;
mod world;
