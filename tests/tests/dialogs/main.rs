//! The settings dialogs of the examples, in Lazarus and in WinForms, on a screen of their own: filled in by the keyboard, tested against a
//! server, and saved.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod dialog;
mod filling;
mod merge;
mod program;
mod screen;
mod strange;
mod visible;
