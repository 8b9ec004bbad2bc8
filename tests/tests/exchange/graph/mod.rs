//! The transport `graph` through core, against the double.

mod doubt;
mod large;
mod mailbox;
mod sending;
mod setup;
mod testing;
mod tokens;
