//! Names that are given once only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A name of hexadecimal digits that is not given a second time, on no machine.
pub(crate) fn token() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        // A system without random numbers still has a clock, and this process its number.
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        random[..8].copy_from_slice(&nanos.to_be_bytes());
        random[8..12].copy_from_slice(&std::process::id().to_be_bytes());
        random[12..].copy_from_slice(&(COUNT.fetch_add(1, Ordering::Relaxed) as u32).to_be_bytes());
    }
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}
