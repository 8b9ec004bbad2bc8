//! HTTP/1.1 (RFC 9112) for transports whose server is a web service.
//!
//! A [`Client`] speaks to one origin, over one [`Stream`](super::Stream) that is kept between requests: deadline, cancel, proxy, TLS
//! settings and the masked transcript are those of every other protocol. It knows no service: paths, fields, bodies and the meaning
//! of an answer are the caller's.
//!
//! - **Bodies are streams**, both ways: [`Content::Stream`] is read in blocks while it is sent, [`Response::read`] gives blocks as they
//!   arrive, unpacked where they were packed. Memory is that of a block, whatever a server sends.
//! - **Half an answer is none.** A body that ends before its length, its last chunk or its checksum is an error.
//! - **Nothing is sent twice** unless it cannot do harm: only a request on a kept connection that has ended before any byte of its answer,
//!   and only where it may be repeated ([`Request::repeatable`]) or nothing of it had left. [`Interrupted::sent`] says what had left.
//! - **A login** ([`Client::log_in_by`]) is done before the first request of a connection, and once more where the server has forgotten it.
//! - **Secrets go to the origin they were given for.** A client connects to its own origin only, and follows no redirect to another.

mod body;
mod client;
mod coding;
mod connection;
mod cookies;
mod date;
mod head;
mod login;
mod outgoing;
mod percent;
mod refusal;
mod request;
mod response;
mod url;

pub use client::{Client, Interrupted};
pub use head::Fields;
pub use login::Login;
pub use outgoing::Sent;
pub use percent::percent_encoded;
pub use request::{Content, Request};
pub use response::{Reader, Response};
pub use url::Url;
