//! From the message document (JSON) to the message on the wire (MIME), in one stream.
//!
//! [`compose`] (for several messages of one sender: a [`Composer`]) reads the document, checks all of it, and returns a [`Composed`]: the envelope, and the message as bytes that
//! are made while they are read. The document is described in docs/messages.md.
//!
//! `given` is the same message as a Rust program writes it.
//!
//! The way through the files: `document` reads JSON (`json`) into a checked message of `members`, with `reader`, `address`, `date`,
//! `calendar` and `kind` for its values and `findings` for what is wrong with them. `identity` reads the sender's settings. `compose` writes the
//! headers (`header`), `content` decides what the message consists of, with `html`, and `entity` writes that, with `text`; all in the
//! `charset` of the sender. `protection` signs and encrypts it. `composed` gives the bytes away by its `segments`, encoding attachments (`base64`, `file`) as they pass. `ready` does the same for a message that exists, whose
//! `line_ends` are made CRLF. `answer` completes a reply or a forward from the mail that it is about, which may go along `enclosed`. `raw` is one in memory that brings its envelope. `blind` keeps the Bcc header for the sender's own copy. `stored` is what another process needs to deliver composed mail, and `restored` its bytes.

mod address;
mod answer;
mod append;
mod base64;
mod blind;
mod calendar;
mod character_reference;
mod charset;
mod compose;
mod composed;
mod content;
mod date;
mod document;
mod enclosed;
mod entity;
mod envelope;
mod fields;
mod file;
mod findings;
mod given;
mod header;
mod html;
mod identifier;
mod identity;
mod kind;
mod line_ends;
mod members;
mod protection;
mod raw;
mod reader;
mod ready;
mod restored;
mod segments;
mod stored;
mod text;

pub use append::Append;
pub use compose::{Composer, compose};
pub use composed::Composed;
pub(crate) use date::rfc3339;
pub use date::{moment, timestamp};
#[cfg(test)]
pub(crate) use document::MEMBERS;
pub(crate) use document::schema;
pub use envelope::Recipient;
pub use given::{Attachment, AttachmentContent, Forward, Mailbox, Message, Original, Priority, Quote, Reply, Smime};
pub(crate) use html::plain;
pub(crate) use identity::refuse_sender;
pub use protection::{Certificates, Held, Protection, Signature, When};
pub(crate) use reader::RESERVED;
pub use restored::Content;
pub use stored::{Stored, StoredRecipient};
