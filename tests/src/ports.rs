//! Free ports for servers that cannot be asked to choose their own.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Different free ports of 127.0.0.1, below those that the system gives to others by itself. Another process may still take one
/// before the server does: the caller tries again then.
pub fn free(count: usize) -> io::Result<Vec<u16>> {
    let chance = RandomState::new();
    let mut ports = HashSet::new();
    for attempt in 0..20_000_u64 {
        let port = 10_000 + (chance.hash_one(attempt) % 22_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            ports.insert(port);
        }
        if ports.len() == count {
            return Ok(ports.into_iter().collect());
        }
    }
    Err(io::Error::other("no free ports"))
}

/// A port without a listener.
pub fn closed() -> io::Result<u16> {
    Ok(free(1)?[0])
}
