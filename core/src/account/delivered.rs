//! A mail that a transport took, on its way to a receipt.

use crate::message::Composed;
use crate::receipt::SentCopy;
use postkontor_plugin::Sent;
use std::time::Duration;

/// A mail that a transport took.
pub(super) struct Delivered<'a> {
    /// Its place in the call.
    pub(super) index: usize,
    pub(super) mail: Composed<'a>,
    pub(super) sent: Sent,
    /// The connection that sent it.
    pub(super) position: usize,
    pub(super) elapsed: Duration,
    pub(super) copy: Option<SentCopy>,
}
