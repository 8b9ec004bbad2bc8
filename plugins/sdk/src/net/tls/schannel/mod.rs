//! The TLS engine on Windows: its own, SChannel, of which only protocol and cryptography are taken.
//!
//! What a certificate is worth is judged here: Windows builds the chain, and each of its faults has the code that it has on Unix. The versions are
//! checked after the handshake as well ([`super::Handshake`]). All calls of Windows are in [`system`]; everything else is safe code, and
//! what can be judged without Windows is tested on every system.

#[cfg_attr(not(windows), allow(dead_code, reason = "tested on every system"))]
mod numbers;
#[cfg_attr(not(windows), allow(dead_code, reason = "tested on every system"))]
mod packed;
#[cfg_attr(not(windows), allow(dead_code, reason = "tested on every system"))]
mod records;
#[cfg_attr(not(windows), allow(dead_code, reason = "tested on every system"))]
mod verdict;

#[cfg(windows)]
mod engine;
#[cfg(windows)]
mod handshake;
#[cfg(windows)]
mod prepared;
#[cfg(windows)]
mod system;
#[cfg(windows)]
mod trust;

#[cfg(windows)]
pub(in crate::net) use engine::Engine;
