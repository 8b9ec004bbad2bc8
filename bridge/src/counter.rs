//! Where the bridge hands in what it took: the seam to the outbox.

use postkontor_core::{Cancel, Error};
use std::path::Path;

/// A mail that a client handed over, with its envelope. Its bytes lie in a file.
#[derive(Debug)]
pub struct Submitted<'a> {
    /// Names it for ever: handed in twice under one key, it lies in the outbox once.
    pub key: &'a str,
    /// The account that it goes out by; that of `send.account` where none is named.
    pub account: Option<&'a str>,
    /// The envelope's sender; empty for the null sender of reports.
    pub from: &'a str,
    /// The envelope's recipients.
    pub recipients: &'a [&'a str],
    /// The file with its bytes.
    pub file: &'a Path,
}

/// Takes mail for good.
pub trait Counter: Send + Sync {
    /// Takes a mail, and says under which id. When this returns, the mail survives the end of the process and a power cut.
    ///
    /// # Errors
    ///
    /// Those of the outbox; the mail is then not in it, unless the code is `outbox.commit_unknown`.
    fn take(&self, mail: &Submitted<'_>, cancel: &Cancel) -> Result<String, Error>;
}
