//! Operations of transports that several parts of the host know by name.

/// Files the sender's copy of a mail in a folder (IMAP's APPEND).
pub(crate) const FILE: &str = "file";
