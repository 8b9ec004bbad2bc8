//! The server that gives mail (RFC 1939), with what clients ask of it since: CAPA, STLS, response codes, pipelining.

mod command;
mod multiline;
mod session;

pub(crate) use session::{BUSY, serve};
