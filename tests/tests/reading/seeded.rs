//! Messages without end, whole and broken.

#[path = "../../../reader/tests/worked/mod.rs"]
mod worked;

use crate::generator::message;
use crate::judge::Judge;
use crate::mutation::MUTATIONS;
use crate::random::Random;
use crate::told;
use serde_json::Value;
use worked::worked;

/// How many messages an ordinary run makes; `POSTKONTOR_SEEDED=10000` makes so many.
const MESSAGES: u64 = 1500;

fn count() -> u64 {
    std::env::var("POSTKONTOR_SEEDED").ok().map_or(MESSAGES, |count| count.parse().expect("POSTKONTOR_SEEDED is a number"))
}

fn digests(told: &Value) -> Vec<&str> {
    told["parts"].as_array().into_iter().flatten().filter_map(|part| part["sha256"].as_str()).collect()
}

#[test]
fn of_a_whole_message_everything_is_found_and_nothing_repaired() {
    for seed in 0..count() {
        let made = message(seed, 2000);
        let told = told::by_us(&made.raw);
        assert_eq!(digests(&told), made.parts, "seed {seed}");
        assert_eq!((told["subject"].as_str(), &told["repairs"]), (Some(made.subject.as_str()), &Value::Null), "seed {seed}");
    }
}

/// Each message with one of the mutations, all in turn.
#[test]
fn of_a_broken_message_all_parts_are_found_that_python_finds_or_a_repair_is_told() {
    let mut python = Judge::python("default");
    let (mut lost, mut repaired) = (Vec::new(), 0);
    for seed in 0..count() {
        let (name, mutate) = MUTATIONS[usize::try_from(seed).unwrap() % MUTATIONS.len()];
        let raw = mutate(&message(seed, 2000).raw, &mut Random::new(!seed));
        let (ours, theirs) = (told::by_us(&raw), python.told(&raw));
        if ours["repairs"].is_array() {
            repaired += 1;
            continue;
        }
        let found = digests(&ours);
        let missing = theirs["parts"].as_array().into_iter().flatten().filter(|part| {
            let is_message = part["type"].as_str().is_some_and(|kind| kind.starts_with("message/"));
            // Python ends a header within a line, at a CR alone.
            let is_torn =
                part["defects"].as_array().is_some_and(|defects| defects.iter().any(|defect| defect == "MissingHeaderBodySeparatorDefect"));
            !is_message && !is_torn && part["size"] != 0 && !part["sha256"].as_str().is_some_and(|digest| found.contains(&digest))
        });
        lost.extend(missing.map(|part| format!("seed {seed}, {name}: {part}")));
    }
    println!("{repaired} of {} broken messages tell repairs", count());
    assert!(lost.is_empty(), "{} parts that Python finds are lost without a word:\n{}", lost.len(), lost.join("\n"));
}

/// Four times the length takes four times as long; sixteen times where the time grows with the square.
#[test]
fn no_broken_message_takes_longer_than_its_length() {
    for seed in 0..count() / 100 {
        let (name, mutate) = MUTATIONS[usize::try_from(seed).unwrap() % MUTATIONS.len()];
        let make = |length| mutate(&message(seed, length).raw, &mut Random::new(!seed));
        let (short, long) = (make(200_000), make(800_000));
        let per_byte = |raw: &[u8]| {
            let started = worked();
            told::by_us(raw);
            (worked() - started).as_secs_f64() / (raw.len() as f64 + 20_000.0)
        };
        let ratios: Vec<f64> = (0..8).map(|_| per_byte(&long) / per_byte(&short)).take_while(|ratio| *ratio >= 3.0).collect();
        assert!(ratios.len() < 8, "seed {seed}, {name}: {ratios:?}");
    }
}
