//! What is known of a folder that was selected.

use crate::response_code::response_code;
use crate::state::FolderStatus;

/// What is known of a folder that was selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selected {
    /// Its name on the server, whichever name was asked for.
    pub(crate) name: String,
    /// 0 where the server does not send it: then a UID names a message only as long as the folder stays selected.
    pub(crate) validity: u32,
    pub(crate) messages: u32,
    /// The flags and keywords that it keeps (PERMANENTFLAGS), with `\\*` where it takes any keyword; nothing where the server does not say.
    pub(crate) permanent: Option<Vec<String>>,
    pub(crate) status: FolderStatus,
}

/// The flags in PERMANENTFLAGS (RFC 9051, section 7.1).
pub(crate) fn permanent_flags(words: &[u8]) -> Option<Vec<String>> {
    let (name, flags) = response_code(words)?;
    let flags = name.eq_ignore_ascii_case("PERMANENTFLAGS").then_some(flags)?.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(flags.split_ascii_whitespace().map(str::to_owned).collect())
}
