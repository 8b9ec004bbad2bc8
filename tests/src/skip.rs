//! Tests that this machine cannot run say so, instead of passing in silence.

use std::io::Write;

/// Notes that a test is skipped and why, for `cargo xtask test` to count. The test returns after that.
#[allow(clippy::print_stderr, reason = "a test talks to the person at the terminal")]
pub fn because(reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("skipped: {test}: {reason}");
    let Some(file) = std::env::var_os("POSTKONTOR_SKIPPED") else { return };
    let note = format!("{test}: {reason}\n");
    let written = std::fs::OpenOptions::new().create(true).append(true).open(&file).and_then(|mut file| file.write_all(note.as_bytes()));
    if let Err(error) = written {
        eprintln!("{}: {error}", file.display());
    }
}
