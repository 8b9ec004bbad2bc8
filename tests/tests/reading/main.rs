//! Reading mail, judged by a corpus with right answers and by other parsers: Python's email, GMime, mail-parser.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "this is a test")]

mod answer;
mod corpus;
mod foreign;
mod generator;
mod judge;
mod mutation;
mod random;
mod scoreboard;
mod seeded;
mod told;

use judge::Judge;
use std::collections::BTreeSet;
use std::process::Command;

/// The cases that are known to be read wrong stand in `PENDING`; a case that is read right must leave it.
#[test]
fn every_message_of_the_corpus_is_read_right() {
    let (mut wrong, mut report) = (BTreeSet::new(), String::new());
    let (cases, pending) = (corpus::cases(), corpus::pending());
    for case in &cases {
        let differences = answer::differences(&case.answer, &told::by_us(&case.raw), answer::ALL);
        if !differences.is_empty() {
            wrong.insert(case.name.clone());
            let lines: String = differences.iter().map(|difference| format!("    {difference}\n")).collect();
            let case_lines = format!("{} ({}):\n{lines}", case.name, case.answer["rfc"].as_str().unwrap_or_default());
            if pending.contains(&case.name) { println!("pending: {case_lines}") } else { report += &case_lines }
        }
    }
    println!("{} of {} messages are read right", cases.len() - wrong.len(), cases.len());
    if std::env::var_os("POSTKONTOR_WRITE_PENDING").is_some() {
        corpus::write_pending(&wrong);
        return;
    }
    let fresh: Vec<&String> = wrong.difference(&pending).collect();
    let done: Vec<&String> = pending.difference(&wrong).collect();
    assert!(fresh.is_empty(), "read wrong: {fresh:?}\n{report}");
    assert!(done.is_empty(), "read right and still in PENDING: {done:?}");
}

#[test]
fn the_corpus_is_what_its_families_make() {
    let check = Command::new("python3").arg(corpus::folder().join("make.py")).arg("--check").output().unwrap();
    assert!(check.status.success(), "run make.py: {}{}", String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
}

/// Else the answers would be those of a broken family, not of a broken message.
#[test]
fn pythons_email_agrees_with_the_answers_for_what_is_well_formed() {
    let mut python = Judge::python("default");
    let mut wrong = String::new();
    for case in corpus::cases().iter().filter(|case| case.answer["well_formed"] == true) {
        let differences = answer::differences(&case.answer, &python.told(&case.raw), answer::COMMON);
        differences.iter().for_each(|difference| wrong += &format!("{}: {difference}\n", case.name));
    }
    assert!(wrong.is_empty(), "{wrong}");
}
