//! The server that takes mail (RFC 5321 and RFC 6409): what it answers with 250 lies durable in the outbox.

mod command;
mod data;
mod handover;
mod intake;
mod login;
mod reply;
mod session;

pub(crate) use reply::BUSY;
pub(crate) use session::serve;
