//! Well-formed messages, made of what the fuzzer draws: everything put in is found, and mail-parser finds the same.
#![no_main]
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "the tests make messages of seeds, too")]
#[path = "../../../tests/tests/reading/generator.rs"]
mod generator;
#[path = "../../../tests/tests/reading/random.rs"]
mod random;
#[path = "../../../tests/tests/reading/told.rs"]
mod told;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|drawn: &[u8]| {
    let made = generator::drawn(drawn, 300);
    let (ours, theirs) = (told::by_us(&made.raw), told::by_mail_parser(&made.raw));
    let list = |told: &Value, member: &str| -> Vec<Value> {
        told["parts"].as_array().into_iter().flatten().map(|part| part[member].clone()).collect()
    };
    assert_eq!(list(&ours, "sha256"), made.parts, "{}", String::from_utf8_lossy(&made.raw));
    assert_eq!(ours["subject"], made.subject.as_str());
    assert_eq!(ours["repairs"], Value::Null);
    for member in ["sha256", "name"] {
        assert_eq!(list(&ours, member), list(&theirs, member), "{member}");
    }
    for member in ["subject", "text", "html", "date"] {
        assert_eq!(ours[member], theirs[member], "{member}");
    }
});
