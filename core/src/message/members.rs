//! What the members of a message document hold.

use super::address::Address;
use postkontor_plugin::{Dsn, Notify};
use schemars::JsonSchema;
use std::borrow::Cow;
use std::sync::Arc;

/// A recipient and its place in the document.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) address: Address<'a>,
    pub(super) pointer: String,
}

/// One address as a document gives it; only its schema is wanted, as of all types with the reason that `reader` reads them.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "Reader::address reads it")]
pub(super) enum OneAddress {
    #[schemars(extend("examples" = ["Anna <anna@example.com>"]))]
    Text(String),
    Named(Address<'static>),
    List(#[schemars(length(min = 1, max = 1))] Vec<AnyAddress>),
}

/// Addresses as a document gives them.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "Reader::addresses reads it")]
pub(super) enum SeveralAddresses {
    #[schemars(extend("examples" = ["berta@example.com, Carl <carl@example.com>"]))]
    Text(String),
    Named(Address<'static>),
    List(Vec<AnyAddress>),
}

/// An address in a list.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "Reader::addresses reads it")]
pub(super) enum AnyAddress {
    #[schemars(extend("examples" = ["Dora <dora@example.com>", "emil@example.com"]))]
    Text(String),
    Named(Address<'static>),
}

/// A value, or a list of such.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "Reader::identifiers reads it")]
pub(super) enum OneOrSeveral<T> {
    One(T),
    Several(Vec<T>),
}

/// Where bytes are: exactly one of both is given.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "Reader::attachment reads it, and the reader of replies")]
pub(super) struct FileOrPart {
    #[schemars(extend("examples" = ["/var/erp/invoices/4711.pdf"], "x-postkontor" = {"order": 10}))]
    file: Option<String>,
    #[schemars(extend("x-postkontor" = {"order": 20, "advanced": true}))]
    part: Option<usize>,
}

/// Something attached to the message, or shown inside its HTML.
#[derive(Debug, JsonSchema)]
pub(super) struct Attachment<'a> {
    #[schemars(extend("examples" = ["Rechnung 4711.pdf"], "x-postkontor" = {"order": 30}))]
    pub(super) name: Option<Cow<'a, str>>,
    #[schemars(flatten, with = "FileOrPart")]
    pub(super) source: Source<'a>,
    #[schemars(rename = "type", extend("examples" = ["application/pdf"], "x-postkontor" = {"order": 40, "advanced": true}))]
    pub(super) kind: Option<Cow<'a, str>>,
    /// The Content-ID by which the HTML refers to it, without angle brackets.
    #[schemars(
        regex(pattern = "^( *<[!-;=?-~]{1,900}> *|[!-;=?-~]{1,900})$"),
        extend("examples" = ["logo"], "x-postkontor" = {"order": 50, "advanced": true})
    )]
    pub(super) inline: Option<Cow<'a, str>>,
    #[schemars(skip)]
    pub(super) pointer: String,
}

/// The receipts that are asked for.
#[derive(Debug, Default, JsonSchema)]
pub(super) struct Receipt {
    /// By the reader's program.
    #[schemars(default)]
    pub(super) read: bool,
    /// By the servers. An empty list asks them for silence, so that no form makes one by itself.
    #[schemars(with = "Option<Vec<Notify>>", extend("x-postkontor" = {"given": true}))]
    pub(super) delivery: Option<Dsn>,
}

/// The mail that is answered or passed on.
#[derive(Clone, Debug)]
pub(super) enum Original<'a> {
    /// The path of a file.
    File(Cow<'a, str>),
    /// The index of one of the caller's parts, which holds the raw message.
    Part(usize),
}

/// Where the bytes of an attachment are.
#[derive(Debug)]
pub(super) enum Source<'a> {
    /// The index of one of the caller's parts.
    Part(usize),
    /// The path of a file.
    File(Cow<'a, str>),
    /// Taken over from a mail that is answered or passed on.
    Kept(Arc<Vec<u8>>),
    /// A mail that goes along whole.
    Message(Original<'a>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Priority {
    High,
    #[default]
    Normal,
    Low,
}
