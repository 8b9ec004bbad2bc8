//! Reads mail as it really arrives: any bytes are a message, and what had to be guessed is said.
//!
//! The structure of a message comes first, in one pass and from any place that gives blocks of bytes, so that a message may be larger than
//! memory. Parts are decoded when they are asked for, block by block. Each function is total: there is no input that it refuses. Where the
//! bytes break the RFCs, the reader takes what the author most likely meant and notes a [`Repair`].
//!
//! The crate knows no JSON, no language and no network; `postkontor-core` makes the summary of what it tells.
#![forbid(unsafe_code)]

pub mod automatic;
mod beginnings;
mod blocks;
mod bodies;
pub mod calendar;
pub mod charset;
mod civil;
mod compound;
mod cursor;
pub mod flowed;
pub mod header;
pub mod invoice;
mod mapi;
mod message;
mod ole;
pub mod outlook;
mod pdf;
mod repair;
pub mod report;
mod rtf;
pub mod source;
pub mod structure;
pub mod tnef;
pub mod transfer;

pub use bodies::Bodies;
pub use message::Message;
pub use repair::{Repair, Repairs};
