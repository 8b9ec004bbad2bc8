//! The names of forms that are no transport's.

/// The names under which [`Host::schema`](crate::Host::schema) has something else than the account of a transport. No transport may be
/// called so.
pub(crate) const RESERVED: [&str; 9] = [ACCOUNT, DOCUMENT, LAYERS, "message", "receive", "list", "apply", "test", "authorize"];

/// One account of any transport.
pub(crate) const ACCOUNT: &str = "account";
/// The whole document, without layers.
pub(crate) const DOCUMENT: &str = "document";
/// The whole document in its layers.
pub(crate) const LAYERS: &str = "layers";
