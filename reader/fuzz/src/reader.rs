//! Any bytes: reading them must not panic, must be linear in memory, and must be consistent with itself.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use postkontor_core::Opened;
use serde_json::Value;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What reading takes whatever the length.
const ALWAYS: usize = 128 * 1024;

/// So many times its own size a message may take.
const TIMES: usize = 8;

/// What a part takes beside, be it of five bytes: the summary alone tells a hundred of it. No more are read than `PARTS`.
const PART: usize = 512;
const PARTS: usize = 20_000;

/// A short message is also read this long, repeated: what grows faster than its input shows there.
const LONG: usize = 200_000;

/// The most memory that reading these bytes took, beside the bytes themselves.
fn peak(raw: &[u8]) -> usize {
    let message = Opened::new(raw.to_vec());
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    message.summary();
    MEMORY.peak_usage().saturating_sub(before)
}

fn is_bounded(raw: &[u8]) -> bool {
    let parts = raw.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| line.starts_with(b"--")).count().min(PARTS);
    let is_within = |_| peak(raw) <= TIMES * raw.len() + ALWAYS + PART * parts;
    // What the process makes once and keeps is there the second time.
    (0..2).any(is_within)
}

fuzz_target!(|raw: &[u8]| {
    assert!(is_bounded(raw), "reading {} bytes takes {}", raw.len(), peak(raw));
    if !raw.is_empty() && raw.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).is_multiple_of(64) {
        let long = raw.repeat(LONG / raw.len());
        assert!(is_bounded(&long), "reading it {} times takes {}", LONG / raw.len(), peak(&long));
    }
    let message = Opened::new(raw.to_vec());
    let summary: Value = serde_json::from_str(message.summary()).expect("a summary is JSON");
    let parts = summary["parts"].as_array().expect("a summary has parts");
    for (index, part) in parts.iter().enumerate() {
        let bytes = message.part(index).expect("a part that is told is there");
        assert_eq!(part["size"], bytes.len(), "part {index}");
    }
    assert!(message.part(parts.len()).is_err());
    assert!(["subject", "text", "html"].iter().all(|name| summary[*name].is_string()));
    assert!(!message.subject().contains(['\r', '\n', '\0']), "{:?}", message.subject());
});
