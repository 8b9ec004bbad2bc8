//! A server on this machine for programs, scanners and telephone systems that only speak SMTP and POP3, with a password or none.
//!
//! What its SMTP server accepts lies durable in the outbox; its POP3 server gives the mail of an account that such programs cannot log in to.
//!
//! [`Servers::open`] judges the settings and listens, [`Servers::run`] serves until it is to end. Each connection has a thread of its own, within
//! [`Limits`]; every wait of it has a deadline and ends with the bridge.
//!
//! - `socket` waits, `channel` reads lines and blocks and writes replies, in clear text or under `tls`.
//! - `smtp` takes mail: it goes into a file of `scratch` while it comes, and from there to the [`Counter`] ([`Outboxes`]), before the client gets its 250.
//! - `pop3` gives mail: `mailboxes` opens the account of the login and fetches message by message.
//! - `logins` knows who may log in, `slots` how many there are.
#![forbid(unsafe_code)]

mod bridge;
mod channel;
mod counter;
mod date;
mod ending;
mod limits;
mod logins;
mod mailboxes;
mod outboxes;
mod plain;
mod pop3;
mod scratch;
mod servers;
mod slots;
mod smtp;
mod socket;
mod texts;
mod tls;
mod token;

pub use bridge::{Log, Parts};
pub use counter::{Counter, Submitted};
pub use limits::Limits;
pub use outboxes::Outboxes;
pub use servers::Servers;
