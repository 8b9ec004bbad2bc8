//! The double of Exchange before foreign judges: exchangelib, O365, and requests that break Microsoft's schemas.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use postkontor_tests::exchange::{Exchange, environment, python};
use std::process::Stdio;

/// Runs a judge of `tests/exchange/judges` against a double of its own.
fn judge(name: &str, arguments: &[&str]) {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let mut judge = python(environment().unwrap());
    judge
        .args(["-m", &format!("judges.{name}")])
        .args([exchange.clear(), exchange.secure(), exchange.control_url()])
        .arg(exchange.authority())
        .args(arguments);
    let output = judge.stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

#[test]
fn exchangelib_sends_lists_fetches_moves_and_deletes() {
    judge("exchangelib_mail", &[]);
}

#[test]
fn o365_sends_lists_fetches_moves_and_deletes_and_uploads_in_ranges() {
    judge("o365_mail", &[]);
}
