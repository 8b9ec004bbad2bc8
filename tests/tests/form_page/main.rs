//! `postkontor form`: the settings page, worked in a headless Chromium; what it refuses; and that the built page belongs to its sources.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod built;
mod consent;
mod refusals;
mod served;
mod strange;
mod worked;
