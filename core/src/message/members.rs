//! What the members of a message document hold.

use super::address::Address;
use super::answer::Original;
use std::borrow::Cow;
use std::sync::Arc;

/// A recipient and its place in the document.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) address: Address<'a>,
    pub(super) pointer: String,
}

/// Something attached to the message, or shown inside its HTML.
#[derive(Debug)]
pub(super) struct Attachment<'a> {
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) source: Source<'a>,
    pub(super) kind: Option<Cow<'a, str>>,
    /// The Content-ID by which the HTML refers to it, without angle brackets.
    pub(super) inline: Option<Cow<'a, str>>,
    pub(super) pointer: String,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Priority {
    High,
    #[default]
    Normal,
    Low,
}
