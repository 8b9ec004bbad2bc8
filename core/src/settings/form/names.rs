//! The names of forms that are no transport's.

use super::input::INPUTS;

/// Whether [`Host::schema`](crate::Host::schema) has something else than the account of a transport under this name. No transport may be
/// called so.
pub(crate) fn is_reserved(name: &str) -> bool {
    [ACCOUNT, DOCUMENT, LAYERS].contains(&name) || INPUTS.contains(&name)
}

/// One account of any transport.
pub(crate) const ACCOUNT: &str = "account";
/// The whole document, without layers.
pub(crate) const DOCUMENT: &str = "document";
/// The whole document in its layers.
pub(crate) const LAYERS: &str = "layers";
