//! The double of Exchange before foreign judges: exchangelib, O365, and requests that break Microsoft's schemas.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use postkontor_tests::exchange::{Exchange, environment, python};
use std::process::Stdio;

/// Runs a judge of `tests/exchange/judges` against a double of its own.
fn judge(name: &str) {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let environment = environment().unwrap();
    let mut judge = python(environment);
    judge.args(["-m", &format!("judges.{name}")]).args([exchange.clear(), exchange.secure(), exchange.control_url()]);
    let output = judge.arg(exchange.authority()).arg(environment.join("schemas")).stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

#[test]
fn exchangelib_sends_lists_fetches_moves_and_deletes() {
    judge("exchangelib_mail");
}

#[test]
fn o365_sends_lists_fetches_moves_and_deletes_and_uploads_in_ranges() {
    judge("o365_mail");
}

#[test]
fn exchangelib_and_pyspnego_log_in_with_and_without_channel_bindings() {
    judge("logins");
}

#[test]
fn the_smallest_bodies_are_taken_and_every_answer_fits_the_schema() {
    judge("minimal");
}

#[test]
fn what_exchange_refuses_is_refused() {
    judge("refusals");
}

#[test]
fn msal_gets_tokens_by_each_grant() {
    judge("msal_tokens");
}

#[test]
fn every_fault_happens_as_often_as_it_was_asked_for() {
    judge("faults");
}
