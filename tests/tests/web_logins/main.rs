//! Logins over HTTP before foreign judges: pyspnego for NTLM, MIT Kerberos for Negotiate, both in the double of Exchange.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this is a test")]

mod negotiate;
mod ntlm;
mod setup;
