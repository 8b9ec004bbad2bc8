//! The members `reply` and `forward` of a message document.

use crate::message::members::{FileOrPart, Original};
use schemars::JsonSchema;
use std::borrow::Cow;

/// `{"file" or "part", "all", "quote", "language"}`.
#[derive(Debug, JsonSchema)]
pub(in crate::message) struct Reply<'a> {
    #[schemars(flatten, with = "FileOrPart")]
    pub(super) original: Original<'a>,
    /// Whether all who got the mail get the answer.
    #[schemars(default, extend("x-postkontor" = {"order": 30}))]
    pub(super) all: bool,
    #[schemars(default, extend("default" = "none", "x-postkontor" = {"order": 40}))]
    pub(super) quote: Quote,
    #[schemars(extend("examples" = ["de-AT"], "x-postkontor" = {"order": 50, "advanced": true}))]
    pub(super) language: Option<Cow<'a, str>>,
}

/// How the mail is shown below the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Quote {
    #[default]
    None,
    /// Its text.
    Text,
    /// Its HTML with the images in it, and the text beside that.
    Html,
}

/// `{"file" or "part", "as", "language"}`.
#[derive(Debug, JsonSchema)]
pub(in crate::message) struct Forward<'a> {
    #[schemars(flatten, with = "FileOrPart")]
    pub(super) original: Original<'a>,
    #[schemars(rename = "as", default, extend("default" = "inline", "x-postkontor" = {"order": 30}))]
    pub(super) way: Way,
    #[schemars(extend("examples" = ["de-AT"], "x-postkontor" = {"order": 40, "advanced": true}))]
    pub(super) language: Option<Cow<'a, str>>,
}

/// How a mail is passed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Way {
    /// In the text, with its files beside it.
    #[default]
    Inline,
    /// Whole, as a message of its own.
    Attachment,
}
