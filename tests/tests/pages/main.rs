//! The settings pages A, B and D, row by row, as documents (`tests/pages`) against real servers, and what takes the place of sending by IMAP when that
//! fails. Each test bears the name of its row.
//!
//! The plugins are the built files, loaded as a host loads them. Where the servers are not installed, the tests are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod append_server;
mod checking;
mod company;
mod cut_append;
mod form;
mod page_a_imap;
mod page_a_mailboxes;
mod page_a_smtp;
mod page_b;
mod page_d_exchange;
mod page_d_setup;
mod page_d_smtp;
mod recorder;
mod rows;
