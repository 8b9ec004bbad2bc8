//! Logins by tokens of a double of Entra ID, at Dovecot and Exim, which ask that double whether a token is good.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod consent;
mod logins;
mod setup;
mod sharing;
mod warnings;
