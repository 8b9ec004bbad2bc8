//! The transport against servers in this process: scripted dialogues, and a small server that can be made to fail.

#![allow(clippy::unwrap_used, reason = "this is a test")]

mod account;
mod batch;
mod delivery;
mod login;
mod lost;
mod odd;
mod play;
mod safety;
mod sandbox;
mod steps;
mod tokens;
