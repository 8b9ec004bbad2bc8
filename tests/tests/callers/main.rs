//! Programs in C, Pascal, C# and Python that use the shared library as an ERP would, and as it should not.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../../smime/tests/people/mod.rs"]
mod people;

mod abi;
mod answers;
mod discover;
mod enclosed;
mod exchange;
mod first_release;
mod hostile;
mod installation;
mod log;
mod outbox;
mod places;
mod receiving;
mod released;
mod sending;
mod smime;
mod steps;
