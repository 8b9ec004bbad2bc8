//! Exim receives what Postkontor sends, with Dovecot as its login server.
//!
//! The plugins are the built files, loaded as a host loads them. Where the servers are not installed, the tests are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod answers;
mod certificates;
mod logins;
mod messages;
mod pages;
mod protected;
mod refusals;
mod versions;

use postkontor_tests::engine;
use postkontor_tests::exim::{Delivery, Exim};
use serde_json::{Value, json};

/// Trusts the authority of the tests.
fn trusting(exim: &Exim, mode: &str) -> Value {
    json!({"mode": mode, "ca_file": exim.files().authority()})
}

/// `anna` with her password, by one method.
fn anna(method: &str) -> Value {
    json!({"method": method, "user": "anna", "password": "Geheim-7"})
}

/// Sends one mail and waits for it to arrive.
fn arrives(exim: &Exim, settings: &Value, to: &str) -> Delivery {
    let receipt = engine::send(settings, &engine::mail(to));
    let receipt = receipt.unwrap_or_else(|error| panic!("{to}: {}\n{}", serde_json::to_string_pretty(&error).unwrap(), exim.log()));
    assert_eq!(receipt["recipients"][0]["status"], "accepted", "{receipt:#}");
    exim.delivery(to).unwrap_or_else(|| panic!("{to}: not delivered\n{}", exim.log()))
}
