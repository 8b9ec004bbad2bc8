//! Operations of transports that several parts of the host know by name.

use postkontor_plugin::ApplyAction;

/// Files the sender's copy of a mail in a folder (IMAP's APPEND).
pub(crate) const FILE: &str = "file";

/// Does the same for a message that is not sent, with the flags that the caller wants.
pub(crate) const APPEND: &str = "append";

/// Looks for messages by their Message-IDs.
pub(crate) const FIND: &str = "find";

/// Creates, renames and deletes folders.
pub(crate) const FOLDERS: &str = "folders";

/// Whether an operation does something with messages by their ids.
pub(crate) fn is_of_messages(operation: &str) -> bool {
    [ApplyAction::Seen, ApplyAction::Flagged, ApplyAction::Copy].iter().any(|action| action.operation() == operation)
}
