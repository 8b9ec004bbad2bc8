//! The C ABI of Postkontor: `include/postkontor.h`, made safe.
//!
//! Nothing here knows mail; every function checks what C may get wrong and hands the rest to `postkontor_core`. The way in
//! is always the same:
//!
//! 1. The exported functions (`host`, `account`, `message`, `outbox`, `cancel`, `library`) consist of one call of
//!    `entry::call`, which sets up the thread (`thread`: floating-point traps, SIGPIPE), catches panics and
//!    writes the result or the error to the caller's buffer (`buffer`).
//! 2. Inside it, `argument` turns pointers into references or a named error, and `handle` turns tickets into what they
//!    stand for.
//! 3. Calls in the other direction go through `callbacks`, which gives the thread its own state back meanwhile.
//!
//! The doc comments of `abi` and of the exported functions are the C manual: `tests/header.rs` makes the header of them.
//! Everything that may be called from Rust is in `postkontor_core`; this crate is a library to Rust for its tests only.

#![allow(unsafe_code, reason = "C passes pointers")]
#![cfg_attr(test, allow(clippy::undocumented_unsafe_blocks, reason = "tests pass what is asked for, or what must be refused"))]

pub mod abi;
pub mod account;
mod argument;
mod buffer;
mod callbacks;
pub mod cancel;
mod entry;
mod features;
mod handle;
pub mod host;
pub mod library;
pub mod message;
pub mod outbox;
mod pin;
mod thread;
mod verb;
