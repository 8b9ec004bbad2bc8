//! The transport against servers in this process that misbehave: cut off at any byte, or hostile.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod account;
mod bare;
mod cut;
mod ends;
mod filtered;
mod hostile;
mod identifiers;
mod login;
mod post;
mod scripted;
mod wait;
