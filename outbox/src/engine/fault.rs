//! What can be wrong with a store, whichever database it is.

use postkontor_core::{Error, Retry, Status};
use std::fmt::Display;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another program holds a lock.
    Locked,
    /// Its disk is full.
    Full,
    /// It cannot be written.
    ReadOnly,
    /// What stands in it makes no sense.
    Damaged,
    /// There is no way to it: the server is away, the file cannot be opened.
    Unreachable,
    /// It does not take the login.
    #[cfg_attr(not(feature = "postgresql"), allow(dead_code, reason = "a file has no login"))]
    LoginRefused,
    /// The login may not do that.
    Forbidden,
    /// The end of a commit is not known.
    CommitUnknown,
    /// Anything else.
    Failed,
}

impl Fault {
    /// The error of a call; `store` is what a person calls the store by, without a password.
    pub(crate) fn error(self, store: &str, cause: impl Display) -> Error {
        let (status, code) = match self {
            Fault::Locked => (Status::Later, "outbox.store_locked"),
            Fault::Full => (Status::Local, "outbox.store_full"),
            Fault::ReadOnly => (Status::Local, "outbox.store_read_only"),
            Fault::Damaged => (Status::Local, "outbox.store_damaged"),
            Fault::Unreachable => (Status::Network, "outbox.store_unreachable"),
            Fault::LoginRefused => (Status::Auth, "outbox.store_login_refused"),
            Fault::Forbidden => (Status::Local, "outbox.store_forbidden"),
            Fault::CommitUnknown => (Status::Uncertain, "outbox.commit_unknown"),
            Fault::Failed => (Status::Local, "outbox.store_failed"),
        };
        let error = Error::new(status, code).usable().arg("store", store).cause(cause);
        match self {
            // There may be room, or rights, before the program has changed anything.
            Fault::Full | Fault::ReadOnly => error.retry(Retry::Later),
            _ => error,
        }
    }
}
