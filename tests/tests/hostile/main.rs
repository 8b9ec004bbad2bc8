//! Servers and lines that misbehave: stripped STARTTLS, injected words, silence, dripping, cut connections. And callers that do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod attacks;
mod cut_lines;
mod line_breaks;
mod memory;
mod patience;
