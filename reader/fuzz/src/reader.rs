//! Any bytes: reading them must not panic, must be linear in memory, and must be consistent with itself.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use postkontor_core::Opened;
use serde_json::Value;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What reading takes whatever the length: tables, and the summary of an empty message.
const ALWAYS: usize = 128 * 1024;

fuzz_target!(|raw: &[u8]| {
    let owned = raw.to_vec();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let message = Opened::new(owned);
    let summary = message.summary();
    let peak = MEMORY.peak_usage().saturating_sub(before);
    assert!(peak <= 8 * raw.len() + ALWAYS, "reading {} bytes took {peak}", raw.len());
    let summary: Value = serde_json::from_str(summary).expect("a summary is JSON");
    for (index, part) in summary["parts"].as_array().expect("a summary has parts").iter().enumerate() {
        let bytes = message.part(index).expect("a part that is told is there");
        assert_eq!(part["size"], bytes.len(), "part {index}");
    }
    assert!(message.part(summary["parts"].as_array().map_or(0, Vec::len)).is_err());
    for text in ["subject", "text", "html"] {
        assert!(summary[text].is_string());
    }
    assert!(!message.subject().contains(['\r', '\n', '\0']), "{:?}", message.subject());
});
