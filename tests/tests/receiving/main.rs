//! Receiving, filing and sending by mailbox, against a real Dovecot, through the built plugins.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "this is a test")]

mod attacks;
mod bare;
mod changes;
mod compress;
mod conditions;
mod copies;
mod cut;
mod fetching;
mod folders;
mod foreign;
mod giant;
mod impostor;
mod killed;
mod logins;
mod many;
mod parts;
mod saving;
mod setup;
mod waiting;
