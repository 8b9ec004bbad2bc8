//! The members `reply` and `forward` of a message document.

use std::borrow::Cow;

/// The mail that is answered or passed on.
#[derive(Clone, Debug)]
pub(in crate::message) enum Original<'a> {
    /// The path of a file.
    File(Cow<'a, str>),
    /// The index of one of the caller's parts, which holds the raw message.
    Part(usize),
}

/// `{"file" or "part", "all", "quote", "language"}`.
#[derive(Debug)]
pub(in crate::message) struct Reply<'a> {
    pub(super) original: Original<'a>,
    /// Whether all who got the mail get the answer.
    pub(super) all: bool,
    pub(super) quote: Quote,
    pub(super) language: Option<Cow<'a, str>>,
}

/// How the mail is shown below the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quote {
    #[default]
    None,
    /// Its text.
    Text,
    /// Its HTML with the images in it, and the text beside that.
    Html,
}

/// `{"file" or "part", "as", "language"}`.
#[derive(Debug)]
pub(in crate::message) struct Forward<'a> {
    pub(super) original: Original<'a>,
    /// Whether the mail goes along whole, as a message of its own, instead of in the text.
    pub(super) whole: bool,
    pub(super) language: Option<Cow<'a, str>>,
}
