//! Finds the settings for an e-mail address.
//!
//! [`discover`] takes an address and gives proposals, each a whole settings document with its reason, best first. The steps, in the order
//! of what they are worth:
//!
//! 1. **table**: the provider of the address's domain, in a table that was made for this crate ([`providers`]); nothing is asked.
//! 2. side by side: **srv** (DNS SRV, RFC 6186 and RFC 8314), **autoconfig** (an XML file at the domain, over HTTPS), **database** (the same
//!    file at Mozilla), **mx** (the provider that the domain's mail goes to), **autodiscover** (Exchange, and hosts that answer like it).
//! 3. **guess**: the usual names at the usual ports, all at once, where the others found nothing of worth.
//!
//! # What is believed
//!
//! Nothing comes over plain HTTP. A file comes from a host whose certificate is good, and a redirect to another host is refused. What
//! comes by DNS alone may be forged, so a server in another domain is proposed with little confidence, and no password goes there by itself
//! ([`Proposal::may_be_tested`]). Every proposal wants TLS and a good certificate.
//!
//! # Who learns what
//!
//! No password, ever. The domain goes to the name server, to hosts of the domain, and to Mozilla where **database** is on. The whole
//! address goes to Autodiscover at hosts of the domain, which answers nothing without it.
//!
//! The crate knows no settings schema and no plugin; the host checks the documents and tests them.
#![forbid(unsafe_code)]

mod address;
mod autoconfig;
mod autodiscover;
mod context;
mod dns;
mod document;
mod finding;
mod guess;
mod mx;
mod own;
mod probe;
mod provider;
mod search;
mod server;
mod srv;
mod steps;
mod table;
mod web;
mod xml;

pub use address::Address;
pub use context::{Wanted, name_servers};
pub use finding::{Outcome, Sentence, Source, Tried, Why};
pub use provider::{LoginName, PasswordKind, Provider, providers};
pub use search::{Discovered, Proposal, discover};
pub use server::{Kind, Security, Server};
pub use steps::{STEPS, Step, Steps};
