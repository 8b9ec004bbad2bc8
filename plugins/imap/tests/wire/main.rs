//! The transport against servers in this process that misbehave: cut off at any byte, or hostile.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod account;
mod append;
mod capabilities;
mod compress;
mod cut;
mod described;
mod ends;
mod file;
mod filtered;
mod folders;
mod hostile;
mod idle;
mod large;
mod left_out;
mod login;
mod parts;
mod patience;
mod post;
mod quirks;
mod strict;
mod strings;
mod uid_validity;
mod unchanged;
