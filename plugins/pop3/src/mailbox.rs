//! The mailbox of one session.

use postkontor_plugin::Missing;

/// A message in the mailbox. Its number holds for this session only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) number: u32,
    pub(crate) size: u64,
    pub(crate) id: String,
}

/// The mailbox, in the order of its numbers.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) entries: Vec<Entry>,
    /// Messages that are there and that the responses describe in no usable way.
    pub(crate) missing: Vec<Missing>,
}
