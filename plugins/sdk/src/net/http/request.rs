//! What is asked of a server.

use crate::{Error, Secret};
use std::borrow::Cow;

/// A request: its line, its fields, its body.
///
/// The client adds what belongs to the connection and the body: `Host`, `Content-Length` or `Transfer-Encoding`, `Accept-Encoding`,
/// `Cookie`, and `User-Agent` where the caller names none.
pub struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) content: Content<'a>,
    pub(super) repeatable: bool,
}

/// The body of a request.
pub enum Content<'a> {
    /// None.
    Empty,
    /// All of it. The transcript shows its size.
    Bytes(&'a [u8]),
    /// All of it, with secrets in it: the transcript shows `shown` instead.
    Secret {
        /// What is sent.
        bytes: &'a [u8],
        /// What the transcript shows.
        shown: &'a str,
    },
    /// Read in blocks while it is sent; 0 is the end. An error of the source ends the connection: half a body stays half a body.
    Stream {
        /// How many bytes the source has, where that is known; else they go in chunks.
        size: Option<u64>,
        /// Fills the block as far as it can, at least with one byte.
        source: &'a mut dyn FnMut(&mut [u8]) -> Result<usize, Error>,
    },
}

/// A field of a request's head.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    /// What may be seen: the whole value, or what stands before the secret.
    pub(super) open: Cow<'a, str>,
    pub(super) secret: Option<&'a Secret>,
}

impl<'a> Request<'a> {
    /// A request without fields and body. `target` is path and query ([`super::Url::target`]). GET and HEAD may be repeated.
    pub fn new(method: &'a str, target: &'a str) -> Request<'a> {
        Request { method, target, fields: Vec::new(), content: Content::Empty, repeatable: matches!(method, "GET" | "HEAD") }
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: &'a str, value: impl Into<Cow<'a, str>>) -> Request<'a> {
        self.fields.push(Field { name, open: value.into(), secret: None });
        self
    }

    /// Adds a field whose value is a secret, behind a word that may be seen, for example `Bearer `.
    #[must_use]
    pub fn secret(mut self, name: &'a str, open: &'a str, secret: &'a Secret) -> Request<'a> {
        self.fields.push(Field { name, open: open.into(), secret: Some(secret) });
        self
    }

    /// Gives it a body.
    #[must_use]
    pub fn content(mut self, content: Content<'a>) -> Request<'a> {
        self.content = content;
        self
    }

    /// Says that the server may carry it out twice without harm: then it is repeated where a kept connection ended without any answer.
    #[must_use]
    pub fn repeatable(mut self) -> Request<'a> {
        self.repeatable = true;
        self
    }
}
